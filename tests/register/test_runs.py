"""Runs of long ago: their plans are dropped once, and cost later runs nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, event

from syncd.model import Change, Kind, RunState
from syncd.register import database
from syncd.register.journal import Journal
from syncd.register.runs import KEEP_PLANS, Runs

NOT_APPLIED = (RunState.PLANNED, RunState.HELD, RunState.REJECTED, RunState.FAILED)
APPLIED = (RunState.SUPERSEDED, RunState.DONE)


@pytest.fixture
def ended(engine: Engine) -> dict[RunState, int]:
    """A run with a change in each of these states."""
    database.migrate(engine)
    runs, journal, found = Runs(engine), Journal(engine), {}
    for state in (*NOT_APPLIED, *APPLIED):
        found[state] = runs.begin("sync", "test", 0)
        journal.write(found[state], [Change(Kind.SKIP, "ann", "ann@example.com", "Ann Doe", "a reason")])
        runs.end(found[state], state, 0, {})
    return found


def test_the_changes_of_plans_nobody_applied_are_dropped(engine: Engine, ended: dict[RunState, int]) -> None:
    runs, journal = Runs(engine), Journal(engine)
    runs.begin("sync", "test", KEEP_PLANS)
    assert all([*journal.read(run)] for run in ended.values()), "they are not old enough"
    runs.begin("sync", "test", KEEP_PLANS + 1)
    assert [state for state, run in ended.items() if [*journal.read(run)]] == [*APPLIED]
    assert [runs.state(ended[state]) for state in NOT_APPLIED] == ["failed", "failed", "rejected", "failed"]


@pytest.mark.usefixtures("ended")
def test_what_is_dropped_is_not_dropped_again(engine: Engine) -> None:
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, *_: asked.append(sql))
    for number in range(1, 4):
        Runs(engine).begin("sync", "test", KEEP_PLANS + number)
    assert len([sql for sql in asked if sql.startswith("DELETE")]) == 1
