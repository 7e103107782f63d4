"""Standing: which license a learner has at a moment, told from the rows and the clock, never from a flag.

live      an allocation that has begun and has not ended
expired   the last one is over by its lot's end, and none follows
"""

from __future__ import annotations

from sqlalchemy import BindParameter, ColumnElement, FromClause, Join, and_, func, literal_column, or_, select

from syncd.register.schema import allocations, learners

# SQLite takes an index with a condition only for its very words, not for a parameter: hence the literals.

live = allocations.alias("live")
scheduled = allocations.alias("scheduled")
last = allocations.alias("last")  # the latest of those that have ended
_later = allocations.alias("later")
_latest = (
    select(func.max(_later.c.id))
    .where(_later.c.learner_id == learners.c.id, _later.c.ended_at.is_not(None))
    .correlate(learners)
    .scalar_subquery()
)


def with_licenses(source: FromClause) -> Join:
    """`source`, which has the learners, with the licenses of each."""
    return (
        source.outerjoin(
            live, and_(live.c.learner_id == learners.c.id, live.c.state == literal_column("'live'"))
        )
        .outerjoin(
            scheduled,
            and_(scheduled.c.learner_id == learners.c.id, scheduled.c.state == literal_column("'scheduled'")),
        )
        .outerjoin(last, last.c.id == _latest)
    )


def is_licensed(now: int | BindParameter[int]) -> ColumnElement[bool]:
    begun = and_(scheduled.c.starts_at <= now, scheduled.c.ends_at > now)
    return or_(func.coalesce(live.c.ends_at, 0) > now, func.coalesce(begun, False))


def is_over(now: int | BindParameter[int]) -> ColumnElement[bool]:
    """Not licensed, because the last license ran out rather than being given back."""
    ran_out = or_(live.c.id.is_not(None), scheduled.c.id.is_not(None), last.c.state == "expired")
    return and_(~is_licensed(now), func.coalesce(ran_out, False))
