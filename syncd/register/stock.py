"""Stocktaking: what a forecast rests on, counted by the database; and the people behind a number, by name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, RowMapping, Select, and_, exists, func, or_, select

from syncd.licensing.stock import History, LotStock, Stock
from syncd.model import LicenseType, OrderState
from syncd.register.bulk import is_any_of
from syncd.register.schema import LAPSED, allocations, learners, lots, orders, waiting
from syncd.register.seats import HELD

_HERE = learners.c.left_at.is_(None)
_STAYS = and_(learners.c.account == "active", _HERE)
_next = allocations.alias("next")
_past = allocations.alias("past")
_IS_RENEWED = exists().where(_next.c.renews == allocations.c.id, _next.c.state == "scheduled")
_LATEST = select(func.max(_past.c.id)).where(
    _past.c.learner_id == learners.c.id, _past.c.ended_at.is_not(None)
)
_LAPSED = and_(
    LAPSED,
    allocations.c.state == "expired",
    allocations.c.id == _LATEST.correlate(learners).scalar_subquery(),
    ~exists().where(waiting.c.learner_id == learners.c.id),
)
"""Suspended because this license has ended, and not in line for another."""
_PERSON = (
    learners.c.id, learners.c.email, learners.c.first_name, learners.c.last_name, learners.c.department
)  # fmt: skip


class Holder(NamedTuple):
    """Somebody who is still here and whose license ends."""

    learner: int
    email: str
    name: str
    department: str
    ends_at: int


class Stocktaking:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def stock(self, type_: LicenseType, now: int) -> Stock:
        """The lots of a type that have not ended, with who holds them; who waits; what is on order."""
        line = select(func.count()).select_from(waiting).where(waiting.c.type == type_)
        asked = select(func.coalesce(func.sum(orders.c.quantity), 0)).where(
            orders.c.type == type_, orders.c.state == OrderState.REQUESTED, ~orders.c.draft
        )
        with self._engine.connect() as connection:
            rows = connection.execute(_lots_and_holders(type_)).mappings().all()
            away = _away(connection)
            lapsed = _lapsed(connection)
            waits = connection.execute(line).scalar_one()
            requested = connection.execute(asked).scalar_one()
        found = [_lot(row, away[row["id"]], lapsed.get(row["id"], 0)) for row in rows]
        return Stock(
            lots=tuple(lot for lot in found if lot.ends_at > now),
            over=tuple(lot for lot in found if lot.ends_at <= now and lot.staying),
            waiting=waits,
            requested=requested,
        )

    def history(self) -> History:
        """When learners came, and when those left who have left."""
        came = select(learners.c.created_at, func.count(), func.count(learners.c.left_at))
        went = select(learners.c.left_at, func.count()).where(learners.c.left_at.is_not(None))
        with self._engine.connect() as connection:
            joined = connection.execute(came.group_by(learners.c.created_at)).all()
            left = connection.execute(went.group_by(learners.c.left_at)).all()
        return History(
            joined=tuple(sorted((moment, many) for moment, many, _ in joined)),
            left=tuple(sorted((moment, many) for moment, many in left)),
            heads=sum(many - gone for _, many, gone in joined),
        )

    def holders(self, lot_ids: Collection[int]) -> Iterator[Holder]:
        """Who is here and loses, or has lost, a license of these lots with none to follow; seat by seat.

        They are not held in memory.
        """
        if not lot_ids:
            return
        with self._engine.connect().execution_options(yield_per=1000) as connection:
            statement = (
                select(*_PERSON, lots.c.ends_at)
                .select_from(allocations)
                .join(learners, learners.c.id == allocations.c.learner_id)
                .join(lots, lots.c.id == allocations.c.lot_id)
                .where(
                    is_any_of(allocations.c.lot_id, lot_ids),
                    or_(and_(HELD, _STAYS, ~_IS_RENEWED), _LAPSED),
                )
                .order_by(lots.c.ends_at, allocations.c.lot_id, allocations.c.seat)
            )
            for row in connection.execute(statement).mappings():
                yield _holder(row)


def _lots_and_holders(type_: LicenseType) -> Select[Any]:
    """Each lot with how many of its seats are held. The index of held seats answers it alone."""
    held = (
        select(allocations.c.lot_id, func.count().label("many"))
        .where(HELD)
        .group_by(allocations.c.lot_id)
        .subquery()
    )
    return (
        select(lots, func.coalesce(held.c.many, 0).label("held"))
        .outerjoin(held, held.c.lot_id == lots.c.id)
        .where(lots.c.type == type_)
        .order_by(lots.c.ends_at, lots.c.id)
    )


def _away(connection: Connection) -> dict[int, Counter[int | None]]:
    """By lot: how many of its seats are held by people who left, by when; and (None) by accounts not in use
    and by people whose renewal is there.

    They are few: their seats are looked up one by one, and the others are never read.
    """
    mine = and_(allocations.c.learner_id == learners.c.id, HELD)
    statement = (
        select(allocations.c.lot_id, learners.c.left_at, func.count())
        .select_from(learners)
        .outerjoin(allocations, mine)  # an inner join would let the database begin with all the seats
        .where(or_(learners.c.left_at.is_not(None), learners.c.account != "active"))
        .group_by(allocations.c.lot_id, learners.c.left_at)
    )
    away: dict[int, Counter[int | None]] = defaultdict(Counter)
    for lot, left_at, many in connection.execute(statement):
        if lot is not None:
            away[lot][left_at] = many
    renewed = (
        select(allocations.c.lot_id, func.count())
        .select_from(_next)
        .join(allocations, allocations.c.id == _next.c.renews)
        .join(learners, learners.c.id == allocations.c.learner_id)
        .where(_next.c.state == "scheduled", HELD, _STAYS)
        .group_by(allocations.c.lot_id)
    )
    for lot, many in connection.execute(renewed):
        away[lot][None] += many
    return away


def _lapsed(connection: Connection) -> dict[int, int]:
    """By lot: how many people who are here have lost a license of it, and have no other."""
    statement = (
        select(allocations.c.lot_id, func.count())
        .select_from(learners)
        .join(allocations, allocations.c.learner_id == learners.c.id)
        .where(_LAPSED)
        .group_by(allocations.c.lot_id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _lot(row: RowMapping, away: Counter[int | None], lapsed: int) -> LotStock:
    return LotStock(
        id=row["id"],
        order=row["order_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        free=row["quantity"] - row["held"],
        staying=row["held"] - away.total() + lapsed,
        leaving=tuple(sorted((left_at, many) for left_at, many in away.items() if left_at is not None)),
    )


def _holder(row: RowMapping) -> Holder:
    name = f"{row['first_name']} {row['last_name']}".strip()
    return Holder(row["id"], row["email"], name, row["department"], row["ends_at"])
