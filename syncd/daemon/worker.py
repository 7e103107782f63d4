"""The worker: the one thread that runs syncs. It leads, or stands by until whoever leads is gone.

open the database ──> lead ──> take what is wanted ──> run ──┐
      ^   ^            │  ^──────────────────────────────────┘
      │   └─ Busy: another daemon leads; do what is asked by hand, and look again in a while
      └───── DatabaseDown: say so, keep what was wanted, and try again, less and less often
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from syncd.app import App, CallsOf, assembled, nobody_counts
from syncd.daemon import memory
from syncd.daemon.doorbell import listening
from syncd.daemon.queue import Queue, Wanted
from syncd.daemon.status import Role, Status
from syncd.errors import STOPPED, Busy, DatabaseDown, SyncdError
from syncd.model import RunState
from syncd.run import Task
from syncd.settings import Settings

_LOOK = 5.0  # seconds: how soon a lost lock, or one that has become free, is noticed
_BREATH = 0.5  # seconds between two runs while a third is wanted: the turn of a sync by hand that waits
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_log = structlog.get_logger()


class Worker:
    """`work` is its thread's whole life. The other methods are for the other threads."""

    def __init__(
        self,
        settings: Settings,
        queue: Queue,
        status: Status,
        clock: Callable[[], int],
        calls: CallsOf = nobody_counts,
    ) -> None:
        self._settings = settings
        self._queue = queue
        self._status = status
        self._clock = clock
        self._calls = calls
        self._stopping = threading.Event()
        self._tried: set[int] = set()
        self._began = 0.0
        self._moved = 0.0
        self._pause = _FIRST_PAUSE
        self._unwritten = False

    # -- for the other threads ----------------------------------------------------------------------

    def follow(self, settings: Settings) -> None:
        """Work by these from the next run on."""
        self._settings = settings
        self._queue.wake()

    def stop(self) -> None:
        """End the run in hand at its next step, and then the work."""
        self._stopping.set()
        self._queue.wake()

    def still_for(self) -> float:
        """Seconds since the run in hand last moved; 0 when there is none."""
        return time.monotonic() - self._moved if self._began else 0.0

    def over_by(self) -> float:
        """Seconds by which the run in hand has passed its deadline; 0 when it has not."""
        return max(0.0, time.monotonic() - self._began - self._deadline) if self._began else 0.0

    # -- the worker's own thread --------------------------------------------------------------------

    def work(self) -> None:
        """Work until `stop`. Raises nothing: what goes wrong is logged, shown, and tried again."""
        while not self._stopping.is_set():
            try:
                with self._opened() as app:
                    self._lead_or_stand_by(app)
            except SyncdError as exc:
                self._suffer(exc)
                self._stopping.wait(self._pause)
                self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self._enter(Role.STOPPING)

    @contextmanager
    def _opened(self) -> Iterator[App]:
        with assembled(self._settings, self._clock, self._calls) as app, app.register.errors_in_words():
            app.register.open()
            yield app

    def _lead_or_stand_by(self, app: App) -> None:
        try:
            self._lead(app)
        except Busy:
            self._enter(Role.STANDBY)
            # What somebody asks of this one is done all the same, as a sync by hand is.
            self._attend(app, self._queue.take(_LOOK, by_hand=True))

    def _lead(self, app: App) -> None:
        """Until told to stop or to follow other settings. Raises `Busy` while another daemon leads."""
        with app.register.leading() as still_ours, listening(app.doorbells(), self._queue, self._status):
            self._enter(Role.LEADING)

            def still_leads() -> None:
                still_ours()
                app.register.open()  # another one may have brought it to a schema that is not ours

            while self._goes_on(app):
                self._ask_for_approved(app)
                wanted = self._queue.take(_LOOK)
                self._attend(app, wanted, still_leads)
                if wanted is not None and len(self._queue):
                    self._stopping.wait(_BREATH)

    def _attend(self, app: App, wanted: Wanted | None, may: Callable[[], None] = lambda: None) -> None:
        """Serve what is wanted, if `may` raises nothing; what could not be begun is wanted still."""
        served = False
        try:
            may()
            served = wanted is None or (self._goes_on(app) and self._serve(app, wanted))
        finally:
            if wanted is not None and not served:
                self._queue.put_back(wanted)

    def _ask_for_approved(self, app: App) -> None:
        """Held plans somebody has approved, here or on another machine; each is tried once a round."""
        for run, by in app.register.runs.approved():
            if run not in self._tried:
                self._tried.add(run)
                self._queue.ask(f"approved by {by}", reviewed=run)

    def _goes_on(self, app: App) -> bool:
        return not self._stopping.is_set() and app.settings is self._settings

    def _serve(self, app: App, wanted: Wanted) -> bool:
        """Whether the run could be begun; then it has ended. After `DatabaseDown` it is wanted still."""
        if wanted.reviewed is None:
            self._tried.clear()
        elif app.register.runs.state(wanted.reviewed) is RunState.SUPERSEDED:
            wanted.settle()  # an earlier run has finished what was left of it
            return True
        self._began = self._moved = time.monotonic()
        self._status.change(running_since=self._clock(), stage="", done=0, total=None)
        begun = True
        try:
            self._run(app, wanted)
        except Busy:
            begun = False
        finally:
            self._began = 0.0
            self._status.change(running_since=0)
            app.register.close()  # idle connections, and what the database keeps for them; it opens others
            memory.give_back()
        if begun:
            wanted.settle()
        else:
            _log.info("run_put_off", reason="another run is in progress")
            self._stopping.wait(_LOOK)
        return begun

    def _run(self, app: App, wanted: Wanted) -> None:
        """One run; how it ended stands in the status. Raises `Busy` (it could not begin), `DatabaseDown`."""
        who = ", ".join(wanted.causes)
        task = Task("serve", who, apply=True, reviewed=wanted.reviewed, full=wanted.full)
        try:
            facts = app.run(task, self._watch)
        except Busy:
            raise
        except DatabaseDown as exc:
            self._unwritten = True
            self._status.run_ended("failed", self._lasted(), failure=exc.message)
            raise
        except SyncdError as exc:
            self._status.run_ended("failed", self._lasted(), failure=exc.message)
        except Exception as exc:  # noqa: BLE001 - a mistake of ours ends this run, not the daemon
            _log.error("run_crashed", exc_info=exc)
            failure = f"unexpected error ({type(exc).__name__})"
            self._status.run_ended("failed", self._lasted(), failure=failure)
        else:
            if facts.state is RunState.DONE:
                self._status.run_done(facts, self._lasted(), self._clock(), **self._look_ahead(app))
            else:
                self._status.run_ended(str(facts.state), self._lasted(), failure="", facts=facts)
        self._unwritten = False
        self._enter(self._status.snapshot().role)

    def _lasted(self) -> float:
        """Seconds the run in hand took. One that takes longer than its schedule has it is told of."""
        lasted, pause = time.monotonic() - self._began, self._settings.schedule.pauses.shortest
        if 0 < pause < lasted:
            _log.warning(
                "run_outlasted_schedule",
                seconds=round(lasted),
                pause=pause,
                next_step="what became due meanwhile is one run; raise schedule.every if it happens often",
            )
        return lasted

    def _look_ahead(self, app: App) -> dict[str, int]:
        """What the metrics say of the next shortfall: one look a run, however often they are asked for.

        The run is done, whatever becomes of this.
        """
        try:
            at, by = app.next_shortfall()
        except DatabaseDown:
            return {}
        return {"short_at": at, "short_by": by}

    def _watch(self, stage: str, done: int, total: int | None) -> None:
        """The run's progress: between two pages or batches is where it can be ended."""
        self._moved = time.monotonic()
        self._status.change(stage=stage, done=done, total=total)
        if self._stopping.is_set():
            raise SyncdError(STOPPED)
        if self.over_by():
            raise SyncdError(
                f"the run took longer than schedule.deadline ({self._deadline:,} seconds)",
                next_step="see what it waits for, or allow more; the next run finishes what is left",
            )

    @property
    def _deadline(self) -> int:
        return self._settings.schedule.deadline

    def _enter(self, role: Role) -> None:
        """A run that could not be written keeps us in trouble until one can be; a database that answers may
        still have no space."""
        before = self._status.snapshot()
        trouble = before.trouble if self._unwritten and role is Role.LEADING else ""
        if not trouble:
            self._pause = _FIRST_PAUSE
        self._status.change(role=role, trouble=trouble)
        if before.role is not role or before.trouble != trouble:
            _log.info("role_changed", role=str(role))

    def _suffer(self, exc: SyncdError) -> None:
        """Whoever cannot work does not lead: the lock is let go of, or lost."""
        if self._status.snapshot().trouble != exc.message:
            _log.warning("daemon_cannot_work", reason=exc.message, next_step=exc.next_step)
        role = self._status.snapshot().role
        role = Role.STANDBY if role is Role.LEADING else role
        self._status.change(trouble=exc.message, brief=exc.brief, role=role)
