"""Reports: licenses by unit and by the day they end."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_, select

from syncd.register.schema import learners
from syncd.register.standing import following, is_licensed, is_over, last, live, with_licenses

UNITS = ("group", "department", "role", "language")


@dataclass(frozen=True, slots=True)
class UnitReport:
    """The learners of a unit whose licenses end, or ended, at one moment.

    `renewed`: of the licensed, those whose next license is reserved. `left`: those who have left.
    """

    unit: str
    ends_at: int
    licensed: int
    renewed: int
    left: int
    expired: int


class Reports:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def by_unit(self, column: str, now: int) -> list[UnitReport]:
        """By one of `UNITS` and the end of the license, in this order."""
        unit = func.coalesce(learners.c[column], "")
        licensed, begun = is_licensed(now), func.coalesce(following.c.starts_at <= now, False)
        ends_at = func.coalesce(case((begun, following.c.ends_at)), live.c.ends_at, last.c.ends_at)
        here = learners.c.left_at.is_(None)
        statement = (
            select(
                unit.label("unit"),
                ends_at.label("ends_at"),
                _many(licensed),
                _many(and_(licensed, following.c.id.is_not(None), ~begun)),
                _many(and_(licensed, ~here)),
                _many(and_(is_over(now), here)),
            )
            .select_from(with_licenses(learners))
            .where(or_(licensed, and_(is_over(now), here)), learners.c.deleted_at.is_(None))
            .group_by(unit, ends_at)
            .order_by(unit, ends_at)
        )
        with self._engine.connect() as connection:
            return [UnitReport(*row) for row in connection.execute(statement)]


def _many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
