"""Moves: how often a seat has gone from one person to another, where the contract counts that."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Engine, func, select

from syncd.register.bulk import is_any_of
from syncd.register.schema import allocations
from syncd.register.seats import REFUSED

_held, _taken, _earlier = (allocations.alias(name) for name in ("held", "taken", "earlier"))


class Moves:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def used_up(self, learners: Collection[int], most: int, since: int) -> set[tuple[int, int]]:
        """Of these learners' seats, as learner and lot, those that have moved `most` times after `since`.

        A seat moves when somebody else gets it than who had it before. That a platform refused somebody
        is no move.
        """
        before = (
            select(_earlier.c.id)
            .where(_earlier.c.lot_id == _taken.c.lot_id, _earlier.c.seat == _taken.c.seat)
            .where(_earlier.c.id < _taken.c.id, _earlier.c.learner_id != _taken.c.learner_id)
            .where(_earlier.c.ended_because.not_like(f"{REFUSED}%"))
        )
        moves = (
            select(func.count(_taken.c.id))
            .where(_taken.c.lot_id == _held.c.lot_id, _taken.c.seat == _held.c.seat)
            .where(_taken.c.allocated_at > since, _taken.c.ended_because.not_like(f"{REFUSED}%"))
            .where(before.exists())
            .correlate(_held)
            .scalar_subquery()
        )
        with self._engine.connect() as connection:
            theirs = is_any_of(_held.c.learner_id, learners)
            statement = select(_held.c.learner_id, _held.c.lot_id).where(theirs, _held.c.ended_at.is_(None))
            return {(row[0], row[1]) for row in connection.execute(statement.where(moves >= most))}
