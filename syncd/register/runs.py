"""Runs: one row each, from planning to its end, with the facts the admin is told."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, bindparam, delete, func, insert, select, text, update

from syncd.model import Cursor, RunState
from syncd.register import bulk, trail
from syncd.register.bulk import is_any_of
from syncd.register.database import drafting, writing
from syncd.register.schema import changes, counters, runs
from syncd.register.schema import cursors as kept
from syncd.register_port import OPEN, HeldPlan

HAS_READ = runs.c.facts.not_like('%"sizes": {}%')
"""The runs that have read a directory: not those that only renewed licenses."""
KEEP_PLANS = 30 * 86400
"""For so long a plan that is not applied keeps its changes; a decision on it begins that time anew."""
_CUT_SHORT = (RunState.APPLYING, RunState.INTERRUPTED)
PREVIEWS = (  # commands that only look
    *("plan", "sync --dry-run", "licenses renew --dry-run", "explain"),
    *("learners add --dry-run", "learners import (preview)"),
    *("learners suspend --dry-run", "learners resume --dry-run", "learners merge --dry-run"),
)
_NEVER_AGAIN = text(
    "INSERT INTO counters (name, value) VALUES ('run', :run) ON CONFLICT (name)"
    " DO UPDATE SET value = excluded.value WHERE excluded.value > counters.value"
)
_CUT_OFF = ((RunState.PLANNING, RunState.FAILED), (RunState.APPLYING, RunState.INTERRUPTED))
_DIED = "cut short: its process died"
_WAITS = runs.c.state.in_((RunState.PLANNED, RunState.HELD))
# Not EXISTS, for which PostgreSQL may read all the changes there are instead of looking run by run.
_A_CHANGE = select(changes.c.run_id).where(changes.c.run_id == runs.c.id).limit(1).scalar_subquery()
_OLD_PLANS = select(runs.c.id).where(
    _WAITS | (runs.c.state.in_((RunState.REJECTED, RunState.FAILED)) & _A_CHANGE.is_not(None)),
    func.coalesce(runs.c.decided_at, runs.c.started_at) < bindparam("before"),
    runs.c.id != bindparam("but"),
)
# A number that no run has had, also none that was forgotten. A sequence of PostgreSQL sees to that by itself.
_FORGOTTEN = select(counters.c.value).where(counters.c.name == "run").scalar_subquery()
_OWN_NUMBER = func.max(
    func.coalesce(select(func.max(runs.c.id)).scalar_subquery(), 0), func.coalesce(_FORGOTTEN, 0)
)
_BEGIN = insert(runs).returning(runs.c.id)
_BEGIN_WITH_OWN_NUMBER = _BEGIN.values(id=_OWN_NUMBER + 1)
_INTERRUPTED = select(runs.c.id).where(runs.c.state.in_(_CUT_SHORT)).order_by(runs.c.id)
_LAST_FACTS = (
    select(runs.c.facts).where(runs.c.state == RunState.DONE, HAS_READ).order_by(runs.c.id.desc()).limit(1)
)
_THIS = update(runs).where(runs.c.id == bindparam("run"))
_CURSOR = tuple(kept.c[name] for name in ("directory", "salt", "cursor", "read_whole_at", "run_id"))
_CURSORS = select(*_CURSOR)


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
    decided_by: str
    decided_at: int | None
    facts: Mapping[str, Any]
    error: str


class Runs:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)
        self._drafter = drafting(engine)

    def begin(self, command: str, requested_by: str, now: int, applies: int | None = None) -> int:
        """A new run's number. Only the holder of the lock may ask."""
        values = {
            "command": command,
            "state": RunState.PLANNING,
            "requested_by": requested_by,
            "started_at": now,
            "applies_run": applies,
        }
        with self._drafter.begin() as connection:
            _drop_old_plans(connection, now, but=applies)
            statement = _BEGIN_WITH_OWN_NUMBER if connection.dialect.name == "sqlite" else _BEGIN
            number: int = connection.execute(statement, values).scalar_one()
        return number

    def abandoned(self) -> list[tuple[int, RunState]]:
        """Runs that still seemed to go on, and how they end, as is written now. Only the holder of the lock
        may ask: whoever else was at work is dead."""
        found: list[tuple[int, RunState]] = []
        with self._drafter.begin() as connection:
            for state, end in _CUT_OFF:
                died = update(runs).where(runs.c.state == state).values(state=end, error=_DIED)
                found += [(run, end) for run in connection.execute(died.returning(runs.c.id)).scalars()]
        return sorted(found)

    def enter(self, run: int, state: RunState, facts: Mapping[str, Any] | None = None) -> None:
        """The run has reached `state` and goes on."""
        values: dict[str, Any] = {"state": state}
        if facts is not None:
            values["facts"] = json.dumps(facts)
        with self._drafter.begin() as connection:
            connection.execute(_THIS, {"run": run, **values})

    def end(
        self,
        run: int,
        state: RunState,
        now: int,
        facts: Mapping[str, Any],
        error: str = "",
        *,
        cursors: Collection[Cursor] | None = None,
        outdates_but: Collection[str] | None = None,
    ) -> None:
        """The run is over. `cursors`, where given, take the place of all that were kept before.

        `outdates_but`, where given: earlier plans that are held, and that nobody has decided on, give way to
        what this run has read; those of these commands, which read nothing, stay.
        """
        values = {"state": state, "finished_at": now, "facts": json.dumps(facts), "error": error}
        with self._writer.begin() as connection:
            connection.execute(_THIS, {"run": run, **values})
            if cursors is not None:
                _keep(connection, cursors, now)
            if outdates_but is not None:
                _outdate(connection, run, outdates_but)

    def cursors(self) -> dict[str, Cursor]:
        """Where each directory stood, by its name, when the last run that was applied in full read it."""
        with self._engine.connect() as connection:
            rows = connection.execute(_CURSORS).all()
        return {row[0]: Cursor(*row) for row in rows}

    def decide(self, run: int, state: RunState, *, by: str, now: int) -> bool:
        """Approve or reject a plan that waits for it; whether it does."""
        waiting = update(runs).where(runs.c.id == run, _WAITS)
        with self._writer.begin() as connection:
            decided = connection.execute(waiting.values(state=state, decided_by=by, decided_at=now))
            if decided.rowcount:
                trail.note(connection, now, by, str(state), ("run", run))
        return bool(decided.rowcount)

    def approved(self) -> list[tuple[int, str]]:
        """Plans somebody has said yes to and nobody has applied yet: run and who, oldest first."""
        statement = select(runs.c.id, runs.c.decided_by).where(runs.c.state == RunState.APPROVED)
        with self._engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(statement.order_by(runs.c.id))]

    def held(self, now: int) -> list[HeldPlan]:
        """Plans the guard has held, newest first, with what was decided of them since; no mere previews, and
        none that was rejected too long ago."""
        lately = runs.c.decided_at >= now - KEEP_PLANS
        decided = (runs.c.state == RunState.APPROVED) | ((runs.c.state == RunState.REJECTED) & lately)
        waits = (runs.c.state == RunState.HELD) & runs.c.command.not_in(PREVIEWS)
        columns = runs.c.id, runs.c.command, runs.c.state, runs.c.facts
        with self._engine.connect() as connection:
            rows = connection.execute(select(*columns).where(decided | waits).order_by(runs.c.id.desc()))
            return [_held(*row) for row in rows]

    def successor(self, run: int) -> int | None:
        """The run that stands in the place of a superseded one by now; None for one that is not."""
        found: int | None = run
        last = None
        with self._engine.connect() as connection:
            while found is not None:
                found = connection.execute(select(runs.c.superseded_by).where(runs.c.id == found)).scalar()
                last = found or last
        return last

    def supersede(self, run: int, by: int) -> None:
        """`by` has taken over what was left of `run`, of the plan that `run` was applying, and of the runs
        that were cut short while they applied `run`."""
        applied = select(runs.c.applies_run).where(runs.c.id == run).scalar_subquery()
        theirs = (
            (runs.c.id == run)
            | ((runs.c.id == applied) & runs.c.state.in_(OPEN))
            | ((runs.c.applies_run == run) & runs.c.state.in_(_CUT_SHORT) & (runs.c.id != by))
        )
        with self._writer.begin() as connection:
            connection.execute(update(runs).where(theirs).values(state=RunState.SUPERSEDED, superseded_by=by))

    def expire(self, run: int, why: str) -> None:
        """The plan of `run` no longer holds, for the reason given: nobody can apply it any more."""
        expired = update(runs).where(runs.c.id == run).values(state=RunState.FAILED, error=why)
        with self._writer.begin() as connection:
            connection.execute(expired)

    def give_up(self, command: str, now: int, why: str) -> None:
        """A run of this command that still goes on is over, for the reason given: its process ends."""
        with self._writer.begin() as connection:
            for state, end in _CUT_OFF:
                goes_on = update(runs).where(runs.c.state == state, runs.c.command == command)
                connection.execute(goes_on.values(state=end, finished_at=now, error=why))

    def discard(self, run: int, *, because_of: int | None = None, outdates_but: Collection[str] = ()) -> None:
        """Forget a run that was only made to ask a question, and its plan.

        `because_of`: the held plan that stands for it; others give way to that one, as at a run's `end`.
        """
        with self._writer.begin() as connection:
            if because_of is not None:
                _outdate(connection, because_of, outdates_but)
            connection.execute(delete(changes).where(changes.c.run_id == run))
            connection.execute(delete(runs).where(runs.c.id == run))
            connection.execute(_NEVER_AGAIN, {"run": run})

    def interrupted(self, *, applying: int | None = None) -> list[int]:
        """Runs cut short while they were applied. Only the holder of the lock may ask: nobody else runs.

        `applying`: only those that applied this reviewed plan.
        """
        statement = _INTERRUPTED
        if applying is not None:
            statement = statement.where(runs.c.applies_run == applying)
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

    def because(self, run: int) -> str:
        """Why a run stands as it does: how it failed, or who decided on its plan; empty where nobody said."""
        with self._engine.connect() as connection:
            chosen = select(runs.c.error, runs.c.decided_by).where(runs.c.id == run)
            row = connection.execute(chosen).first()
        return "" if row is None else row.error or (row.decided_by and f"by {row.decided_by}")

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
        with self._engine.connect() as connection:
            facts = connection.execute(_LAST_FACTS).scalar()
        sizes: dict[str, int] = json.loads(facts).get("sizes", {}) if facts else {}
        return sizes


def _keep(connection: Connection, cursors: Collection[Cursor], now: int) -> None:
    connection.execute(delete(kept))
    columns = (*(column.name for column in _CURSOR), "taken_at")
    bulk.insert(connection, "cursors", columns, [(*cursor, now) for cursor in cursors])


def _outdate(connection: Connection, by: int, but: Collection[str]) -> None:
    """The plans that are held, but for `by`, are superseded by it; their changes are of no more use."""
    held = runs.c.state == RunState.HELD, runs.c.id != by, runs.c.command.not_in((*PREVIEWS, *but))
    outdated = update(runs).where(*held).values(state=RunState.SUPERSEDED, superseded_by=by)
    numbers = list(connection.execute(outdated.returning(runs.c.id)).scalars())
    if numbers:
        connection.execute(delete(changes).where(changes.c.run_id.in_(numbers)))


def _drop_old_plans(connection: Connection, now: int, *, but: int | None) -> None:
    """Plans nobody applied are of no use after a while: the world has moved on. What was applied stays."""
    old = connection.execute(_OLD_PLANS, {"before": now - KEEP_PLANS, "but": but or 0})
    numbers = list(old.scalars())
    if numbers:
        connection.execute(delete(changes).where(is_any_of(changes.c.run_id, numbers)))
        waited = update(runs).where(is_any_of(runs.c.id, numbers), _WAITS)
        connection.execute(waited.values(state=RunState.FAILED, error="nobody applied it within 30 days"))


def _held(run: int, command: str, state: str, facts: str) -> HeldPlan:
    known = json.loads(facts)
    objections = frozenset(entry["override"] for entry in known.get("objections", ()))
    return HeldPlan(run, command, RunState(state), objections, known.get("counts", {}))


def _record(row: RowMapping) -> RunRecord:
    return RunRecord(**{**row, "state": RunState(row["state"]), "facts": json.loads(row["facts"])})
