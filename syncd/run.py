"""One run, top to bottom: read ─> scope ─> map ─> match ─> diff ─> seats ─> guard ─> record ─> deliver.

A dry run stops before `record`. Everything a run decides is in the journal before anything happens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

import structlog

from syncd import approval, renewing, suspending, uniting
from syncd.adding import Adding
from syncd.carrying import Carrier
from syncd.comparing import compare
from syncd.drafts import Approved
from syncd.ending import end_badly, note_the_dead
from syncd.expiring import expire
from syncd.facts import RunFacts
from syncd.following import Schedule
from syncd.model import ChangeState, Cursor, Kind, RunState
from syncd.plan import guard
from syncd.plan.additions import Row
from syncd.plan.duplicates import Duplicate
from syncd.plan.policy import Policy
from syncd.plan.renewals import Selection
from syncd.plan.skips import by_reason
from syncd.plan.suspensions import Suspension
from syncd.ports import Directory, Platform, ReadRequest, Spans, unseen
from syncd.register_port import Register
from syncd.renewing import Renewing
from syncd.seating import FreeSeats, seat
from syncd.survey import Progress, Survey, Surveyed

_BATCH = 2000
_log = structlog.get_logger()


def _in_silence(_stage: str, _done: int, _total: int | None) -> None:
    """Progress nobody watches."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What every run works with. `clock` gives seconds since 1970; `request_for` says what to read.

    `full_after`: seconds after a whole read during which a directory is read by its changes; 0: always whole.
    """

    policy: Policy
    directories: Sequence[Directory]
    register: Register
    request_for: Callable[[str, int], ReadRequest]
    clock: Callable[[], int]
    full_after: int = 0
    platform: Platform | None = None
    progress: Progress = _in_silence
    span: Spans = unseen


@dataclass(frozen=True, slots=True)
class Task:
    """What somebody asks of a run: to apply it or not, what the guard lets pass, which plan was reviewed.

    `renewal`: whose license to renew. `additions`: whom to add by hand; they are read once. `suspension`:
    whom to shut out, or to let in again. `duplicate`: who turned out to be one human. With any of them no
    directory is read, and nobody is judged by it.
    `full`: every directory is read whole, also one that could tell what has changed.
    """

    command: str
    requested_by: str
    apply: bool = False
    allow: frozenset[str] = frozenset()
    reviewed: int | None = None
    renewal: Selection | None = None
    additions: Iterable[Row] | None = None
    suspension: Suspension | None = None
    duplicate: Duplicate | None = None
    full: bool = False


def run(engine: Engine, task: Task) -> RunFacts:
    """Do one run and return what it came to. Raises `SyncdError`; then the run record says so too."""
    register = engine.register
    with register.errors_in_words(), register.one_at_a_time() as still_ours:
        if task.reviewed is not None:
            approval.check_open(register, task.reviewed)
        note_the_dead(register)
        now = engine.clock()
        number = register.runs.begin(task.command, task.requested_by, now, task.reviewed)
        facts = RunFacts(number)
        with structlog.contextvars.bound_contextvars(run_id=number):
            _log.info("run_started", command=task.command, requested_by=task.requested_by)
            try:
                with register.errors_in_words():
                    cursors = _run(engine, task, facts, now, still_ours)
            except BaseException as exc:
                end_badly(register, facts, engine.clock(), exc)
                raise
            outdates_but = approval.BY_HAND if task.apply and _reads(register, task) else None
            if facts.state is RunState.HELD:
                if outdates_but is not None and approval.keeps_waiting(register, facts, now):
                    return facts
                approval.tell("plan_held", facts, RunState.HELD)
            ended = engine.clock(), facts.as_dict()
            register.runs.end(number, facts.state, *ended, cursors=cursors, outdates_but=outdates_but)
            _log.info("run_finished", **facts.for_log(), seconds=engine.clock() - now)
    return facts


def _run(
    engine: Engine, task: Task, facts: RunFacts, now: int, still_ours: Callable[[], None]
) -> Collection[Cursor] | None:
    """Returns where the next run may begin to read; None where this one leaves that as it was."""
    carrier = Carrier(engine.platform, engine.register, engine.progress) if engine.platform else None
    if carrier and task.apply:
        with engine.span("deliver"):
            carrier.carry_left_over(now)
    reads = _reads(engine.register, task)
    interrupted = engine.register.runs.interrupted() if reads else []
    with engine.span("plan", run=facts.run):
        cursors = _plan(engine, task, facts, now, interrupted, reads=reads)
    if facts.state is RunState.HELD or not task.apply:
        return None
    if carrier and facts.platform_down:
        carrier.down, carrier.next_step = facts.platform_down, facts.next_step
    facts.state = RunState.APPLYING
    engine.register.runs.enter(facts.run, facts.state, facts.as_dict())
    if not reads:
        suspending.overrule(engine.register, facts.run)
    with engine.span("apply", run=facts.run):
        _apply(engine, facts, now, carrier, still_ours)
    for earlier in (*interrupted, *([task.reviewed] if task.reviewed else [])):
        engine.register.runs.supersede(earlier, facts.run)
        facts.superseded.append(earlier)
    return cursors


def _reads(register: Register, task: Task) -> bool:
    """Whether the directories are read: not for what somebody does by hand, nor to apply a plan of that."""
    if task.reviewed is None:
        by_hand = task.renewal, task.additions, task.suspension, task.duplicate
        return all(asked is None for asked in by_hand)
    return not register.runs.command(task.reviewed).startswith(approval.BY_HAND)


def _plan(
    engine: Engine, task: Task, facts: RunFacts, now: int, interrupted: Sequence[int], *, reads: bool
) -> Collection[Cursor] | None:
    """Everything that is decided before anything happens. What it needs of memory ends with it.

    Returns where the next run may begin to read, if this plan is applied: nowhere, if changes were left out;
    None, if nothing was read.
    """
    register, surveyed, left_out = engine.register, Surveyed(), 0
    unfinished, approved = interrupted, set[tuple[Kind, str]]()
    if task.reviewed is not None and not reads:
        unfinished = [approval.left_of(register, task.reviewed)]
    if reads:
        approved = approval.given(register, task.reviewed, interrupted)
        surveyed = _survey(engine, task, facts, now, approved)
    _by_hand(engine, task, facts, now, surveyed, unfinished)
    chosen = [*([task.renewal] if task.renewal else []), *renewing.left_over(register, unfinished)]
    free = FreeSeats(register, engine.policy.seats, now, surveyed)
    _renew(engine, facts, now, surveyed, chosen, free, only=not reads)
    if reads or surveyed.requests:
        _seat(engine, facts, now, surveyed, free)
    facts.available = free.available
    if reads and engine.platform and _compares(register, task, interrupted):
        with engine.span("compare"):
            surveyed.counts[Kind.REPAIR] = compare(engine.platform, register, facts, approved)
    if task.reviewed is not None:
        left_out = approval.narrow(register, task.reviewed, facts.run)
    _guard(engine, task, facts, surveyed)
    counts = register.journal.counts(facts.run)
    facts.counts = {kind.name.lower(): many for kind, many in counts.items()}
    if Kind.SKIP in counts:
        skips = register.journal.read(facts.run, kinds=[Kind.SKIP])
        facts.skipped = by_reason(entry.change for entry in skips)
    if not reads:
        return None
    return [] if left_out else surveyed.cursors


def _compares(register: Register, task: Task, interrupted: Sequence[int]) -> bool:
    """Whether the platform is looked at: where everything is, and where a plan has found something there."""
    plans = [*interrupted, *([task.reviewed] if task.reviewed else [])]
    return task.full or any(any(register.journal.read(run, kinds=[Kind.REPAIR])) for run in plans)


def _by_hand(
    engine: Engine, task: Task, facts: RunFacts, now: int, surveyed: Surveyed, unfinished: Sequence[int]
) -> None:
    """Whom somebody adds, shuts out, lets in again or merges, now or in a run that did not come to it."""
    register, policy = engine.register, engine.policy
    adds = Adding(register, policy, facts.run, now, surveyed)
    adds.add(task.additions or ())
    adds.finish(unfinished)
    decided = [*([task.suspension] if task.suspension else []), *suspending.left_over(register, unfinished)]
    suspending.suspend(register, policy, facts.run, now, surveyed, decided)
    found = [*([task.duplicate] if task.duplicate else []), *uniting.left_over(register, unfinished)]
    uniting.unite(register, policy, facts.run, now, found)


def _survey(engine: Engine, task: Task, facts: RunFacts, now: int, approved: Approved) -> Surveyed:
    surveyed = Survey(
        policy=engine.policy,
        register=engine.register,
        directories=engine.directories,
        request_for=engine.request_for,
        run=facts.run,
        now=now,
        approved=approved,
        schedule=Schedule(engine.full_after, full=task.full, keep=task.apply),
        progress=engine.progress,
        span=engine.span,
    ).read()
    facts.sizes = surveyed.sizes
    facts.readings = {name: reading._asdict() for name, reading in surveyed.readings.items()}
    facts.conflicts = surveyed.conflicts
    return surveyed


def _renew(
    engine: Engine,
    facts: RunFacts,
    now: int,
    surveyed: Surveyed,
    chosen: Sequence[Selection],
    free: FreeSeats,
    *,
    only: bool,
) -> None:
    """Renew; expire what is over and is not renewed, unless nothing but renewals is asked for."""
    register, policy = engine.register, engine.policy
    renewed = Renewing(register, policy, facts.run, now, surveyed).renew(
        chosen, free, automatic=policy.seats.renews and not only
    )
    facts.wanted, facts.unrenewed, facts.waiting = renewed.wanted, renewed.unmet, renewed.waiting
    if not only:
        facts.ended = expire(register, facts.run, now, surveyed, renewed=renewed.learners)


def _seat(engine: Engine, facts: RunFacts, now: int, surveyed: Surveyed, free: FreeSeats) -> None:
    engine.progress("dealing seats", 0, None)
    allotment = seat(engine.register, engine.policy, facts.run, now, surveyed, free)
    facts.wanted += allotment.shortfall.wanted
    facts.waiting += len(allotment.waiting)


def _guard(engine: Engine, task: Task, facts: RunFacts, surveyed: Surveyed) -> None:
    limits = engine.policy.limits
    learners = engine.register.people.count(at_most=guard.learners_that_matter(limits, surveyed.counts))
    tally = guard.Tally(surveyed.counts, learners, surveyed.sizes, surveyed.last_sizes, surveyed.removed)
    allowed = task.allow if task.reviewed is None else frozenset(guard.OVERRIDES)
    objections = guard.judge(limits, tally, allowed)
    facts.objections = [asdict(objection) for objection in objections]
    facts.state = RunState.HELD if objections else RunState.PLANNED


def _apply(
    engine: Engine, facts: RunFacts, now: int, carrier: Carrier | None, still_ours: Callable[[], None]
) -> None:
    """Record and deliver, batch by batch, for as long as nobody else can have taken the lock."""
    register, total = engine.register, sum(facts.counts.values())
    for batch in register.journal.batches(facts.run, _BATCH):
        still_ours()
        seats_left = carrier.seats_left if carrier else True
        with engine.span("record", changes=len(batch)):
            turned_down = register.recorder.record(facts.run, batch, now, seats_left=seats_left)
        refused = {(change.kind, change.key) for change, _ in turned_down}
        facts.recorded += len(batch) - len(refused)
        if carrier:
            recorded = [entry for entry in batch if (entry.change.kind, entry.change.key) not in refused]
            with engine.span("deliver", changes=len(recorded)):
                carrier.carry(recorded, now)
        engine.progress("recording", facts.recorded, total)
    outcomes = register.journal.outcomes(facts.run)
    facts.refused = outcomes.get(ChangeState.REFUSED, 0)
    facts.undelivered = outcomes.get(ChangeState.RECORDED, 0)
    if carrier and carrier.down:
        facts.platform_down, facts.next_step = carrier.down, carrier.next_step
    if facts.counts.get("note"):
        register.journal.forget_notes(facts.run)
    facts.state = RunState.DONE
