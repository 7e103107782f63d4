"""The doorbell: hears directories ring, and asks for a run. Whatever it hears is no more than that.

One thread a directory that can ring, for as long as this daemon leads by these settings:

open a line ──> it rings (something may have been missed before) ──> wait for rings ──┐
     ^  ^                                                                             │
     │  └── the line is dead: again after 1, 2, 4 … 60 seconds <──────────────────────┤
     └───── the server does not ring: say so once, try again in an hour <─────────────┘
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from syncd.daemon.pace import Pace
from syncd.daemon.queue import Queue
from syncd.daemon.status import Snapshot, Status
from syncd.errors import Incomplete, Retriable, SyncdError
from syncd.model import Kind, RunState
from syncd.ports import Doorbell, Line, ReadRequest

_LOOK = 1.0  # seconds: how soon a listener notices that it is to end
_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_LATER = 3600.0  # a password that is refused, by runs and by us, must not lock the account
_log = structlog.get_logger()


@contextmanager
def listening(
    doorbells: Sequence[tuple[Doorbell, ReadRequest]], queue: Queue, status: Status
) -> Iterator[None]:
    """Hear them ring until the block ends, which takes a second or two at most.

    A listener that waits for a server to accept its connection is not waited for: it rings no more.
    """
    stopping = threading.Event()
    listeners = [Listener(doorbell, request, queue, status, stopping) for doorbell, request in doorbells]
    status.attends(doorbell.name for doorbell, _ in doorbells)
    threads = [threading.Thread(target=each.listen, name="doorbell", daemon=True) for each in listeners]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        until = time.monotonic() + 2 * _LOOK
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        status.attends(())


class Listener:
    """At the door of one directory. `listen` is its thread's whole life."""

    def __init__(
        self,
        doorbell: Doorbell,
        request: ReadRequest,
        queue: Queue,
        status: Status,
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doorbell = doorbell
        self._request = request
        self._queue = queue
        self._status = status
        self._stopping = stopping
        self._clock = clock
        self._pace = Pace()
        self._run: threading.Event | None = None
        self._said = ""

    def listen(self) -> None:
        """Until told to stop. Raises nothing: what goes wrong is logged, and tried again."""
        self._wait_for_a_run()
        pause = _PAUSE
        while not self._stopping.is_set():
            try:
                with self._doorbell.listen(self._request) as line:
                    pause = _PAUSE
                    self._say("doorbell_works")
                    with self._heard():
                        self._attend(line)
            except (Retriable, Incomplete) as exc:
                self._say("doorbell_lost", exc)
                self._stopping.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except SyncdError as exc:
                self._say("doorbell_missing", exc)
                self._stopping.wait(_LATER)
            except Exception as exc:  # noqa: BLE001 - a mistake of ours costs the doorbell, not the daemon
                _log.error("doorbell_crashed", directory=self._doorbell.name, exc_info=exc)
                self._stopping.wait(_LATER)

    def _wait_for_a_run(self) -> None:
        """Until one has gone well, or for an hour: whether we are let in at all, it finds out for us."""
        until = self._clock() + _LATER
        while self._status.snapshot().facts is None and self._clock() < until:
            if self._stopping.wait(min(_LOOK, _LATER)):
                return

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """The status says that we listen, until the block ends; nothing once others may listen instead."""
        self._tell(listens=True)
        try:
            yield
        finally:
            self._tell(listens=False)

    def _tell(self, *, listens: bool) -> None:
        if not self._stopping.is_set():
            self._status.listens(self._doorbell.name, now=listens)

    def _attend(self, line: Line) -> None:
        """Until told to stop. Raises what the line does."""
        self._pace.rang(self._clock())  # for whatever changed while nobody listened
        while not self._stopping.is_set():
            due = self._due_in()
            if due == 0:
                self._run = self._queue.ask(f"doorbell {self._doorbell.name}")
                self._pace.begun()
            elif line.wait(_LOOK if due is None else min(due, _LOOK)):
                self._pace.rang(self._clock())
                self._status.rang(self._doorbell.name)

    def _due_in(self) -> float | None:
        now = self._clock()
        if self._run is not None and self._run.is_set():
            after = self._status.snapshot()
            self._run = None
            self._pace.ended(now, took=after.lasted, found=_found(after))
        return self._pace.due_in(now)

    def _say(self, event: str, exc: SyncdError | None = None) -> None:
        """Log it, unless it is what was said last."""
        said = f"{event} {exc.message if exc else ''}"
        if said == self._said:
            return
        self._said = said
        log = _log.warning if event == "doorbell_lost" else _log.info
        why = {"reason": exc.message, "next_step": exc.next_step} if exc else {}
        log(event, directory=self._doorbell.name, **why)


def _found(after: Snapshot) -> bool:
    """Whether the last run changed anything: whoever is skipped is so in run after run."""
    facts = after.facts
    if after.failure or facts is None or facts.state is not RunState.DONE:
        return False
    return bool(facts.counts.keys() - {Kind.SKIP.name.lower()})
