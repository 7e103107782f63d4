"""Learners as people ask about them: listed, searched, and one in full with their history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, RowMapping, Select, and_, func, literal_column, or_, select

from syncd.model import PROFILE_FIELDS, Account, AllocationState, Holding, Presence, Profile
from syncd.register.schema import allocations, changes, identities, learners, waiting
from syncd.register.standing import is_licensed, is_over, last, live, scheduled, with_licenses

_SCHEDULED = ("lot_id", "starts_at", "ends_at")
_PROFILE = [func.coalesce(learners.c[name], "").label(name) for name in PROFILE_FIELDS]


@dataclass(frozen=True, slots=True)
class LearnerRecord:
    """`license` is "live", "waiting", "expired" or "none" at the moment asked for; `ends_at` its end.

    `renewed_until`: the end of the license that follows, once it is scheduled. `platform_account`:
    the name of a platform of its own, and what it calls them; empty while none has an account of theirs.
    """

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
    renewed_until: int | None
    waiting_since: int | None
    deleted_at: int | None = None
    platform_account: str = ""


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
        self, *, search: str = "", license_: str = "", account: str = "", now: int, limit: int, skip: int = 0
    ) -> Iterator[LearnerRecord]:
        """Learners by e-mail or name (any part, any case) and state, in order of e-mail; `skip` left out."""
        statement = _selected(now).where(learners.c.deleted_at.is_(None)).order_by(learners.c.email)
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
        if license_:
            statement = statement.where(_has(license_, now))
        with self._engine.connect() as connection:
            for row in connection.execute(statement.limit(limit).offset(skip)).mappings():
                yield _record(row, now)

    def get(self, who: str, now: int) -> LearnerRecord | None:
        """The learner with this e-mail address or number."""
        by = (
            learners.c.id == int(who)
            if who.isascii() and who.isdigit() and len(who) < 18
            else learners.c.email == who.lower()
        )
        with self._engine.connect() as connection:
            row = connection.execute(_selected(now).where(by)).mappings().first()
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

    def untold(self, learner: int) -> int:
        """How many changes of theirs are recorded, and the platform has yet to be told."""
        recorded = changes.c.state == literal_column("'recorded'"), changes.c.learner_id == learner
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).where(*recorded)).scalar_one()

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


def _selected(now: int) -> Select[Any]:
    columns = (live.c.lot_id, live.c.ends_at, last.c.ends_at, *(scheduled.c[name] for name in _SCHEDULED))
    states = (is_licensed(now).label("licensed"), is_over(now).label("over"))
    waits = waiting.c.learner_id == learners.c.id
    return select(learners, *_PROFILE, waiting.c.since, *columns, *states).select_from(
        with_licenses(learners.outerjoin(waiting, waits))
    )


def _has(license_: str, now: int) -> ColumnElement[bool]:
    """The learners whose license is in this state: each is in one."""
    waits = waiting.c.since.is_not(None)
    return {
        Holding.LIVE: is_licensed(now),
        Holding.WAITING: and_(waits, ~is_licensed(now)),
        Holding.EXPIRED: and_(is_over(now), ~waits),
        Holding.NONE: and_(~is_licensed(now), ~is_over(now), ~waits),
    }[Holding(license_)]


def _record(row: RowMapping, now: int) -> LearnerRecord:
    since: int | None = row[waiting.c.since]
    begun = (row[scheduled.c.starts_at] or now + 1) <= now
    lot, ends_at = row[live.c.lot_id], row[live.c.ends_at]
    if begun:
        lot, ends_at = row[scheduled.c.lot_id], row[scheduled.c.ends_at]
    if row["licensed"]:
        license_ = Holding.LIVE
    else:
        ended = Holding.EXPIRED if row["over"] else Holding.NONE
        license_ = Holding.WAITING if since is not None else ended
        ends_at = (ends_at or row[last.c.ends_at]) if row["over"] else None
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
        lot=lot,
        renewed_until=None if begun else row[scheduled.c.ends_at],
        waiting_since=since,
        deleted_at=row[learners.c.deleted_at],
        platform_account=row[learners.c.platform_account] or "",
    )
