"""Commands that find another run in progress: they wait for their turn, say for whom, and not for ever."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syncd import settings
from syncd.app import App, opened
from syncd.cli import turn
from syncd.errors import Busy
from syncd.model import RunState
from syncd.run import Task
from tests.office import CONFIG, Office

SYNC = Task("sync", "test", apply=True)


@contextmanager
def hung(office: Office) -> Iterator[subprocess.Popen[str]]:
    """A sync that has begun and waits for ever for its directory; others find people.csv in its place."""
    office.order(5)
    os.mkfifo(office.folder / "endless.csv")  # nobody ever writes to it
    theirs = Theirs(office.folder)
    theirs.configure(CONFIG.replace("people.csv", "endless.csv"))
    process = theirs.start("sync")
    try:
        assert process.stderr is not None
        assert "run_started" in process.stderr.readline()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


class Theirs(Office):
    """The same company under another configuration."""

    @property
    def config(self) -> Path:
        return self.folder / "theirs.yaml"


class Time:
    """A clock that moves when somebody sleeps; `after` that many sleeps something happens."""

    def __init__(self, then: Callable[[], object] = lambda: None, *, after: int = -1) -> None:
        self.now, self.slept, self._then, self._after = 0.0, 0, then, after

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += 1
        if self.slept == self._after:
            self._then()

    def clock(self) -> float:
        return self.now


@pytest.fixture
def app(office: Office) -> Iterator[App]:
    office.order(5)
    with opened(settings.load(office.config)) as app:
        yield app


def in_silence(_stage: str, _done: int, _total: int | None) -> None:
    """Progress nobody watches."""


def test_it_runs_as_soon_as_the_other_run_is_over(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    lock = app.register.one_at_a_time()
    lock.__enter__()
    time = Time(lambda: lock.__exit__(None, None, None), after=3)
    facts = turn.take(app, SYNC, in_silence, sleep=time.sleep, clock=time.clock)
    assert (facts.state, time.slept) == (RunState.DONE, 3)
    told = capsys.readouterr().err
    assert told == "syncd: another run of this sync is in progress; waiting for up to 10m\n"


def test_who_holds_the_sync_is_told_once_and_whoever_comes_next(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = app.register.runs
    with app.register.one_at_a_time():
        runs.begin("serve", "schedule.every", 1_800_000_000)
        next_run = Time(lambda: runs.begin("apply", "ann@desk", 1_800_000_060), after=5)
        with pytest.raises(Busy) as caught:
            turn.take(app, SYNC, in_silence, patience=2, sleep=next_run.sleep, clock=next_run.clock)
    assert capsys.readouterr().err.splitlines() == [
        "syncd: run 1 (serve, asked for by schedule.every) has been in progress since 2027-01-15 08:00; "
        "waiting for up to 2s",
        "syncd: run 2 (apply, asked for by ann@desk) has been in progress since 2027-01-15 08:01; "
        "waiting for up to 2s",
    ]
    assert "run 2 (apply, asked for by ann@desk)" in caught.value.message
    assert "was not over within 2s" in caught.value.message
    assert "--wait 4s" in caught.value.next_step


def test_a_command_without_the_option_does_not_advise_it(app: App) -> None:
    time = Time()
    with app.register.one_at_a_time(), pytest.raises(Busy, match="was not over within 10m") as caught:
        turn.take(app, SYNC, in_silence, sleep=time.sleep, clock=time.clock)
    assert caught.value.next_step == "see `syncd runs list`, or try again later"
    assert 2900 < time.slept < 3100


def test_a_second_sync_waits_for_the_first(office: Office, database_url: str) -> None:
    office.configure(f"database: {{ url: '{database_url}' }}\n{CONFIG}")
    office.order(3)
    everybody = [office.start("sync") for _ in range(4)]
    for process in everybody:
        _output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert {run["state"] for run in office.json("runs", "list")} == {"done"}
    assert len(office.json("runs", "list")) == 4
    assert len(office.json("learners", "list", "--license", "live")) == 3


def test_a_holder_that_dies_is_noticed(office: Office) -> None:
    with hung(office) as holder:
        waiting = office.start("sync")
        assert waiting.stderr is not None
        assert "syncd: run 1 (sync, asked for by" in waiting.stderr.readline()
        holder.kill()
        _output, errors = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, errors
    assert [run["state"] for run in office.json("runs", "list")] == ["done", "failed"]


def test_not_waiting_leaves_with_6_and_says_who_works(office: Office) -> None:
    with hung(office):
        found = office.say("sync", "--wait", "0", code=6)
        assert "syncd: run 1 (sync, asked for by" in found.stderr
        assert "wait for it with --wait 10m" in found.stderr
        assert "waiting" not in found.stderr
        assert office.say("apply", "1", "--wait", "0", code=6).stderr.count("run 1") == 1
    assert "such as 90s" in office.say("sync", "--wait", "soon", code=2).stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_waiting_ends_at_ctrl_c_and_the_other_run_goes_on(
    office: Office, number: signal.Signals, code: int
) -> None:
    with hung(office) as holder:
        waiting = office.start("sync")
        assert waiting.stderr is not None
        waiting.stderr.readline()
        waiting.send_signal(number)
        _output, errors = waiting.communicate(timeout=30)
        assert holder.poll() is None
    assert waiting.returncode == code
    assert errors.strip() == "syncd: interrupted while waiting for another run: nothing of ours had begun"


def test_adding_somebody_waits_as_well(office: Office) -> None:
    with hung(office) as holder:
        adding = office.start("learners", "add", "--email", "zoe@example.com")
        assert adding.stderr is not None
        assert "run 1" in adding.stderr.readline()
        holder.kill()
        _output, errors = adding.communicate(timeout=60)
    assert adding.returncode == 0, errors
    assert len(office.json("learners", "list")) == 1
