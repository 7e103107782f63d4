"""The journal: every plan, change by change, and its fate. Preview, approval, outbox and history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    bindparam,
    delete,
    func,
    select,
    tuple_,
    update,
)

from syncd.model import Change, ChangeState, Entry, Kind, Profile
from syncd.plan.seats import Seat, SeatRequest
from syncd.register import bulk
from syncd.register.bulk import is_any_of
from syncd.register.database import drafting
from syncd.register.schema import changes

_COLUMNS = ("run_id", "kind", "key", "email", "name", "why", "learner_id", "lot_id", "ends_at", "data")
_READ = tuple(changes.c[name] for name in (*_COLUMNS, "state", "outcome"))
_PLACE = (changes.c.run_id, changes.c.kind, changes.c.key)
_CHUNK = 10_000
_ONES_OWN = (Kind.LINK, Kind.UPDATE, Kind.REACTIVATE, Kind.CREATE, Kind.JOIN, Kind.NOTE, Kind.SKIP)
_KINDS = {int(kind): kind for kind in Kind}
_STATES = {str(state): state for state in ChangeState}

Place = tuple[Kind, str]
"""Where a change stands in its plan: by kind and key."""
Refusals = list[tuple[Change, str]]
"""Changes that could not be made, each with the reason."""


_HERE = changes.c.run_id == bindparam("run")
_UNSETTLED = (
    select(changes.c.key)
    .where(_HERE, (changes.c.kind == int(Kind.SKIP)) | (changes.c.state == ChangeState.REFUSED))
    .distinct()
)
_BETWEEN = (
    changes.c.state == ChangeState.PLANNED,
    tuple_(*_PLACE[1:]) >= tuple_(bindparam("from_kind"), bindparam("from_key")),
    tuple_(*_PLACE[1:]) <= tuple_(bindparam("to_kind"), bindparam("to_key")),
)
_PLANNED = select(*_READ).where(_HERE, *_BETWEEN).order_by(*_PLACE[1:])
_MARK = 'UPDATE changes SET state = ?, outcome = ? WHERE run_id = ? AND kind = ? AND "key" = ?'
_MARK_PLANNED = update(changes).where(_HERE, *_BETWEEN)
_COUNTS, _OUTCOMES = (
    select(column, func.count()).where(_HERE).group_by(column) for column in (changes.c.kind, changes.c.state)
)


class Journal:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = drafting(engine)

    def write(self, run: int, planned: Sequence[Change]) -> None:
        """Add changes to a plan that is being made."""
        if planned:
            with self._writer.begin() as connection:
                bulk.insert(connection, "changes", _COLUMNS, [_row(run, change) for change in planned])

    def take_back(self, run: int, key: str) -> list[Change]:
        """Remove what stands under `key`, and whatever joins its creation, from a plan that is being made."""
        created = select(changes.c.learner_id).where(
            changes.c.run_id == run, changes.c.kind == Kind.CREATE, changes.c.key == key
        )
        with self._writer.begin() as connection:
            mine = changes.c.key == key
            learner = connection.execute(created).scalar()
            if learner is not None:
                mine |= (changes.c.learner_id == learner) & changes.c.kind.in_((Kind.CREATE, Kind.JOIN))
            chosen = mine & changes.c.kind.in_(_ONES_OWN)
            rows = connection.execute(_in(run).where(chosen).order_by(changes.c.kind, changes.c.key)).all()
            connection.execute(delete(changes).where(changes.c.run_id == run, chosen))
        return [_entry(row).change for row in rows]

    def unsettled(self, run: int) -> list[str]:
        """The keys of those whom a run left as they were, named with a reason: skipped, or refused."""
        with self._engine.connect() as connection:
            return sorted(connection.execute(_UNSETTLED, {"run": run}).scalars())

    def under(self, run: int, keys: Collection[str]) -> Iterator[Entry]:
        """What a plan that is being made says of the people with these keys."""
        with self._engine.connect() as connection:
            chosen = changes.c.kind.in_(_ONES_OWN), is_any_of(changes.c.key, keys)
            rows = connection.execute(_in(run).where(*chosen).order_by(changes.c.kind, changes.c.key)).all()
        for row in rows:
            yield _entry(row)

    def seat(self, run: int, granted: Sequence[Seat]) -> None:
        """Write the granted seats onto the changes that take them."""
        if not granted:
            return
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
        self._execute(statement, rows)

    def counts(self, run: int) -> dict[Kind, int]:
        with self._engine.connect() as connection:
            return {Kind(kind): many for kind, many in connection.execute(_COUNTS, {"run": run})}

    def outcomes(self, run: int) -> dict[ChangeState, int]:
        with self._engine.connect() as connection:
            return {ChangeState(state): many for state, many in connection.execute(_OUTCOMES, {"run": run})}

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

    def batches(self, run: int, size: int) -> Iterator[Batch]:
        """The planned changes of a run, in order, `size` at a time."""
        planned = select(*_PLACE).where(changes.c.run_id == run, changes.c.state == ChangeState.PLANNED)
        for rows in self._rows(planned, size):
            yield Batch(self._engine, run, _place(rows[0]), _place(rows[-1]), len(rows))

    def undelivered(self, size: int) -> Iterator[list[Entry]]:
        """What the register has recorded and the platform has not got, oldest run first."""
        return self._pages(select(*_READ).where(changes.c.state == ChangeState.RECORDED), size, runs=True)

    def drop(self, run: int, keys: Sequence[tuple[Kind, str]]) -> None:
        """Take changes out of a plan that is being made."""
        statement = 'DELETE FROM changes WHERE run_id = ? AND kind = ? AND "key" = ?'
        self._execute(statement, [(run, int(kind), key) for kind, key in keys])

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

    def _execute(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Once for each row, in a transaction of its own; none for no rows."""
        if rows:
            with self._writer.begin() as connection:
                bulk.execute(connection, statement, rows)

    def _pages(self, chosen: Select[Any], size: int, *, runs: bool = False) -> Iterator[list[Entry]]:
        for rows in self._rows(chosen, size, runs=runs):
            yield [_entry(row) for row in rows]

    def _rows(self, chosen: Select[Any], size: int, *, runs: bool = False) -> Iterator[Sequence[Row[Any]]]:
        """Page by page, each from where the last one ended. `runs`: of more than one run."""
        order = _PLACE if runs else _PLACE[1:]
        last: tuple[Any, ...] | None = None
        while True:
            statement = chosen if last is None else chosen.where(tuple_(*order) > last)
            with self._engine.connect() as connection:
                rows = connection.execute(statement.order_by(*order).limit(size)).all()
            if rows:
                last = tuple(rows[-1][3 - len(order) : 3])
                yield rows
            if len(rows) < size:
                return


class Batch:
    """Planned changes that are applied together: known by their ends, read when somebody looks at them."""

    def __init__(self, engine: Engine, run: int, first: Place, last: Place, size: int) -> None:
        self._engine = engine
        self._run = run
        self._size = size
        self.first = first
        self.last = last

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @cached_property
    def _entries(self) -> list[Entry]:
        ends = _between(self._run, self.first, self.last)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(_PLANNED, ends)]


def mark(connection: Connection, answered: Sequence[tuple[Entry, ChangeState, str]]) -> None:
    """Say what became of changes, and why, in the transaction that made it so."""
    places = ((entry.run, int(entry.change.kind), entry.change.key) for entry, _, _ in answered)
    fates = ((str(state), why) for _, state, why in answered)
    bulk.execute(connection, _MARK, [(*fate, *place) for fate, place in zip(fates, places, strict=True)])


def refuse(connection: Connection, run: int, refusals: Refusals) -> None:
    """Say of each of these changes why it could not be made."""
    state = str(ChangeState.REFUSED)
    rows = [(state, why, run, int(change.kind), change.key) for change, why in refusals]
    bulk.execute(connection, _MARK, rows)


def mark_through(connection: Connection, run: int, first: Place, last: Place, state: ChangeState) -> None:
    """As `mark`, for every planned change of a run from `first` to `last` in one statement."""
    connection.execute(_MARK_PLANNED, {**_between(run, first, last), "state": str(state)})


def _between(run: int, first: Place, last: Place) -> dict[str, Any]:
    ends = {"from_kind": int(first[0]), "from_key": first[1], "to_kind": int(last[0]), "to_key": last[1]}
    return {"run": run, **ends}


def _place(row: Row[Any]) -> Place:
    return _KINDS[row.kind], row.key


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
