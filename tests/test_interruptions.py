"""Runs that break off, on both databases: nobody is lost by it, and the next run finishes what was begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from syncd.errors import STOPPED, Busy, Incomplete, SyncdError, Unavailable
from syncd.model import RunState
from syncd.plan.guard import Limits
from syncd.plan.policy import Policy
from syncd.run import Task, run
from tests.company import Company, opened
from tests.life import Cut
from tests.servers.postgresql import Postgresql


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company


def test_a_read_that_breaks_off_suspends_nobody(company: Company) -> None:
    company.order(5)
    company.hire("ann", "bob", "cem")
    company.sync()
    company.people.break_after(1)
    with pytest.raises(Incomplete):
        company.sync()
    assert company.learners("live") == ["ann", "bob", "cem"]
    record = company.register.runs.latest(1)[0]
    assert record.state is RunState.FAILED
    company.people.mend()
    assert company.sync().counts == {}


def test_a_run_cut_short_is_finished_by_the_next_without_asking_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.policy = Policy(limits=Limits(floor=2))
    company.order(9)
    company.hire(*"abcdef")
    monkeypatch.setattr("syncd.run._BATCH", 2)
    real, calls = company.register.recorder.record, []

    def failing(*args: object, **kwargs: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise Cut
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(type(company.register.recorder), "record", lambda _self, *a, **k: failing(*a, **k))
    with pytest.raises(Cut):
        company.sync("creations")
    monkeypatch.undo()
    assert company.learners() == ["a", "b"]
    facts = company.sync()
    assert (facts.state, facts.counts) == (RunState.DONE, {"create": 4}), "approved once is approved"
    assert company.learners("live") == list("abcdef")
    assert company.register.runs.state(1) is RunState.SUPERSEDED


@pytest.mark.parametrize(
    ("stage", "state", "next_step"),
    [
        ("recording", RunState.SUPERSEDED, "the next sync finishes it"),
        ("dealing seats", RunState.FAILED, "nothing was changed"),
    ],
)
def test_a_run_whose_process_died_is_told_apart_from_one_that_was_stopped(
    company: Company, monkeypatch: pytest.MonkeyPatch, stage: str, state: RunState, next_step: str
) -> None:
    company.order(5)
    company.hire("ann")

    def dies(at: str, _done: int, _total: int | None) -> None:
        if at == stage:
            raise Cut

    monkeypatch.setattr("syncd.run.end_badly", lambda *_: None)
    with pytest.raises(Cut):
        run(replace(company.engine, progress=dies), Task("serve", "test", apply=True))
    with capture_logs() as told:
        company.sync()
    record = company.register.runs.get(1)
    assert record is not None
    assert (record.state, record.error) == (state, "cut short: its process died")
    assert [(each["run"], each["next_step"]) for each in told if each["event"] == "run_cut_short"] == [
        (1, next_step)
    ]
    with capture_logs() as told:
        company.sync()
    assert "run_cut_short" not in [each["event"] for each in told]


@pytest.mark.parametrize("asked", [SyncdError(STOPPED), KeyboardInterrupt()])
@pytest.mark.parametrize(
    ("stage", "state", "next_step"),
    [
        ("recording", RunState.INTERRUPTED, "the next run finishes it"),
        ("dealing seats", RunState.FAILED, "nothing was changed; the next run sees to it"),
    ],
)
def test_a_run_that_was_asked_to_stop_is_no_failure(
    company: Company, asked: BaseException, stage: str, state: RunState, next_step: str
) -> None:
    company.order(5)
    company.hire("ann")

    def asks(at: str, _done: int, _total: int | None) -> None:
        if at == stage:
            raise asked

    with capture_logs() as told, pytest.raises(type(asked)):
        run(replace(company.engine, progress=asks), Task("serve", "test", apply=True))
    assert company.register.runs.latest(1)[0].state is state
    assert told[-1]["event"] == "run_interrupted"
    assert (told[-1]["log_level"], told[-1]["next_step"]) == ("warning", next_step)
    company.sync()
    assert company.learners("live") == ["ann"]


def test_a_run_that_breaks_off_by_itself_is_a_failure(company: Company) -> None:
    company.people.refuse(Unavailable("dc1 is down", next_step="start it"))
    with capture_logs() as told, pytest.raises(Unavailable):
        company.sync()
    last = told[-1]
    assert (last["event"], last["log_level"], last["next_step"]) == ("run_failed", "error", "start it")


def test_what_a_run_failed_of_is_kept_without_secrets(company: Company) -> None:
    company.people.refuse(Unavailable("refused user=ann password=hunter2", next_step="try token=hunter2"))
    with pytest.raises(Unavailable):
        company.sync()
    record = company.register.runs.latest(1)[0]
    assert record.error == "refused user=ann password=***"
    assert record.facts["next_step"] == "try token=***"


def test_two_syncs_at_once_the_second_says_so(company: Company) -> None:
    with company.register.one_at_a_time(), opened(company.url) as other, pytest.raises(Busy) as caught:
        other.sync()
    assert caught.value.exit_code == 6
    assert company.register.runs.latest(9) == []


def test_a_directory_that_is_down_fails_the_run_and_is_named(company: Company) -> None:
    company.people.refuse(Unavailable("dc1 is down", next_step="start it"))
    with pytest.raises(Unavailable):
        company.sync()
    assert company.register.runs.latest(1)[0].error == "dc1 is down"


def test_a_run_whose_lock_is_lost_writes_no_more_and_the_next_finishes(
    postgresql: Postgresql, postgresql_url: str
) -> None:
    with opened(postgresql_url) as company:
        company.order(5000)
        company.hire(*(f"p{number}" for number in range(5000)))

        def cut_off(stage: str, done: int, _total: int | None) -> None:
            if stage == "recording" and done == 2000:
                postgresql.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                )

        engine = replace(company.engine, progress=cut_off)
        with pytest.raises(Unavailable, match="the sync lock is gone"):
            run(engine, Task("sync", "test", apply=True))
        assert len(company.learners("live")) == 2000
        assert company.sync().superseded == [1]
        assert len(company.learners("live")) == 5000


def test_a_database_that_goes_away_is_told_in_words_in_the_record_too(
    postgresql: Postgresql, postgresql_url: str
) -> None:
    with opened(postgresql_url) as company:
        company.order(5000)
        company.hire(*(f"p{number}" for number in range(5000)))

        def restart(stage: str, done: int, _total: int | None) -> None:
            if stage == "recording" and done == 2000:
                postgresql.stop()
                postgresql.resume()

        engine = replace(company.engine, progress=restart)
        with pytest.raises(Unavailable):
            run(engine, Task("sync", "test", apply=True))
        record = company.register.runs.latest(1)[0]
        assert record.state is RunState.INTERRUPTED
        assert "lock is gone" in record.error
        assert company.sync().superseded == [1]
        assert len(company.learners("live")) == 5000
