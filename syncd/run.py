"""One run, top to bottom: read ─> scope ─> map ─> match ─> diff ─> seats ─> guard ─> record ─> deliver.

A dry run stops before `record`. Everything a run decides is in the journal before anything happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from traceback import clear_frames
from typing import Any

import structlog

from syncd import approval, renewing
from syncd.carrying import Carrier
from syncd.errors import SyncdError
from syncd.expiring import expire
from syncd.model import ChangeState, Kind, Lot, RunState
from syncd.plan import guard
from syncd.plan.policy import Policy
from syncd.plan.renewals import Selection
from syncd.plan.seats import drawable
from syncd.ports import Directory, Platform, ReadRequest, Register
from syncd.renewing import Renewing
from syncd.seating import free_lots, seat
from syncd.survey import Approved, Progress, Survey, Surveyed

_BATCH = 2000
_log = structlog.get_logger()


def _in_silence(_stage: str, _done: int, _total: int | None) -> None:
    """Progress nobody watches."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What every run works with. `clock` gives seconds since 1970; `request_for` says what to read."""

    policy: Policy
    directories: Sequence[Directory]
    register: Register
    request_for: Callable[[str, int], ReadRequest]
    clock: Callable[[], int]
    platform: Platform | None = None
    progress: Progress = _in_silence


@dataclass(frozen=True, slots=True)
class Task:
    """What somebody asks of a run: to apply it or not, what the guard lets pass, which plan was reviewed.

    `renewal`: whose license to renew; then no directory is read, and nothing else happens.
    """

    command: str
    requested_by: str
    apply: bool = False
    allow: frozenset[str] = frozenset()
    reviewed: int | None = None
    renewal: Selection | None = None


@dataclass(slots=True)
class RunFacts:
    """What a run came to, as it is shown, stored and logged. `counts` are planned changes by kind.

    `unrenewed`: licenses that were to be renewed and found none free.
    `ended`: learners who are here and whose license has ended; they get no other by themselves.
    """

    run: int
    state: RunState = RunState.PLANNING
    counts: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    wanted: int = 0
    available: int = 0
    waiting: int = 0
    ended: int = 0
    unrenewed: int = 0
    objections: list[dict[str, str]] = field(default_factory=list)
    recorded: int = 0
    refused: int = 0
    undelivered: int = 0
    platform_down: str = ""
    superseded: list[int] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return max(0, self.wanted - self.available)

    @property
    def exit_code(self) -> int:
        """The exit code of a one-shot run, worst news first."""
        if self.state is RunState.HELD:
            return 3
        if self.platform_down:
            return 4
        if self.refused:
            return 1
        return 5 if self.waiting or self.unrenewed else 0

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "missing": self.missing}


def run(engine: Engine, task: Task) -> RunFacts:
    """Do one run and return what it came to. Raises `SyncdError`; then the run record says so too."""
    register = engine.register
    with register.errors_in_words(), register.one_at_a_time():
        if task.reviewed is not None:
            approval.check_open(register, task.reviewed)
        now = engine.clock()
        number = register.runs.begin(task.command, task.requested_by, now, task.reviewed)
        facts = RunFacts(number)
        with structlog.contextvars.bound_contextvars(run_id=number):
            _log.info("run_started", command=task.command, requested_by=task.requested_by)
            try:
                _run(engine, task, facts, now)
            except BaseException as exc:
                _end_badly(engine, facts, exc)
                raise
            register.runs.end(number, facts.state, engine.clock(), facts.as_dict())
            _log.info("run_finished", **_for_log(facts), seconds=engine.clock() - now)
    return facts


def _run(engine: Engine, task: Task, facts: RunFacts, now: int) -> None:
    carrier = Carrier(engine.platform, engine.register) if engine.platform else None
    if carrier and task.apply:
        carrier.carry_left_over(now)
    renews = _only_renews(engine, task)
    interrupted = [] if renews else engine.register.runs.interrupted()
    _plan(engine, task, facts, now, interrupted, only_renews=renews)
    if facts.state is RunState.HELD or not task.apply:
        return
    _apply(engine, facts, now, carrier)
    for earlier in (*interrupted, *([task.reviewed] if task.reviewed else [])):
        engine.register.runs.supersede(earlier, facts.run)
        facts.superseded.append(earlier)


def _only_renews(engine: Engine, task: Task) -> bool:
    """Whether nothing but renewals is asked for, by this task or the plan it applies."""
    if task.reviewed is None:
        return task.renewal is not None
    return engine.register.runs.command(task.reviewed).startswith(renewing.COMMAND)


def _plan(
    engine: Engine, task: Task, facts: RunFacts, now: int, interrupted: Sequence[int], *, only_renews: bool
) -> None:
    """Everything that is decided before anything happens. What it needs of memory ends with it."""
    journal, learners = engine.register.journal, engine.register.people.count()
    chosen = [task.renewal] if task.renewal else []
    if only_renews:
        chosen += renewing.left_over(engine.register, [task.reviewed] if task.reviewed else [])
        surveyed = Surveyed()
    else:
        chosen += renewing.left_over(engine.register, interrupted)
        surveyed = _survey(engine, facts, now, _approved(engine, task, interrupted))
    lots = _renew(engine, facts, now, surveyed, chosen, automatic=not only_renews)
    if not only_renews:
        _seat(engine, facts, now, surveyed, lots)
    if task.reviewed is not None:
        approval.narrow(engine.register, task.reviewed, facts.run)
    _guard(engine, task, facts, surveyed, learners)
    facts.counts = {kind.name.lower(): many for kind, many in journal.counts(facts.run).items()}


def _approved(engine: Engine, task: Task, interrupted: Sequence[int]) -> Approved:
    """Changes somebody has said yes to: a reviewed plan's, and what a crash left of an applied one."""
    journal = engine.register.journal
    left = {
        # a survey knows them as creations still, those who wait too
        (Kind.CREATE if entry.change.kind is Kind.WAIT else entry.change.kind, entry.change.key)
        for run_ in interrupted
        for entry in journal.read(run_, state=ChangeState.PLANNED)
    }
    return left | set(approval.contents(engine.register, task.reviewed)) if task.reviewed else left


def _survey(engine: Engine, facts: RunFacts, now: int, approved: Approved) -> Surveyed:
    surveyed = Survey(
        policy=engine.policy,
        register=engine.register,
        directories=engine.directories,
        request_for=engine.request_for,
        run=facts.run,
        now=now,
        approved=approved,
        progress=engine.progress,
    ).read()
    facts.sizes = surveyed.sizes
    return surveyed


def _renew(
    engine: Engine,
    facts: RunFacts,
    now: int,
    surveyed: Surveyed,
    chosen: Sequence[Selection],
    *,
    automatic: bool,
) -> Sequence[Lot]:
    """Renew, and expire what is over and is not renewed. Returns the lots with what is left of them."""
    register = engine.register
    lots = free_lots(register, now, surveyed)
    renewed = Renewing(register, engine.policy, facts.run, now, surveyed).renew(
        chosen, lots, automatic=automatic and engine.policy.seats.renews
    )
    facts.available = sum(lot.free for lot in drawable(engine.policy.seats, lots, now))
    facts.wanted, facts.unrenewed, facts.waiting = renewed.wanted, renewed.unmet, renewed.waiting
    if automatic:
        over = expire(register, facts.run, now, spared=renewed.learners)
        lapsed = {*register.licenses.lapsed(), *surveyed.lapsed} | over
        facts.ended = len(lapsed - surveyed.leaving - renewed.learners)
    return renewed.lots


def _seat(engine: Engine, facts: RunFacts, now: int, surveyed: Surveyed, lots: Sequence[Lot]) -> None:
    engine.progress("dealing seats", 0, None)
    allotment = seat(engine.register, engine.policy, facts.run, now, surveyed, lots)
    facts.wanted += allotment.shortfall.wanted
    facts.waiting += len(allotment.waiting)


def _guard(engine: Engine, task: Task, facts: RunFacts, surveyed: Surveyed, learners: int) -> None:
    tally = guard.Tally(
        surveyed.counts, learners, surveyed.sizes, engine.register.runs.last_sizes(), surveyed.removed
    )
    allowed = task.allow if task.reviewed is None else frozenset(guard.OVERRIDES)
    objections = guard.judge(engine.policy.limits, tally, allowed)
    facts.objections = [asdict(objection) for objection in objections]
    facts.state = RunState.HELD if objections else RunState.PLANNED
    if objections:
        _log.warning("plan_held", objections=[objection.override for objection in objections])


def _apply(engine: Engine, facts: RunFacts, now: int, carrier: Carrier | None) -> None:
    register, total = engine.register, sum(facts.counts.values())
    facts.state = RunState.APPLYING
    register.runs.enter(facts.run, facts.state, facts.as_dict())
    for batch in register.journal.batches(facts.run, _BATCH):
        seats_left = carrier.seats_left if carrier else True
        refused = {
            (c.kind, c.key) for c, _ in register.recorder.record(facts.run, batch, now, seats_left=seats_left)
        }
        facts.recorded += len(batch) - len(refused)
        if carrier:
            carrier.carry(
                [entry for entry in batch if (entry.change.kind, entry.change.key) not in refused], now
            )
        engine.progress("recording", facts.recorded, total)
    outcomes = register.journal.outcomes(facts.run)
    facts.refused = outcomes.get(ChangeState.REFUSED, 0)
    facts.undelivered = outcomes.get(ChangeState.RECORDED, 0)
    facts.platform_down = carrier.down if carrier else ""
    register.journal.forget_notes(facts.run)
    facts.state = RunState.DONE


def _end_badly(engine: Engine, facts: RunFacts, exc: BaseException) -> None:
    """Leave a record of how the run ended, where the database still lets us."""
    clear_frames(exc.__traceback__)  # an interrupted statement keeps the database locked through its frames
    applying = facts.state is RunState.APPLYING
    facts.state = RunState.INTERRUPTED if applying else RunState.FAILED
    reason = exc.message if isinstance(exc, SyncdError) else type(exc).__name__
    _log.error("run_failed", reason=reason, **_for_log(facts))
    try:
        with engine.register.errors_in_words():
            engine.register.runs.end(facts.run, facts.state, engine.clock(), facts.as_dict(), reason)
    except SyncdError as unrecorded:
        _log.error("run_record_not_written", reason=unrecorded.message)


def _for_log(facts: RunFacts) -> Mapping[str, Any]:
    return {
        name: value for name, value in facts.as_dict().items() if name not in ("run", "state", "counts")
    } | {
        "state": str(facts.state),
        **{f"count_{name}": many for name, many in facts.counts.items()},
    }
