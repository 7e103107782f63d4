"""Serving: the daemon's main thread. It hears signals, reloads, and watches over the worker.

SIGTERM, SIGINT   finish the batch in hand, then end; the next start resumes
SIGHUP            load the configuration anew; a broken one is told of and the old one stays in force
SIGUSR1           sync now
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import structlog

from syncd import app
from syncd.daemon.queue import Queue
from syncd.daemon.status import Status
from syncd.daemon.systemd import ServiceManager
from syncd.daemon.timetable import Timetable
from syncd.daemon.worker import Worker
from syncd.errors import ConfigError, SyncdError
from syncd.settings import Settings
from syncd.telemetry.calls import CallCounts

if TYPE_CHECKING:
    from syncd.daemon.http.server import HttpServer

_LOOK = 5.0  # seconds between two looks at the worker
_PATIENCE = 60.0  # seconds in which a run that was told to end has to take its next step
_STILL = 600.0  # seconds without a step after which a run is taken for hung; no single wait is as long
_TELLING = 30.0  # seconds in which whom it concerns is told of that
_HUNG = 70  # exit code (EX_SOFTWARE): whoever started us starts us again, and the next run finishes
_log = structlog.get_logger()


class Daemon:
    """One `syncd serve`. `load` reads the configuration anew."""

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], Settings],
        manager: ServiceManager,
        clock: Callable[[], int] = app.wall_clock,
    ) -> None:
        self._settings = settings
        self._load = load
        self._manager = manager
        self.queue = Queue()
        self.status = Status()
        self._calls = CallCounts()
        self._worker = Worker(settings, self.queue, self.status, clock, self._calls.of)
        self._timetable = Timetable(settings.schedule, settings.zone, self._due)
        self._bell: SimpleQueue[int] = SimpleQueue()
        self._clock = clock
        self._http: HttpServer | None = None
        self._answers = ExitStack()

    def serve(self) -> int:
        """Until told to stop; the exit code. To be called in the main thread, once.

        Raises `ConfigError` when it cannot listen where it shall.
        """
        self._listen()
        before = {number: signal.signal(number, self._heard) for number in _SIGNALS}
        thread = threading.Thread(target=self._worker.work, name="worker", daemon=True)
        thread.start()
        self._timetable.start()
        self.queue.ask("start")
        self._manager.ready("started")
        _log.info("daemon_started", pid=os.getpid(), every=self._settings.schedule.every)
        try:
            return self._attend(thread)
        finally:
            if self._http:
                self._http.stop()
            self._answers.close()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _listen(self) -> None:
        """Answer over HTTP where that is wanted; a daemon that does not never pays for the import."""
        if self._settings.http.listen:
            from syncd.daemon.http.server import HttpServer

            answers = self._answers.enter_context(app.assembled(self._settings, self._clock))
            self._http = HttpServer(self._settings.http, answers, self.queue, self.status, self._calls)
            self._http.start()
            _log.info("listening", address=self._settings.http.listen, tls=bool(self._settings.http.tls))

    def _attend(self, thread: threading.Thread) -> int:
        look = min(_LOOK, self._manager.watchdog / 3) if self._manager.watchdog else _LOOK
        while True:
            number = self._signal(look)
            if number == signal.SIGHUP:
                self._reload()
            elif number == signal.SIGUSR1:
                self.queue.ask("SIGUSR1", by_hand=True)
            elif number:
                return self._end(thread)
            if self._is_hung(thread):
                self._tell_of_hung()
                return _HUNG
            self._watch_clock()
            self._manager.alive(self.status.snapshot().in_words())

    def _signal(self, timeout: float) -> int:
        """The next one heard, or 0."""
        try:
            return self._bell.get(timeout=timeout)
        except Empty:
            return 0

    def _end(self, thread: threading.Thread) -> int:
        self._manager.stopping()
        self._timetable.stop()
        self._worker.stop()
        thread.join(self._settings.schedule.stop_within)
        if thread.is_alive():
            _log.warning("run_abandoned", next_step="the next start finishes it")
        _log.info("daemon_stopped")
        return 0

    def _reload(self) -> None:
        """All of the new configuration, or none of it."""
        self._manager.reloading()
        try:
            settings = self._load()
            self._answer_by(settings)
            self._timetable.follow(settings.schedule, settings.zone)
        except SyncdError as exc:
            self._reject(exc.message, exc.next_step)
        except Exception as exc:  # noqa: BLE001 - whatever is wrong with a file, the one before goes on
            self._reject(f"unexpected error ({type(exc).__name__}: {exc})", "undo what changed in the file")
        else:
            self._settings = settings
            self.status.change(rejected="")
            self._worker.follow(settings)
            self.queue.ask("reload")
            _log.info("configuration_reloaded")
        self._manager.ready(self.status.snapshot().in_words())

    def _reject(self, reason: str, next_step: str) -> None:
        self.status.change(rejected=reason)
        _log.error(
            "configuration_rejected",
            reason=reason,
            next_step=next_step,
            in_force="the configuration before, until a reload works",
        )

    def _answer_by(self, settings: Settings) -> None:
        """Let the server answer for other settings. Raises `ConfigError`; then it answers as before."""
        asked, now = settings.http, self._settings.http
        if (asked.listen, asked.tls) != (now.listen, now.tls):  # else tokens might travel in the clear
            raise ConfigError(
                "http.listen and http.tls are settled at the start of the daemon, and have changed",
                next_step="restart it; until then the configuration before stays in force",
            )
        if self._http is None:
            return
        with ExitStack() as fresh:
            self._http.follow(settings.http, fresh.enter_context(app.assembled(settings, self._clock)))
            self._answers.close()
            self._answers = fresh.pop_all()

    def _is_hung(self, thread: threading.Thread) -> bool:
        """Whether the worker has died, or a run neither moves nor ends although it has to."""
        overdue = self._worker.over_by() > _PATIENCE
        if thread.is_alive() and not overdue and self._worker.still_for() < _STILL:
            return False
        _log.critical(
            "run_hung",
            stage=self.status.snapshot().stage,
            still_for=round(self._worker.still_for()),
            next_step="the daemon ends; once it is started again it finishes the run",
        )
        return True

    def _tell_of_hung(self) -> None:
        """Whom it concerns hears of it now: no run may ever come to its end. For so long and no longer, since
        what hangs may be the database."""
        telling = threading.Thread(target=self._give_up, name="telling", daemon=True)
        telling.start()
        telling.join(_TELLING)

    def _give_up(self) -> None:
        why = f"neither moved nor ended: it stood still for {self._worker.still_for():,.0f} seconds"
        try:
            with app.assembled(self._settings, self._clock) as found, found.register.errors_in_words():
                found.register.runs.give_up("serve", self._clock(), why)
                found.tell()
        except SyncdError as exc:
            _log.error("run_record_not_written", reason=exc.message)

    def _watch_clock(self) -> None:
        if jumped := self._timetable.watch():
            _log.warning("clock_jumped", seconds=jumped, next_step="see that this machine's time is right")

    def _due(self, cause: str, full: bool) -> None:
        self.queue.ask(cause, full=full)

    def _heard(self, number: int, _frame: object) -> None:
        self._bell.put(number)


_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
