"""Runs: one row each, from planning to its end, with the facts the admin is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update

from syncd.model import RunState
from syncd.register.schema import changes, runs

KEEP_PLANS = 30 * 86400


@dataclass(frozen=True, slots=True)
class RunRecord:
    """`facts` is what `run.RunFacts` was when the run reached its state."""

    id: int
    command: str
    state: RunState
    requested_by: str
    started_at: int
    finished_at: int | None
    applies_run: int | None
    superseded_by: int | None
    facts: Mapping[str, Any]
    error: str


class Runs:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)

    def begin(self, command: str, requested_by: str, now: int, applies: int | None = None) -> int:
        """A new run's number. Only the holder of the lock may ask: whoever else was planning is dead."""
        values = {
            "command": command,
            "state": RunState.PLANNING,
            "requested_by": requested_by,
            "started_at": now,
            "applies_run": applies,
        }
        abandoned = update(runs).where(runs.c.state == RunState.PLANNING)
        with self._writer.begin() as connection:
            _drop_old_plans(connection, now, but=applies)
            connection.execute(
                abandoned.values(state=RunState.FAILED, error="its process ended while planning")
            )
            number: int = connection.execute(insert(runs).values(values).returning(runs.c.id)).scalar_one()
        return number

    def enter(self, run: int, state: RunState, facts: Mapping[str, Any] | None = None) -> None:
        """The run has reached `state` and goes on."""
        values: dict[str, Any] = {"state": state}
        if facts is not None:
            values["facts"] = json.dumps(facts)
        self._set(run, values)

    def end(self, run: int, state: RunState, now: int, facts: Mapping[str, Any], error: str = "") -> None:
        self._set(run, {"state": state, "finished_at": now, "facts": json.dumps(facts), "error": error})

    def supersede(self, run: int, by: int) -> None:
        """`by` has taken over what was left of `run`."""
        self._set(run, {"state": RunState.SUPERSEDED, "superseded_by": by})

    def discard(self, run: int) -> None:
        """Forget a run that was only made to ask a question, and its plan."""
        with self._writer.begin() as connection:
            connection.execute(delete(changes).where(changes.c.run_id == run))
            connection.execute(delete(runs).where(runs.c.id == run))

    def interrupted(self) -> list[int]:
        """Runs cut short while they were applied. Only the holder of the lock may ask: nobody else runs."""
        cut_short = (RunState.APPLYING, RunState.INTERRUPTED)
        statement = select(runs.c.id).where(runs.c.state.in_(cut_short)).order_by(runs.c.id)
        with self._engine.connect() as connection:
            return list(connection.execute(statement).scalars())

    def get(self, run: int) -> RunRecord | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run)).mappings().first()
        return None if row is None else _record(row)

    def state(self, run: int) -> RunState | None:
        with self._engine.connect() as connection:
            state = connection.execute(select(runs.c.state).where(runs.c.id == run)).scalar()
        return None if state is None else RunState(state)

    def command(self, run: int) -> str:
        """What was asked for; empty for a run there is not."""
        with self._engine.connect() as connection:
            return connection.execute(select(runs.c.command).where(runs.c.id == run)).scalar() or ""

    def latest(self, many: int) -> list[RunRecord]:
        """The newest runs, newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.id.desc()).limit(many)).mappings().all()
        return [_record(row) for row in rows]

    def last_sizes(self) -> dict[str, int]:
        """How many people each directory had when a run last read them and went through to its end."""
        read = runs.c.state == RunState.DONE, runs.c.facts.not_like('%"sizes": {}%')
        statement = select(runs.c.facts).where(*read).order_by(runs.c.id.desc()).limit(1)
        with self._engine.connect() as connection:
            facts = connection.execute(statement).scalar()
        sizes: dict[str, int] = json.loads(facts).get("sizes", {}) if facts else {}
        return sizes

    def _set(self, run: int, values: Mapping[str, Any]) -> None:
        with self._writer.begin() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(values))


def _drop_old_plans(connection: Connection, now: int, *, but: int | None) -> None:
    """Plans nobody applied are of no use after a while: the world has moved on. What was applied stays."""
    unapplied = (RunState.PLANNED, RunState.HELD, RunState.FAILED)
    old = select(runs.c.id).where(
        runs.c.state.in_(unapplied), runs.c.started_at < now - KEEP_PLANS, runs.c.id != (but or 0)
    )
    connection.execute(delete(changes).where(changes.c.run_id.in_(old)))
    dropped = update(runs).where(runs.c.id.in_(old), runs.c.state != RunState.FAILED)
    connection.execute(dropped.values(state=RunState.FAILED, error="nobody applied it within 30 days"))


def _record(row: RowMapping) -> RunRecord:
    return RunRecord(**{**row, "state": RunState(row["state"]), "facts": json.loads(row["facts"])})
