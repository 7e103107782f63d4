"""A worker at work in a thread of its own, by a clock one may set."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syncd import settings
from syncd.app import wall_clock
from syncd.daemon.queue import Queue
from syncd.daemon.status import Snapshot, Status
from syncd.daemon.worker import Worker
from tests.office import Office

PATIENCE = 30.0


class Watched(Status):
    """A status that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self.runs = 0

    def change(self, **values: object) -> None:
        super().change(**values)
        with self._changed:
            self.runs += bool(values.get("running_since"))
            self._changed.notify_all()

    def until(self, holds: Callable[[Snapshot], bool]) -> Snapshot:
        with self._changed:
            assert self._changed.wait_for(lambda: holds(self.snapshot()), PATIENCE), self.snapshot()
        return self.snapshot()


class Shift:
    """`sync` asks for a run and waits for its end."""

    def __init__(self, office: Office, clock: Callable[[], int] = wall_clock) -> None:
        self.queue, self.status = Queue(), Watched()
        self.worker = Worker(settings.load(office.config), self.queue, self.status, clock)
        self.thread = threading.Thread(target=self.worker.work)

    def sync(self, **options: object) -> Snapshot:
        assert self.queue.ask("test", **options).wait(PATIENCE)  # type: ignore[arg-type]
        return self.status.snapshot()


@contextmanager
def at_work(office: Office | Shift, clock: Callable[[], int] = wall_clock) -> Iterator[Shift]:
    shift = office if isinstance(office, Shift) else Shift(office, clock)
    shift.thread.start()
    try:
        yield shift
    finally:
        shift.worker.stop()
        shift.thread.join(PATIENCE)
        assert not shift.thread.is_alive()
