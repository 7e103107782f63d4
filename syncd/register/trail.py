"""The trail: everything that was ever done, by whom, in its order. It is only added to.

changes    what runs did, from the journal: the kind is the action, and its run says who asked
events     what people did by hand (orders, plans approved or rejected), and a seat given back because
           the platform refused somebody

Events name learners by their number alone, so that a deleted learner's data need not be looked for here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Engine, Row, and_, insert, select, true, tuple_

from syncd.model import ChangeState, Kind, TrailEntry
from syncd.register.schema import changes, events, lots, runs

_INCIDENTAL = [int(kind) for kind in (Kind.NOTE, Kind.SKIP)]
_TAKES = (Kind.CREATE, Kind.REACTIVATE, Kind.ALLOCATE, Kind.RENEW)
_PAGE = 5000
_CHANGES = (
    *(runs.c.started_at, runs.c.requested_by),
    *(changes.c[name] for name in ("run_id", "kind", "key", "learner_id", "email", "lot_id", "ends_at")),
    *(changes.c[name] for name in ("why", "data", "state", "outcome")),
)
_PLACE = (changes.c.run_id, changes.c.kind, changes.c.key)
_BY_TIME = (runs.c.started_at, *_PLACE)


def note(
    connection: Connection,
    at: int,
    actor: str,
    action: str,
    subject: tuple[str, int],
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    run: int | None = None,
) -> None:
    """Write an event down, in the transaction of what it tells of."""
    values = {"at": at, "actor": actor, "action": action, "subject": subject[0], "number": subject[1]}
    told = {"before": _json(before), "after": _json(after), "run_id": run}
    connection.execute(insert(events).values(**values, **told))


class Trail:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(
        self,
        *,
        since: int | None = None,
        before: int | None = None,
        learner: int | None = None,
        order: int | None = None,
    ) -> Iterator[TrailEntry]:
        """Everything from `since` to just before `before`, of one learner or order, oldest first."""
        with self._engine.connect() as connection:
            yield from merge(
                _events(connection, _of_events(since, before, learner, order), events.c.at),
                self._changes(_of_changes(since, before, learner, order), _BY_TIME),
                key=lambda entry: (entry.at, entry.run or 0, entry.place),
            )

    def by_run(self) -> Iterator[TrailEntry]:
        """What became of learners, run after run: as it happened, whatever the clock said at the time."""
        by_runs = and_(events.c.subject == "learner", events.c.run_id.is_not(None))
        with self._engine.connect() as connection:
            yield from merge(
                _events(connection, by_runs, events.c.run_id),
                self._changes(_of_changes(None, None, None, None), _PLACE),
                key=lambda entry: (entry.run or 0, entry.place),
            )

    def _changes(self, chosen: ColumnElement[bool], place: Sequence[Column[Any]]) -> Iterator[TrailEntry]:
        """Page by page, so that no transaction stays open while they are shown."""
        statement = select(*_CHANGES).join(runs, runs.c.id == changes.c.run_id).where(chosen)
        last: tuple[Any, ...] | None = None
        while True:
            page = statement if last is None else statement.where(tuple_(*place) > last)
            with self._engine.connect() as connection:
                rows = connection.execute(page.order_by(*place).limit(_PAGE)).all()
            if not rows:
                return
            last = tuple(getattr(rows[-1], column.name) for column in place)
            yield from map(_of_change, rows)


def _events(connection: Connection, chosen: ColumnElement[bool], first: Column[Any]) -> Iterator[TrailEntry]:
    for row in connection.execute(select(events).where(chosen).order_by(first, events.c.id)):
        yield TrailEntry(
            at=row.at,
            run=row.run_id,
            place=2,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            number=row.number,
            before=orjson.loads(row.before),
            after=orjson.loads(row.after),
        )


def _of_change(row: Row[Any]) -> TrailEntry:
    kind, data = Kind(row.kind), orjson.loads(row.data)
    seat = {} if row.lot_id is None else {"lot": row.lot_id, "ends_at": row.ends_at}
    after = {**data.get("set", {}), **{name: data[name] for name in ("renews", "starts_at") if name in data}}
    return TrailEntry(
        at=row.started_at,
        run=row.run_id,
        place=1,
        actor=row.requested_by,
        action=kind.name.lower(),
        subject="learner",
        number=row.learner_id or 0,
        email=row.email,
        before={**data.get("was", {}), **({} if kind in _TAKES else seat)},
        after={**after, **(seat if kind in _TAKES else {})},
        why=row.why,
        refused=row.outcome if row.state == ChangeState.REFUSED else "",
    )


def _of_events(
    since: int | None, before: int | None, learner: int | None, order: int | None
) -> ColumnElement[bool]:
    wanted = [] if since is None else [events.c.at >= since]
    wanted += [] if before is None else [events.c.at < before]
    for subject, number in (("learner", learner), ("order", order)):
        wanted += [] if number is None else [and_(events.c.subject == subject, events.c.number == number)]
    return and_(true(), *wanted)


def _of_changes(
    since: int | None, before: int | None, learner: int | None, order: int | None
) -> ColumnElement[bool]:
    done = changes.c.state != ChangeState.PLANNED, changes.c.kind.not_in(_INCIDENTAL)
    wanted = [] if since is None else [runs.c.started_at >= since]
    wanted += [] if before is None else [runs.c.started_at < before]
    wanted += [] if learner is None else [changes.c.learner_id == learner]
    if order is not None:
        wanted.append(changes.c.lot_id.in_(select(lots.c.id).where(lots.c.order_id == order)))
    return and_(*done, *wanted)


def _json(told: Mapping[str, Any] | None) -> str:
    return orjson.dumps(told or {}).decode()
