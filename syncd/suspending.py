"""Suspending: what somebody decides by hand about a learner's account, as a change of a run's plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from syncd.model import Change, ChangeState, Kind
from syncd.plan import leavers
from syncd.plan.policy import Policy
from syncd.plan.roster import KnownLearner
from syncd.plan.seats import YEAR, SeatRequest
from syncd.plan.suspensions import Suspension, decide
from syncd.register_port import Register
from syncd.survey import Surveyed

COMMANDS = ("learners suspend", "learners resume")
_KINDS = (Kind.SUSPEND, Kind.REACTIVATE, Kind.SKIP)


def suspend(
    register: Register, policy: Policy, run: int, now: int, surveyed: Surveyed, decided: Iterable[Suspension]
) -> None:
    """Plan what was decided. Who is let in again and has no license wants one."""
    for suspension in decided:
        for learner in register.people.learners([suspension.learner], now):
            change = decide(learner, suspension, len(policy.priority), now)
            register.journal.write(run, [change])
            if "releases" in change.data and learner.id not in surveyed.leaving:
                released = [*_released(register, policy, learner, change.why, now)]
                register.journal.write(run, released)
                surveyed.freed.update(c.lot for c in released if c.kind is Kind.RELEASE and c.lot)
            if "priority" in change.data:
                place = change.data["priority"], now, change.key
                surveyed.requests.append(SeatRequest(*place, Kind.REACTIVATE, learner.id))


def left_over(register: Register, runs: Iterable[int]) -> Collection[Suspension]:
    """What was decided in these plans and has not happened: it still holds; of a learner, the last word."""
    last: dict[int, Suspension] = {}
    for run in runs:
        for change in _decided(register, run, ChangeState.PLANNED):
            if change.learner is None:
                continue
            last.pop(change.learner, None)
            if change.kind is not Kind.SKIP:  # else it is as they wanted it already
                lifted, release = change.kind is Kind.REACTIVATE, "releases" in change.data
                last[change.learner] = Suspension(change.learner, change.data["by_hand"], lifted, release)
    return last.values()


def overrule(register: Register, run: int) -> None:
    """What `run`, which begins to be applied, decides of a learner is the last word: of them nothing is left
    over of what was cut short before."""
    keys = {change.key for change in _decided(register, run)}
    for earlier in register.runs.interrupted() if keys else ():
        left = _decided(register, earlier, ChangeState.PLANNED) if earlier != run else ()
        register.journal.drop(earlier, [(change.kind, change.key) for change in left if change.key in keys])


def _decided(register: Register, run: int, state: ChangeState | None = None) -> Iterator[Change]:
    for entry in register.journal.read(run, kinds=_KINDS, state=state):
        if "by_hand" in entry.change.data:
            yield entry.change


def _released(
    register: Register, policy: Policy, learner: KnownLearner, why: str, now: int
) -> Iterator[Change]:
    """Their license goes back, unless it has gone to somebody else as often as it may."""
    most = policy.seats.max_moves
    used_up = set() if most is None else register.moves.used_up([learner.id], most, now - YEAR)
    for change in leavers.releases(learner, why, now, now, {lot for _, lot in used_up}):
        yield change._replace(data={"by_hand": True})
