"""Uniting: two learners whom somebody knows to be one human, as a change of a run's plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from syncd.model import ChangeState, Kind
from syncd.plan.duplicates import Duplicate, decide
from syncd.plan.policy import Policy
from syncd.plan.roster import KnownLearner
from syncd.plan.seats import YEAR
from syncd.register_port import Register

COMMAND = "learners merge"


def unite(register: Register, policy: Policy, run: int, now: int, decided: Iterable[Duplicate]) -> None:
    """Plan what was decided; of somebody who is no learner any more there is nothing to decide."""
    for duplicate in decided:
        known = {one.id: one for one in register.people.learners([duplicate.keep, duplicate.gone], now)}
        if duplicate.keep in known and duplicate.gone in known:
            gone = known[duplicate.gone]
            kept = used_up(register, policy, gone, now)
            change = decide(known[duplicate.keep], gone, duplicate.reason, kept, now)
            register.journal.write(run, [change])


def used_up(register: Register, policy: Policy, learner: KnownLearner, now: int) -> set[int]:
    """The lots whose seats, which are theirs, may go to nobody else."""
    most = policy.seats.max_moves
    found = set() if most is None else register.moves.used_up([learner.id], most, now - YEAR)
    return {lot for _, lot in found}


def left_over(register: Register, runs: Iterable[int]) -> Collection[Duplicate]:
    """What was decided in these plans and has not happened: it still holds."""
    last: dict[int, Duplicate] = {}
    for run in runs:
        for entry in register.journal.read(run, kinds=[Kind.MERGE], state=ChangeState.PLANNED):
            change = entry.change
            if change.learner is not None and "into" in change.data:
                last[change.learner] = Duplicate(change.data["into"], change.learner, change.data["by_hand"])
    return last.values()
