"""The worker: what it does with what is asked, with a database that is down, and with another that leads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from syncd import settings
from syncd.app import opened
from syncd.daemon import worker
from syncd.daemon.status import Role, Status
from syncd.daemon.worker import Worker
from syncd.model import RunState
from tests.daemon.shift import PATIENCE, Shift, at_work
from tests.office import CONFIG, Office, person


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.configure(CONFIG)
    office.employ(person("ann"), person("bob"))
    office.order(5)
    return office


def test_what_is_asked_is_done_and_shown(office: Office) -> None:
    with at_work(office) as shift:
        after = shift.sync()
        assert after.facts is not None
        assert after.facts.counts == {"create": 2}
        assert after.succeeded_at
        assert after.running_since == 0
    assert shift.status.snapshot().role is Role.STOPPING
    assert {learner["license"] for learner in office.json("learners", "list")} == {"live"}


def test_why_it_cannot_work_is_told_without_secrets() -> None:
    status = Status()
    status.change(role=Role.LEADING, trouble="no database at postgresql://syncd:hunter2@db/x", brief="pwd=x")
    assert "syncd:***@db" in status.snapshot().in_words()
    assert status.snapshot().not_ready == ("pwd=***",)
    status.run_ended("failed", 1, failure="refused password=hunter2")
    status.change(trouble="")
    assert "refused password=***" in status.snapshot().in_words()


def test_a_run_that_fails_is_told_and_the_next_one_works(office: Office) -> None:
    with at_work(office) as shift:
        (office.folder / "people.csv").rename(office.folder / "away.csv")
        failed = shift.sync()
        assert "people.csv" in failed.failure
        assert failed.succeeded_at == 0
        (office.folder / "away.csv").rename(office.folder / "people.csv")
        assert shift.sync().failure == ""


def test_a_database_that_is_down_at_the_start_is_waited_for(office: Office) -> None:
    office.configure(f"database: sqlite:///later/syncd.db\n{CONFIG}")
    with at_work(office) as shift:
        down = shift.status.until(lambda now: bool(now.trouble))
        assert "cannot be opened" in down.trouble
        assert down.not_ready
        (office.folder / "later").mkdir()
        assert shift.status.until(lambda now: now.role is Role.LEADING).trouble == ""
        assert shift.sync().failure == ""


def test_who_leads_ends_where_a_newer_syncd_has_taken_the_database_over(office: Office) -> None:
    with at_work(office) as shift:
        shift.sync()
        with closing(sqlite3.connect(office.folder / "syncd.db")) as database, database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
        shift.queue.ask("test")
        now = shift.status.until(lambda now: bool(now.trouble))
        assert "is from a newer syncd (schema 9999)" in now.trouble
        assert now.role is Role.STANDBY, "it leads no more, so that another one can"


@contextmanager
def two_at_work(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Shift, Shift]]:
    """One that leads, and one that stands by."""
    monkeypatch.setattr("syncd.daemon.worker._LOOK", 0.05)
    with at_work(office) as first:
        first.status.until(lambda now: now.role is Role.LEADING)
        with at_work(office) as second:
            second.status.until(lambda now: now.role is Role.STANDBY)
            yield first, second


def test_one_daemon_works_and_another_takes_over_when_it_ends(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with two_at_work(office, monkeypatch) as (first, second):
        assert second.status.snapshot().not_ready == ()
        asked = second.queue.ask("test")
        first.sync()
        assert not asked.is_set()
        first.worker.stop()
        second.status.until(lambda now: now.role is Role.LEADING)
        assert asked.wait(PATIENCE)


def test_what_is_asked_of_who_stands_by_is_done(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with two_at_work(office, monkeypatch) as (_, second):
        assert second.queue.ask("api:ann", by_hand=True).wait(PATIENCE)
        after = second.status.snapshot()
        assert after.facts is not None
        assert after.facts.counts == {"create": 2}
        assert after.role is Role.STANDBY


def test_what_is_asked_of_who_stands_by_waits_for_the_run_of_who_leads(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        two_at_work(office, monkeypatch) as (_, second),
        opened(settings.load(office.config)) as app,
    ):
        with app.register.one_at_a_time():
            asked = second.queue.ask("api:ann", by_hand=True)
            second.status.until(lambda _: second.status.runs >= 3)
            assert not asked.is_set()
        assert asked.wait(PATIENCE)


def test_a_sync_by_hand_puts_the_run_off_until_it_is_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.daemon.worker._LOOK", 0.05)
    with at_work(office) as shift, opened(settings.load(office.config)) as app:
        shift.status.until(lambda now: now.role is Role.LEADING)
        with app.register.one_at_a_time():
            asked = shift.queue.ask("test")
            shift.status.until(lambda _: shift.status.runs >= 3)
            assert not asked.is_set()
        assert asked.wait(PATIENCE)


def test_between_two_runs_a_sync_by_hand_gets_its_turn(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(settings.load(office.config)) as app:

        class Stopping(threading.Event):
            paused = 0.0

            def wait(self, timeout: float | None = None) -> bool:
                with app.register.one_at_a_time():  # nobody holds it meanwhile
                    self.paused = timeout or 0.0
                return super().wait(0)

        shift = Shift(office)
        monkeypatch.setattr(shift.worker, "_stopping", stopping := Stopping())
        work = shift.worker._run

        def ask_once_more(*args: Any) -> None:
            if not stopping.paused:
                shift.queue.ask("meanwhile")
            work(*args)

        monkeypatch.setattr(shift.worker, "_run", ask_once_more)
        with at_work(shift):
            shift.sync()
            shift.sync()
        assert stopping.paused == worker._BREATH


def test_a_run_over_its_deadline_is_ended_and_finished_by_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.configure(f"{CONFIG}schedule: {{ deadline: 1s }}\n")
    monkeypatch.setattr(Worker, "over_by", lambda self: 1.0 if self._moved else 0.0)
    with at_work(office) as shift:
        assert "schedule.deadline" in shift.sync().failure
        monkeypatch.undo()
        assert shift.sync().failure == ""
    assert len(office.json("learners", "list")) == 2


def test_a_mistake_of_ours_ends_the_run_and_not_the_daemon(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with at_work(office) as shift:
        monkeypatch.setattr("syncd.app.run", broken)
        assert shift.sync().failure == "unexpected error (ZeroDivisionError)"
        monkeypatch.undo()
        assert shift.sync().failure == ""


def test_other_settings_hold_from_the_next_run_on(office: Office) -> None:
    with at_work(office) as shift:
        shift.sync()
        office.employ(person("ann"), person("bob", status="contractor"), person("cem", status="contractor"))
        office.configure(CONFIG.replace("[service]", "[service, contractor]"))
        shift.worker.follow(settings.load(office.config))
        shift.sync()
    assert [row["account"] for row in office.json("learners", "list")] == ["active", "suspended"]


def test_a_reviewed_plan_is_applied_and_no_other(office: Office) -> None:
    plan = office.json("plan")["run"]
    office.employ(person("ann"), person("bob"), person("cem"))
    with at_work(office) as shift:
        after = shift.sync(reviewed=plan)
        assert after.facts is not None
        assert after.facts.counts == {"create": 2}


def test_an_approved_plan_is_applied_wherever_it_was_approved(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.daemon.worker._LOOK", 0.05)
    office.configure(CONFIG.replace("max_creations: none", "max_creations: 1, floor: 0"))
    with at_work(office) as shift:
        held = shift.sync().facts
        assert held is not None
        assert held.state is RunState.HELD
        assert f"Run {held.run} is approved" in office.say("runs", "approve", str(held.run), code=0).output
        after = shift.status.until(lambda now: now.succeeded_at > 0)
        assert after.facts is not None
        assert after.facts.superseded == [held.run]
    (applied, _) = office.json("runs", "list")
    assert applied["requested_by"].startswith("approved by ")
