"""The listener: what it makes of a directory that rings, refuses or goes away; and that it ends when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from syncd.daemon import doorbell
from syncd.daemon.doorbell import listening
from syncd.daemon.queue import Queue, Wanted
from syncd.daemon.status import Status
from syncd.errors import ConfigError, Incomplete, Retriable, SyncdError, Unavailable
from syncd.facts import RunFacts
from syncd.ports import ReadRequest
from tests.contracts.memory import MemoryDirectory

PATIENCE = 30.0
REQUEST = ReadRequest(frozenset())


class Door(MemoryDirectory):
    """A directory one can ring at. `errors` are what opening a line meets before it works."""

    def __init__(self, *errors: SyncdError) -> None:
        super().__init__("corp")
        self.errors = list(errors)
        self.tries = self.lines = 0
        self.bell = threading.Semaphore(0)
        self.cut: SyncdError | None = None

    @contextmanager
    def listen(self, request: ReadRequest) -> Iterator[Door]:
        assert request is REQUEST
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        self.lines += 1
        try:
            yield self
        finally:
            self.lines -= 1

    def wait(self, seconds: float) -> bool:
        if self.cut:
            error, self.cut = self.cut, None
            raise error
        return self.bell.acquire(timeout=seconds)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "_LATER", 0.01)
    monkeypatch.setattr(doorbell, "_PAUSE", 0.01)
    monkeypatch.setattr("syncd.daemon.pace._QUIET", 0.01)
    monkeypatch.setattr("syncd.daemon.pace._REST", 0.0)


@contextmanager
def at(door: Door, queue: Queue) -> Iterator[None]:
    status = Status()
    status.change(facts=RunFacts(1))
    with listening([(door, REQUEST)], queue, status):
        yield


def take(queue: Queue) -> Wanted:
    wanted = queue.take(PATIENCE)
    assert wanted is not None
    return wanted


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until


def test_a_line_that_opens_asks_once_for_what_was_missed_before(queue: Queue) -> None:
    with at(Door(), queue):
        wanted = take(queue)
        assert (wanted.causes, wanted.full, wanted.reviewed) == (("doorbell corp",), False, None)
        wanted.settle()
        assert queue.take(0.2) is None


def test_nobody_knocks_before_a_run_has_gone_well(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that is wrong would be sent twice as often."""
    monkeypatch.setattr(doorbell, "_LATER", 3600.0)
    monkeypatch.setattr(doorbell, "_LOOK", 0.01)
    door, status = Door(), Status()
    with listening([(door, REQUEST)], queue, status):
        status.run_ended("failed", 0, failure="credentials refused")
        assert queue.take(0.3) is None
        assert door.tries == 0
        status.run_ended("done", 0, failure="", facts=RunFacts(1))
        assert take(queue).causes == ("doorbell corp",)


def test_a_ring_asks_for_a_run_and_joins_one_that_waits(queue: Queue) -> None:
    door = Door()
    with at(door, queue):
        take(queue).settle()
        queue.ask("schedule.every")
        door.bell.release()
        wait_for(lambda: len(queue) == 1 and "doorbell corp" in next(iter(queue._waiting.values())).causes)
        assert take(queue).causes == ("schedule.every", "doorbell corp")


def test_what_rings_while_a_run_works_is_one_more_run(queue: Queue) -> None:
    door = Door()
    with at(door, queue):
        working = take(queue)
        door.bell.release(100)
        assert queue.take(0.2) is None
        working.settle()
        take(queue).settle()
        assert queue.take(0.2) is None


def test_a_line_that_is_lost_is_opened_again_and_rings_once(queue: Queue) -> None:
    door = Door(Retriable("nobody home"), Incomplete("cut off"))
    with capture_logs() as logs, at(door, queue):
        take(queue).settle()
        door.cut = Incomplete("the server ended the connection")
        take(queue).settle()
    told = [(entry["event"], entry.get("reason", "")) for entry in logs]
    assert told == [
        ("doorbell_lost", "nobody home"),
        ("doorbell_lost", "cut off"),
        ("doorbell_works", ""),
        ("doorbell_lost", "the server ended the connection"),
        ("doorbell_works", ""),
    ]


def test_the_status_knows_who_is_heard_and_how_often_it_rang(queue: Queue) -> None:
    door, silent, status = Door(), Door(*(Unavailable("does not ring") for _ in range(1_000))), Status()
    silent.name = "branch"
    status.change(facts=RunFacts(1))
    with listening([(door, REQUEST), (silent, REQUEST)], queue, status):
        wait_for(lambda: status.snapshot().listening == {"corp": True, "branch": False})
        assert status.snapshot().rings == {"corp": 0, "branch": 0}, "opening a line is no ring"
        door.bell.release(2)
        wait_for(lambda: status.snapshot().rings == {"corp": 2, "branch": 0})
        door.errors = [Retriable("nobody home")] * 1_000
        door.cut = Incomplete("the server ended the connection")
        wait_for(lambda: status.snapshot().listening["corp"] is False)
    assert (status.snapshot().listening, status.snapshot().rings) == ({}, {"corp": 2, "branch": 0})


@pytest.mark.parametrize("error", [Unavailable, ConfigError])
def test_a_server_that_does_not_ring_is_told_of_once(queue: Queue, error: type[SyncdError]) -> None:
    door = Door(*(error("does not ring", next_step="grant it") for _ in range(5)))
    with capture_logs() as logs, at(door, queue):
        take(queue)
    told = [(entry["event"], entry.get("next_step", "")) for entry in logs]
    assert told == [("doorbell_missing", "grant it"), ("doorbell_works", "")]
    assert door.tries == 6


def test_a_mistake_of_ours_costs_a_doorbell_and_no_more(queue: Queue) -> None:
    door = Door()
    door.errors = [ZeroDivisionError()]  # type: ignore[list-item]
    with capture_logs() as logs, at(door, queue):
        take(queue)
    assert [entry["event"] for entry in logs] == ["doorbell_crashed", "doorbell_works"]


def test_it_ends_when_told_and_closes_its_line(queue: Queue) -> None:
    door = Door()
    with at(door, queue):
        wait_for(lambda: door.lines == 1)
    assert door.lines == 0
    assert [thread for thread in threading.enumerate() if thread.name == "doorbell"] == []


@pytest.mark.parametrize("pause", ["_LATER", "_PAUSE"])
def test_it_ends_while_it_waits_to_try_again(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, pause: str
) -> None:
    monkeypatch.setattr(doorbell, pause, 3600.0)
    door = Door(Unavailable("no") if pause == "_LATER" else Retriable("no"))
    with at(door, queue):
        wait_for(lambda: door.tries == 1)
    wait_for(lambda: not any(thread.name == "doorbell" for thread in threading.enumerate()))


def test_who_still_waits_for_a_server_is_not_waited_for(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connecting may take ten seconds; the daemon has to end, and a line that opens then rings no more."""
    monkeypatch.setattr(doorbell, "_LOOK", 0.05)
    connecting, answer = threading.Event(), threading.Event()

    class Slow(Door):
        @contextmanager
        def listen(self, request: ReadRequest) -> Iterator[Door]:
            connecting.set()
            assert answer.wait(PATIENCE)
            with super().listen(request) as line:
                yield line

    door = Slow()
    with at(door, queue):
        assert connecting.wait(PATIENCE)
    door.bell.release()
    answer.set()
    wait_for(lambda: not any(thread.name == "doorbell" for thread in threading.enumerate()))
    assert len(queue) == 0
