"""Approval: a reviewed plan is applied only as far as a plan made now still says the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b

import structlog

from syncd import adding, renewing, suspending, uniting
from syncd.errors import ConfigError, Held
from syncd.facts import RunFacts
from syncd.model import Change, ChangeState, Kind, RunState
from syncd.register_port import OPEN, HeldPlan, Register

_INCIDENTAL = (Kind.NOTE, Kind.SKIP)
_MADE = (ChangeState.RECORDED, ChangeState.DELIVERED)
BY_HAND = (renewing.COMMAND, *adding.COMMANDS, *suspending.COMMANDS, uniting.COMMAND)
"""The commands whose runs read no directory."""
Contents = dict[tuple[Kind, str], bytes]
_LIST = "see `syncd runs list`"
_log = structlog.get_logger()


def contents(register: Register, run: int) -> Contents:
    """What each change that is left of a plan does, by kind and key, for comparing with another plan."""
    found: Contents = {}
    there = set()
    for entry in register.journal.read(run):
        change = entry.change
        if entry.state in _MADE:
            there.add(change.learner)
        elif entry.state is ChangeState.PLANNED and change.kind not in _INCIDENTAL:
            if change.kind is Kind.JOIN and change.learner in there:
                change = change._replace(kind=Kind.LINK)  # as a plan has it that is made now
            found[change.kind, change.key] = _digest(change)
    return found


def left_of(register: Register, reviewed: int) -> int:
    """The run that holds what is left of a reviewed plan: the last that was cut short while it applied it,
    or the plan itself."""
    return max(register.runs.interrupted(applying=reviewed), default=reviewed)


def check_open(register: Register, run: int) -> None:
    """Raise `ConfigError` unless `run` holds a plan that nobody has applied."""
    if register.runs.state(run) not in OPEN:
        raise _closed(register, run, "it has no plan to apply", f"make one with {_preview(register, run)}")


def decide(register: Register, run: int, state: RunState, *, by: str, now: int) -> None:
    """Approve or reject a plan that waits for it. Raises `ConfigError` for any other run."""
    if not register.runs.decide(run, state, by=by, now=now):
        approved = register.runs.state(run) is RunState.APPROVED
        next_step = f"a daemon applies it; without one: `syncd apply {run}`" if approved else _LIST
        raise _closed(register, run, "there is nothing left to decide", next_step)


def _closed(register: Register, run: int, so: str, next_step: str) -> ConfigError:
    state, successor = register.runs.state(run), register.runs.successor(run)
    if state is None:
        return ConfigError(f"there is no run {run}", next_step=_LIST)
    if successor is None:
        because = register.runs.because(run)
        why = f" ({because})" if because else ""
        return ConfigError(f"run {run} is {state}{why}: {so}", next_step=next_step)
    stands = f"run {successor} has taken its place and is {register.runs.state(successor)}"
    return ConfigError(
        f"run {run} is {state}: {stands}", next_step=f"look at that one: `syncd runs show {successor}`"
    )


def _preview(register: Register, run: int) -> str:
    """The command that makes a plan like that of `run` anew."""
    command = register.runs.command(run).removesuffix(" (preview)").removesuffix(" --dry-run")
    if command not in BY_HAND:
        return "`syncd plan`"
    return f"`syncd {command} FILE`" if command == adding.COMMANDS[1] else f"`syncd {command} --dry-run`"


def narrow(register: Register, reviewed: int, fresh: int) -> int:
    """Leave in the fresh plan what is left of the reviewed one, and nothing else; how many that leaves out.

    Raises `Held` when the world moved on.
    """
    wanted, now = contents(register, left_of(register, reviewed)), contents(register, fresh)
    moved = [place for place, digest in wanted.items() if now.get(place) != digest]
    if moved:
        kind, key = moved[0]
        why = (
            f"the world has moved on since run {reviewed}: {len(moved)} of its {len(wanted)} changes "
            f"no longer hold, the first of them {kind.name.lower()} {key}"
        )
        register.runs.expire(reviewed, why)
        raise Held(why, next_step=f"look at what holds now with {_preview(register, reviewed)}")
    others = [*_unreviewed(register, fresh, wanted)]
    register.journal.drop(fresh, others)
    return len(others)


def _unreviewed(register: Register, fresh: int, wanted: Contents) -> Iterator[tuple[Kind, str]]:
    """What was not reviewed, and what would be remembered of the same learners: they are looked at anew."""
    learners = set()
    for entry in register.journal.read(fresh):
        change = entry.change
        if change.kind not in _INCIDENTAL and (change.kind, change.key) not in wanted:
            learners.add(change.learner)
            yield change.kind, change.key
    for entry in register.journal.read(fresh, kinds=[Kind.NOTE]):
        if entry.change.learner in learners:
            yield entry.change.kind, entry.change.key


def keeps_waiting(register: Register, facts: RunFacts, now: int) -> bool:
    """Whether a plan that was held before stands for this run, which is held as well.

    Then that one waits on under its number, since whoever decides looks at that; this run is forgotten.
    """
    earlier = _held_already(register, facts, now)
    if earlier is None:
        return False
    register.runs.discard(facts.run, because_of=earlier.run, outdates_but=BY_HAND)
    facts.run, facts.still_held = earlier.run, True
    tell("plan_still_held", facts, earlier.state, since_run=earlier.run)
    return True


def tell(event: str, facts: RunFacts, state: RunState, **more: int) -> None:
    """Log that a plan is held: for what, what has been decided of it, and what to do next."""
    decide = f"; then `syncd runs approve {facts.run}`, or `reject`" if state is RunState.HELD else ""
    _log.warning(
        event,
        **more,
        state=str(state),
        objections=[entry["message"] for entry in facts.objections],
        next_step=f"look at it: `syncd runs show {facts.run}`{decide}",
    )


def _held_already(register: Register, facts: RunFacts, now: int) -> HeldPlan | None:
    """The plan that waits, or was approved, when this one does all of what that one does, and is held for the
    same: the rest comes after. One that was rejected must be the very same, and counts while it is kept."""
    because = {entry["override"] for entry in facts.objections}
    planned: Contents = {}
    for plan in register.runs.held(now):
        alike = plan.objections == because and not plan.command.startswith(BY_HAND)
        if not alike or _has_more(plan.counts, facts.counts):
            continue
        before, planned = contents(register, plan.run), planned or contents(register, facts.run)
        grown = before and before.items() <= planned.items() and plan.state is not RunState.REJECTED
        if before == planned or grown:
            return plan
    return None


def _has_more(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    """Whether a plan with these counts does something that one with those cannot do."""
    incidental = {kind.name.lower() for kind in _INCIDENTAL}
    return any(many > now.get(kind, 0) for kind, many in before.items() if kind not in incidental)


def _digest(change: Change) -> bytes:
    who = change.learner if change.kind is Kind.LINK else change.email
    facts = (who, change.data.get("profile"), change.data.get("set"), change.lot, change.ends_at)
    return blake2b(repr(facts).encode(), digest_size=8).digest()


def given(register: Register, reviewed: int | None, interrupted: Sequence[int]) -> set[tuple[Kind, str]]:
    """Changes somebody has said yes to: a reviewed plan's, and what a crash left of an applied one."""
    left: set[tuple[Kind, str]] = {
        # a survey knows them as creations still, those who wait too
        (Kind.CREATE if entry.change.kind is Kind.WAIT else entry.change.kind, entry.change.key)
        for run in interrupted
        for entry in register.journal.read(run, state=ChangeState.PLANNED)
    }
    return left | set(contents(register, reviewed)) if reviewed is not None else left
