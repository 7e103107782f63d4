"""Reconciling: how the licenses stood at any moment, by the rows; and whether the trail says the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Engine, func, or_, select

from syncd.licensing.replay import replay
from syncd.register.lot_rows import LotStatus, statuses
from syncd.register.schema import allocations
from syncd.register.trail import Trail

_FACTS = ("learner_id", "lot_id", "allocated_at", "starts_at", "state", "ended_at")


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """An allocation that only the rows or only the trail has; `rows` and `trail` are how often."""

    learner: int
    lot: int
    allocated_at: int
    state: str
    rows: int
    trail: int


class Reconciling:
    def __init__(self, engine: Engine, trail: Trail) -> None:
        self._engine = engine
        self._trail = trail

    def at(self, moment: int) -> list[LotStatus]:
        """Every lot there was at `moment`, with its seats as they were then."""
        held = (
            select(allocations.c.lot_id, func.count().label("used"))
            .where(
                allocations.c.allocated_at <= moment,
                or_(allocations.c.ended_at.is_(None), allocations.c.ended_at > moment),
            )
            .group_by(allocations.c.lot_id)
            .subquery()
        )
        with self._engine.connect() as connection:
            return statuses(connection, held, moment, begun=True)

    def discrepancies(self) -> list[Discrepancy]:
        """Where the allocations and what the trail comes to when it is told again differ; empty: nowhere."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(*(allocations.c[name] for name in _FACTS)))
            there = Counter(tuple(value or 0 for value in row) for row in rows)
        told = Counter(holding.facts for holding in replay(self._trail.as_written()))
        return [
            Discrepancy(*_named(facts), rows=there[facts], trail=told[facts])
            for facts in sorted({*there, *told}, key=repr)
            if there[facts] != told[facts]
        ]


def _named(facts: tuple[object, ...]) -> tuple[int, int, int, str]:
    learner, lot, allocated_at, _, state, _ = facts
    return int(str(learner)), int(str(lot)), int(str(allocated_at)), str(state)
