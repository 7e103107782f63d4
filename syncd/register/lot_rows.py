"""Lots as they stand at a moment: how many of their seats are taken, and how many are over."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, Subquery, func, select

from syncd.model import LicenseType
from syncd.register.schema import lots


@dataclass(frozen=True, slots=True)
class LotStatus:
    """A lot's seats at one moment: quantity = allocated + available + expired."""

    id: int
    order: int
    type: LicenseType
    quantity: int
    starts_at: int
    ends_at: int
    allocated: int
    available: int
    expired: int


def statuses(connection: Connection, used: Subquery, now: int, *, begun: bool = False) -> list[LotStatus]:
    """Every lot, or those begun by `now`, with its seats at that moment; `used` counts those taken by lot."""
    statement = select(lots, func.coalesce(used.c.used, 0).label("used")).outerjoin(
        used, used.c.lot_id == lots.c.id
    )
    if begun:
        statement = statement.where(lots.c.starts_at <= now)
    rows = connection.execute(statement.order_by(lots.c.ends_at, lots.c.id)).mappings()
    return [_status(row, now) for row in rows]


def _status(row: RowMapping, now: int) -> LotStatus:
    over = row["ends_at"] <= now
    return LotStatus(
        id=row["id"],
        order=row["order_id"],
        type=LicenseType(row["type"]),
        quantity=row["quantity"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        allocated=0 if over else row["used"],
        available=0 if over else row["quantity"] - row["used"],
        expired=row["quantity"] if over else 0,
    )
