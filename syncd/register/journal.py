"""The journal: every plan, change by change, and its fate. Preview, approval, outbox and history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, delete, func, select, tuple_, update

from syncd.model import Change, ChangeState, Entry, Kind, Profile
from syncd.plan.seats import Seat, SeatRequest
from syncd.register import bulk
from syncd.register.schema import changes

_COLUMNS = ("run_id", "kind", "key", "email", "name", "why", "learner_id", "lot_id", "ends_at", "data")
_READ = tuple(changes.c[name] for name in (*_COLUMNS, "state", "outcome"))
_CHUNK = 10_000
_KINDS = {int(kind): kind for kind in Kind}
_STATES = {str(state): state for state in ChangeState}


class Journal:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)

    def write(self, run: int, planned: Sequence[Change]) -> None:
        """Add changes to a plan that is being made."""
        if planned:
            with self._writer.begin() as connection:
                bulk.insert(connection, "changes", _COLUMNS, [_row(run, change) for change in planned])

    def take_back(self, run: int, key: str) -> list[Change]:
        """Remove the creation under `key`, and then whatever joins it, from a plan that is being made."""
        created = select(changes.c.learner_id).where(
            changes.c.run_id == run, changes.c.kind == Kind.CREATE, changes.c.key == key
        )
        with self._writer.begin() as connection:
            learner = connection.execute(created).scalar()
            if learner is None:
                return []
            mine = changes.c.learner_id == learner, changes.c.kind.in_((Kind.CREATE, Kind.JOIN))
            rows = connection.execute(_in(run).where(*mine).order_by(changes.c.kind, changes.c.key)).all()
            connection.execute(delete(changes).where(changes.c.run_id == run, *mine))
        return [_entry(row).change for row in rows]

    def seat(self, run: int, granted: Sequence[Seat]) -> None:
        """Write the granted seats onto the changes that take them."""
        statement = 'UPDATE changes SET lot_id = ?, ends_at = ? WHERE run_id = ? AND kind = ? AND "key" = ?'
        with self._writer.begin() as connection:
            for start in range(0, len(granted), _CHUNK):
                rows = [
                    (seat.lot, seat.ends_at, run, int(seat.request.kind), seat.request.key)
                    for seat in granted[start : start + _CHUNK]
                ]
                bulk.execute(connection, statement, rows)

    def seat_newcomers(self, run: int, lot: int, ends_at: int) -> None:
        """As `seat`, for every creation of the plan and all from one lot: the usual first sync."""
        with self._writer.begin() as connection:
            chosen = changes.c.run_id == run, changes.c.kind == int(Kind.CREATE)
            connection.execute(update(changes).where(*chosen).values(lot_id=lot, ends_at=ends_at))

    def let_wait(self, run: int, waiting: Sequence[tuple[SeatRequest, str]]) -> None:
        """Turn the creations that found no seat into waiting, each with its reason."""
        statement = 'UPDATE changes SET kind = ?, why = ? WHERE run_id = ? AND kind = ? AND "key" = ?'
        rows = [(int(Kind.WAIT), why, run, int(Kind.CREATE), request.key) for request, why in waiting]
        with self._writer.begin() as connection:
            bulk.execute(connection, statement, rows)

    def counts(self, run: int) -> dict[Kind, int]:
        with self._engine.connect() as connection:
            statement = (
                select(changes.c.kind, func.count()).where(changes.c.run_id == run).group_by(changes.c.kind)
            )
            return {Kind(kind): many for kind, many in connection.execute(statement)}

    def outcomes(self, run: int) -> dict[ChangeState, int]:
        with self._engine.connect() as connection:
            statement = (
                select(changes.c.state, func.count()).where(changes.c.run_id == run).group_by(changes.c.state)
            )
            return {ChangeState(state): many for state, many in connection.execute(statement)}

    def read(
        self,
        run: int,
        *,
        kinds: Sequence[Kind] = (),
        state: ChangeState | None = None,
        search: str = "",
        page: int = 5000,
    ) -> Iterator[Entry]:
        """The changes of a run in the order they are applied, a page in memory at a time."""
        chosen = _in(run)
        if kinds:
            chosen = chosen.where(changes.c.kind.in_([int(kind) for kind in kinds]))
        if state is not None:
            chosen = chosen.where(changes.c.state == state)
        if search:
            chosen = chosen.where(_mentions(search))
        for batch in self._pages(chosen, page):
            yield from batch

    def batches(self, run: int, size: int) -> Iterator[list[Entry]]:
        """The planned changes of a run, in order, `size` at a time."""
        return self._pages(_in(run).where(changes.c.state == ChangeState.PLANNED), size)

    def undelivered(self, size: int) -> Iterator[list[Entry]]:
        """What the register has recorded and the platform has not got, oldest run first."""
        return self._pages(select(*_READ).where(changes.c.state == ChangeState.RECORDED), size, runs=True)

    def drop(self, run: int, keys: Sequence[tuple[Kind, str]]) -> None:
        """Take changes out of a plan that is being made."""
        statement = 'DELETE FROM changes WHERE run_id = ? AND kind = ? AND "key" = ?'
        with self._writer.begin() as connection:
            bulk.execute(connection, statement, [(run, int(kind), key) for kind, key in keys])

    def forget_notes(self, run: int) -> None:
        """The register remembers what notes said; their rows are of no further use."""
        with self._writer.begin() as connection:
            connection.execute(
                delete(changes).where(
                    changes.c.run_id == run,
                    changes.c.kind == Kind.NOTE,
                    changes.c.state == ChangeState.DELIVERED,
                )
            )

    def _pages(self, chosen: Select[Any], size: int, *, runs: bool = False) -> Iterator[list[Entry]]:
        """Page by page, each from where the last one ended. `runs`: of more than one run."""
        order = (changes.c.run_id, changes.c.kind, changes.c.key) if runs else (changes.c.kind, changes.c.key)
        last: tuple[Any, ...] | None = None
        while True:
            statement = chosen if last is None else chosen.where(tuple_(*order) > last)
            with self._engine.connect() as connection:
                rows = connection.execute(statement.order_by(*order).limit(size)).all()
            if not rows:
                return
            last = tuple(rows[-1][3 - len(order) : 3])
            yield [_entry(row) for row in rows]


def mark(
    connection: Connection, run: int, rows: Sequence[tuple[Kind, str]], state: ChangeState, outcome: str = ""
) -> None:
    """Say what became of changes, in the transaction that made it so."""
    statement = 'UPDATE changes SET state = ?, outcome = ? WHERE run_id = ? AND kind = ? AND "key" = ?'
    bulk.execute(connection, statement, [(str(state), outcome, run, int(kind), key) for kind, key in rows])


def mark_through(connection: Connection, run: int, first: Change, last: Change, state: ChangeState) -> None:
    """As `mark`, for every planned change of a run from `first` to `last` in one statement."""
    place = tuple_(changes.c.kind, changes.c.key)
    connection.execute(
        update(changes)
        .where(changes.c.run_id == run, changes.c.state == ChangeState.PLANNED)
        .where(place >= (int(first.kind), first.key), place <= (int(last.kind), last.key))
        .values(state=str(state))
    )


def unseat(connection: Connection, run: int, without: Sequence[Change]) -> None:
    """These changes took no seat after all: the journal does not say that they did."""
    statement = 'UPDATE changes SET lot_id = NULL, ends_at = NULL WHERE run_id = ? AND kind = ? AND "key" = ?'
    rows = [(run, int(change.kind), change.key) for change in without if change.lot is not None]
    bulk.execute(connection, statement, rows)


def _in(run: int) -> Select[Any]:
    return select(*_READ).where(changes.c.run_id == run)


def _mentions(search: str) -> ColumnElement[bool]:
    wanted = search.lower()
    return (
        func.lower(changes.c.email).contains(wanted, autoescape=True)
        | func.lower(changes.c.name).contains(wanted, autoescape=True)
        | func.lower(changes.c.key).contains(wanted, autoescape=True)
    )


def _row(run: int, change: Change) -> tuple[Any, ...]:
    return (
        run,
        int(change.kind),
        change.key,
        change.email,
        change.name,
        change.why,
        change.learner,
        change.lot,
        change.ends_at,
        orjson.dumps(change.data, default=list).decode() if change.data else "{}",
    )


def _entry(row: Row[Any]) -> Entry:
    """A row of `_READ`, in its order. The hot path of recording: no look-up by column."""
    run, kind, key, email, name, why, learner, lot, ends_at, raw, state, outcome = tuple(row)
    data: dict[str, Any] = orjson.loads(raw)
    if "profile" in data:
        data["profile"] = Profile._make(data["profile"])
    change = Change(_KINDS[kind], key, email, name, why, learner, data, lot, ends_at)
    return Entry(run, change, _STATES[state], outcome)
