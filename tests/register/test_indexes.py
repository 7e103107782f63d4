"""Licenses and free seats are found by an index: nobody looks at every allocation there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, event, text

from syncd.model import Identity, RunState
from syncd.register import bulk, database, seats
from syncd.register.licenses import Licenses
from syncd.register.people import People
from syncd.register.renewable import Renewable
from syncd.register.runs import Runs
from syncd.register.seats import Grant
from tests.company import START, Company, opened


class Watched(NamedTuple):
    """A company on SQLite, and what is asked of its database through `engine`."""

    company: Company
    engine: Engine
    asked: list[tuple[str, Any]]

    def plans(self) -> list[str]:
        """How SQLite goes about each of these questions, step by step."""
        with self.engine.connect() as connection:
            return [
                row[3]
                for sql, values in [*self.asked]
                if sql.startswith(("SELECT", "UPDATE", "DELETE"))
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            ]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    company = Company(f"sqlite:///{tmp_path}/syncd.db")
    engine = database.connect(company.url)
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, values, *_: asked.append((sql, values)))
    yield Watched(company, engine, asked)
    engine.dispose()
    company.register.close()


@pytest.mark.parametrize("question", ["learners", "leaving", "ending"])
def test_no_look_at_every_allocation(watched: Watched, question: str) -> None:
    company, engine, _ = watched
    company.order(3)
    company.hire("ann")
    company.sync()
    {
        "learners": lambda: People(engine).learners([1], company.now),
        "leaving": lambda: People(engine).leaving(None),
        "ending": lambda: Renewable(engine).ending(company.now),
    }[question]()
    plans = watched.plans()
    with engine.connect() as connection:
        tables = ("allocations", "live", "scheduled", "last", "later")
        assert [plan for plan in plans if plan.split()[:2] in [["SCAN", name] for name in tables]] == []
        assert any("uq_allocations_live_learner" in plan for plan in plans)
        assert connection.execute(text("SELECT count(*) FROM allocations")).scalar() == 1


def test_people_are_found_by_an_index_whatever_they_are_named_by(watched: Watched) -> None:
    """A run by changes asks this of everybody it reads: it may not cost a look at everybody else."""
    company, engine, _ = watched
    people = People(engine)
    people.roster([Identity("corp", "1")], ["ann@example.com"], ["7"], company.now)
    people.recorded("corp", ["1"], company.now)
    people.learners([1], company.now)
    people.owners([1])
    plans = watched.plans()
    assert [plan for plan in plans if plan.startswith("SCAN") and "json_each" not in plan] == []
    assert {"identities", "learners", "links"} <= {plan.split()[1] for plan in plans}


def test_a_run_begins_without_a_look_at_every_run(watched: Watched) -> None:
    company, engine, _ = watched
    runs = Runs(engine)
    runs.abandoned()
    number = runs.begin("serve", "test", company.now)
    runs.interrupted()
    runs.last_sizes()
    runs.end(number, RunState.DONE, company.now, {}, outdates_but=())
    plans = [plan for plan in watched.plans() if " runs" in plan]
    assert [plan for plan in plans if plan.startswith("SCAN")] == []
    assert len([plan for plan in plans if "ix_runs_state" in plan]) >= 4


def test_whose_license_has_ended_is_found_by_an_index(watched: Watched) -> None:
    assert Licenses(watched.engine).lapsed() == []
    plans = watched.plans()
    assert plans
    assert [plan for plan in plans if "ix_learners_lapsed" not in plan] == []


def test_a_free_seat_is_found_without_reading_its_lot(postgresql_url: str) -> None:
    """In one transaction, so that PostgreSQL has no statistics of the table, as in a first sync."""
    of_table = "FROM pg_stat_xact_user_tables WHERE relname = 'allocations'"
    read = text(f"SELECT idx_tup_fetch + seq_tup_read {of_table}")
    with opened(postgresql_url) as company:
        company.order(600)
        engine = database.connect(postgresql_url)
        with engine.begin() as connection:
            rows = [(number, f"p{number}@example.com", START) for number in range(1, 502)]
            bulk.insert(connection, "learners", ("id", "email", "created_at"), rows)
            seats.grant(connection, [Grant(number, 1) for number in range(1, 501)], None, START)
            before = connection.execute(read).scalar_one()
            seats.grant(connection, [Grant(501, 1)], None, START)
            assert connection.execute(read).scalar_one() - before <= 1
        engine.dispose()
