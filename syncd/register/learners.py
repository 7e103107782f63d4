"""Learners as people ask about them: listed, searched, and one in full with their history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, RowMapping, and_, func, or_, select

from syncd.model import PROFILE_FIELDS, Account, AllocationState, Presence, Profile
from syncd.register.schema import allocations, identities, learners, waiting

_PROFILE = [func.coalesce(learners.c[name], "").label(name) for name in PROFILE_FIELDS]


@dataclass(frozen=True, slots=True)
class LearnerRecord:
    """`license` is "live", "expired", "waiting" or "none" at the moment asked for; `ends_at` its end."""

    id: int
    profile: Profile
    account: Account
    suspended_by: str
    created_at: int
    left_at: int | None
    refused: str
    license: str
    ends_at: int | None
    lot: int | None
    waiting_since: int | None


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    directory: str
    key: str
    presence: Presence
    since: int
    where: str


@dataclass(frozen=True, slots=True)
class AllocationRecord:
    lot: int
    seat: int
    state: AllocationState
    allocated_at: int
    ends_at: int
    ended_at: int | None
    ended_because: str


class Learners:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(
        self, *, search: str = "", license_: str = "", account: str = "", now: int, limit: int
    ) -> Iterator[LearnerRecord]:
        """Learners by e-mail or name (any part, any case) and state, in order of e-mail."""
        statement = _SELECT.order_by(learners.c.email)
        if search:
            wanted = search.lower()
            name = func.lower(learners.c.first_name + " " + learners.c.last_name)
            statement = statement.where(
                or_(
                    learners.c.email.contains(wanted, autoescape=True), name.contains(wanted, autoescape=True)
                )
            )
        if account:
            statement = statement.where(learners.c.account == account)
        if license_ == "waiting":
            statement = statement.where(waiting.c.since.is_not(None))
        elif license_ == "live":
            statement = statement.where(allocations.c.ends_at > now)
        elif license_ == "expired":
            statement = statement.where(allocations.c.ends_at <= now)
        elif license_ == "none":
            statement = statement.where(allocations.c.ends_at.is_(None), waiting.c.since.is_(None))
        with self._engine.connect() as connection:
            for row in connection.execute(statement.limit(limit)).mappings():
                yield _record(row, now)

    def get(self, who: str, now: int) -> LearnerRecord | None:
        """The learner with this e-mail address or number."""
        by = (
            learners.c.id == int(who)
            if who.isascii() and who.isdigit() and len(who) < 18
            else learners.c.email == who.lower()
        )
        with self._engine.connect() as connection:
            row = connection.execute(_SELECT.where(by)).mappings().first()
        return None if row is None else _record(row, now)

    def identities(self, learner: int) -> list[IdentityRecord]:
        columns = (
            identities.c.directory,
            identities.c.key,
            identities.c.presence,
            identities.c.since,
            identities.c.where,
        )
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(*columns).where(identities.c.learner_id == learner).order_by(identities.c.id)
            )
            return [IdentityRecord(row[0], row[1], Presence(row[2]), row[3], row[4]) for row in rows]

    def allocations(self, learner: int) -> list[AllocationRecord]:
        """Every seat they ever had, oldest first."""
        table = allocations.c
        columns = (
            table.lot_id,
            table.seat,
            table.state,
            table.allocated_at,
            table.ends_at,
            table.ended_at,
            table.ended_because,
        )
        with self._engine.connect() as connection:
            rows = connection.execute(select(*columns).where(table.learner_id == learner).order_by(table.id))
            return [AllocationRecord(row[0], row[1], AllocationState(row[2]), *row[3:]) for row in rows]


_SELECT = (
    select(learners, *_PROFILE, waiting.c.since, allocations.c.lot_id, allocations.c.ends_at)
    .select_from(learners)
    .outerjoin(waiting, waiting.c.learner_id == learners.c.id)
    .outerjoin(allocations, and_(allocations.c.learner_id == learners.c.id, allocations.c.state == "live"))
)


def _record(row: RowMapping, now: int) -> LearnerRecord:
    ends_at: int | None = row[allocations.c.ends_at]
    since: int | None = row[waiting.c.since]
    if ends_at is not None:
        license_ = "live" if ends_at > now else "expired"
    else:
        license_ = "waiting" if since is not None else "none"
    return LearnerRecord(
        id=row[learners.c.id],
        profile=Profile(*(row[column] for column in _PROFILE)),
        account=Account(row[learners.c.account]),
        suspended_by=row[learners.c.suspended_by],
        created_at=row[learners.c.created_at],
        left_at=row[learners.c.left_at],
        refused=row[learners.c.refused],
        license=license_,
        ends_at=ends_at,
        lot=row[allocations.c.lot_id],
        waiting_since=since,
    )
