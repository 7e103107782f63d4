"""Renewable: the learners whose license may be renewed, as people choose them: all, by unit, by address."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select

from syncd.register.bulk import is_any_of
from syncd.register.schema import learners
from syncd.register.standing import is_over, live, scheduled, with_licenses


class Renewable:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ending(
        self,
        now: int,
        *,
        within: int = 0,
        groups: Collection[str] = (),
        departments: Collection[str] = (),
        include_left: bool = False,
    ) -> list[int]:
        """Learners whose license is over, or ends within so many seconds and is not followed by another."""
        soon = and_(live.c.ends_at <= now + within, scheduled.c.id.is_(None))
        statement = select(learners.c.id).select_from(with_licenses(learners))
        statement = statement.where(or_(is_over(now), soon), learners.c.deleted_at.is_(None))
        if groups or departments:
            statement = statement.where(
                or_(_in(learners.c.group, groups), _in(learners.c.department, departments))
            )
        if not include_left:
            statement = statement.where(learners.c.left_at.is_(None))
        with self._engine.connect() as connection:
            return list(connection.execute(statement.order_by(learners.c.id)).scalars())

    def over(self, now: int) -> int:
        """How many people `ending` would name whose license is over."""
        here = learners.c.deleted_at.is_(None), learners.c.left_at.is_(None)
        statement = select(func.count()).select_from(with_licenses(learners)).where(is_over(now), *here)
        with self._engine.connect() as connection:
            return connection.execute(statement).scalar_one()

    def lapsing(self, now: int, within: int) -> dict[int, int]:
        """By lot, how many people who are here lose their license when it ends, within so many seconds."""
        ends = live.c.ends_at > now, live.c.ends_at <= now + within, scheduled.c.id.is_(None)
        statement = (
            select(live.c.lot_id, func.count())
            .select_from(with_licenses(learners))
            .where(*ends, learners.c.left_at.is_(None))
            .group_by(live.c.lot_id)
        )
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def numbers(self, emails: Sequence[str]) -> dict[str, int]:
        """The learners with these addresses; who is missing from it is no learner."""
        with self._engine.connect() as connection:
            chosen = is_any_of(learners.c.email, [email.lower() for email in emails])
            rows = connection.execute(select(learners.c.email, learners.c.id).where(chosen))
            return {row[0]: row[1] for row in rows}

    def units(self, column: str) -> list[str]:
        """The groups or departments there are, by name."""
        named = learners.c[column]
        with self._engine.connect() as connection:
            statement = select(named).where(named.is_not(None), named != "").distinct().order_by(named)
            return list(connection.execute(statement).scalars())


def _in(column: ColumnElement[str], names: Collection[str]) -> ColumnElement[bool]:
    """In any case, as people write it."""
    return func.lower(column).in_([name.lower() for name in names])
