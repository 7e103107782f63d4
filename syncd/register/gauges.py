"""Gauges: the register in a handful of numbers, for whoever watches it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, literal_column, select

from syncd.model import RunState
from syncd.register import seats
from syncd.register.runs import HAS_READ, PREVIEWS
from syncd.register.schema import allocations, changes, learners, lots, runs, waiting

SOON = 30 * 86_400
_next = allocations.alias("next")
_FOLLOWED = (
    select(_next.c.id)
    .where(_next.c.learner_id == allocations.c.learner_id, _next.c.type == allocations.c.type)
    .where(_next.c.state == literal_column("'scheduled'"))
    .correlate(allocations)
    .exists()
)
"""Whether the renewal of an allocation is reserved. The literal, so that SQLite takes the index for it."""
_UNDELIVERED = select(func.count()).where(changes.c.state == literal_column("'recorded'"))
_REFUSED = select(func.count()).where(learners.c.refused != literal_column("''"))


@dataclass(frozen=True, slots=True)
class Reading:
    """One moment. `licenses` by (type, state): available, allocated or expired.

    `ending_soon`: licenses people hold that end within thirty days, with none reserved to follow.
    `waiting`: people in line, by type. `learners`: by account. `held`: plans that wait for somebody, since
    the last run that went through, no mere previews; `succeeded_at`: when that was, 0 for never.
    `undelivered`: changes a platform of its own has yet to be told; `refused`: learners it would not have.
    """

    licenses: Mapping[tuple[str, str], int]
    ending_soon: int
    waiting: Mapping[str, int]
    learners: Mapping[str, int]
    held: int
    succeeded_at: int
    undelivered: int = 0
    refused: int = 0


class Gauges:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, now: int) -> Reading:
        """Costs a count of the live allocations and of the learners."""
        live = allocations.c.state == "live", allocations.c.ends_at > now
        with self._engine.connect() as connection:
            ending = select(func.count()).where(*live, allocations.c.ends_at <= now + SOON, ~_FOLLOWED)
            last_done = select(func.coalesce(func.max(runs.c.id), 0)).where(
                runs.c.state == RunState.DONE, HAS_READ
            )
            held = select(func.count()).where(
                runs.c.state == RunState.HELD,
                runs.c.id > last_done.scalar_subquery(),
                runs.c.command.not_in(PREVIEWS),
            )
            done = select(func.max(runs.c.finished_at)).where(runs.c.state == RunState.DONE, HAS_READ)
            return Reading(
                licenses=_licenses(connection, now),
                ending_soon=connection.execute(ending).scalar_one(),
                waiting=_counts(connection, select(waiting.c.type, func.count()).group_by(waiting.c.type)),
                learners=_counts(
                    connection,
                    select(learners.c.account, func.count())
                    .where(learners.c.deleted_at.is_(None))
                    .group_by(learners.c.account),
                ),
                held=connection.execute(held).scalar_one(),
                succeeded_at=connection.execute(done).scalar() or 0,
                undelivered=connection.execute(_UNDELIVERED).scalar_one(),
                refused=connection.execute(_REFUSED).scalar_one(),
            )


def _licenses(connection: Connection, now: int) -> dict[tuple[str, str], int]:
    counts: Counter[tuple[str, str]] = Counter()
    for lot in seats.with_free_seats(connection, now):
        counts[str(lot.type), "available"] += lot.free
        counts[str(lot.type), "allocated"] += lot.quantity - lot.free
    over = select(lots.c.type, func.sum(lots.c.quantity)).where(lots.c.ends_at <= now).group_by(lots.c.type)
    for type_, many in connection.execute(over):
        counts[type_, "expired"] += many
    return dict(sorted(counts.items()))


def _counts(connection: Connection, statement: Select[Any]) -> dict[str, int]:
    return dict(sorted((row[0], row[1]) for row in connection.execute(statement)))
