"""Shapes: what the API answers with. Times are UTC, ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from syncd.model import Entry
from syncd.plan.roster import WaitingLearner
from syncd.register.learners import LearnerRecord
from syncd.register.licenses import Order
from syncd.register.lot_rows import LotStatus
from syncd.register.runs import RunRecord


class Run(BaseModel):
    """A run, or a plan. `facts` are its counts, directory sizes, shortfall, the guard's objections, and what
    to do about an `error`."""

    id: int
    command: str
    state: str
    requested_by: str
    started_at: datetime
    finished_at: datetime | None
    applies_run: int | None
    superseded_by: int | None
    decided_by: str
    decided_at: datetime | None
    error: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, record: RunRecord) -> Run:
        return cls(
            id=record.id,
            command=record.command,
            state=str(record.state),
            requested_by=record.requested_by,
            started_at=_moment(record.started_at),
            finished_at=_time(record.finished_at),
            applies_run=record.applies_run,
            superseded_by=record.superseded_by,
            decided_by=record.decided_by,
            decided_at=_time(record.decided_at),
            error=record.error,
            facts=dict(record.facts),
        )


class Change(BaseModel):
    """One thing a run does to one person."""

    kind: str
    key: str
    email: str
    name: str
    why: str
    learner: int | None
    license_ends_at: datetime | None
    state: str
    outcome: str

    @classmethod
    def of(cls, entry: Entry) -> Change:
        change = entry.change
        return cls(
            kind=change.kind.name.lower(),
            key=change.key,
            email=change.email,
            name=change.name,
            why=change.why,
            learner=change.learner,
            license_ends_at=_time(change.ends_at),
            state=str(entry.state),
            outcome=entry.outcome,
        )


class Lot(BaseModel):
    """The licenses one order brought: quantity = allocated + available + expired."""

    id: int
    order: int
    type: str
    quantity: int
    starts_at: datetime
    ends_at: datetime
    allocated: int
    available: int
    expired: int

    @classmethod
    def of(cls, lot: LotStatus) -> Lot:
        return cls(
            id=lot.id,
            order=lot.order,
            type=str(lot.type),
            quantity=lot.quantity,
            starts_at=_moment(lot.starts_at),
            ends_at=_moment(lot.ends_at),
            allocated=lot.allocated,
            available=lot.available,
            expired=lot.expired,
        )


class LicenseOrder(BaseModel):
    """Licenses asked for, and what was decided. `assigned` is the size of the lot they became."""

    id: int
    type: str
    quantity: int
    reference: str | None
    note: str
    state: str
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    lot: int | None
    assigned: int | None
    ends_at: datetime | None

    @classmethod
    def of(cls, order: Order) -> LicenseOrder:
        return cls(
            id=order.id,
            type=str(order.type),
            quantity=order.quantity,
            reference=order.reference,
            note=order.note,
            state=str(order.state),
            requested_by=order.requested_by,
            requested_at=_moment(order.requested_at),
            decided_by=order.decided_by,
            decided_at=_time(order.decided_at),
            reason=order.reason,
            lot=order.lot,
            assigned=order.assigned,
            ends_at=_time(order.ends_at),
        )


class Waiting(BaseModel):
    """Somebody in line. Without an account they wait for that, too."""

    place: int
    learner: int
    name: str
    email: str
    since: datetime
    has_account: bool

    @classmethod
    def of(cls, place: int, entry: WaitingLearner) -> Waiting:
        return cls(
            place=place,
            learner=entry.learner,
            name=entry.name,
            email=entry.email,
            since=_moment(entry.since),
            has_account=entry.has_account,
        )


class Shortfall(BaseModel):
    """Licenses wanted by people without one, those there are, and the difference; who waits, in order."""

    wanted: int
    available: int
    missing: int
    line: list[Waiting]


class Learner(BaseModel):
    """Somebody the register knows. `license` is live, expired, waiting or none.

    `platform_account`: the name of a platform of its own, and what it calls them. `refused`: why it would not
    have them, until it does.
    """

    id: int
    email: str
    name: str
    department: str
    role: str
    account: str
    license: str
    license_ends_at: datetime | None
    renewed_until: datetime | None
    waiting_since: datetime | None
    left_at: datetime | None
    created_at: datetime
    platform_account: str
    refused: str

    @classmethod
    def of(cls, learner: LearnerRecord) -> Learner:
        profile = learner.profile
        return cls(
            id=learner.id,
            email=profile.email,
            name=profile.full_name,
            department=profile.department,
            role=profile.role,
            account=str(learner.account),
            license=learner.license,
            license_ends_at=_time(learner.ends_at),
            renewed_until=_time(learner.renewed_until),
            waiting_since=_time(learner.waiting_since),
            left_at=_time(learner.left_at),
            created_at=_moment(learner.created_at),
            platform_account=learner.platform_account,
            refused=learner.refused,
        )


class SyncRequest(BaseModel):
    """A sync to be begun as soon as the worker is free. A key that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")

    full: bool = Field(default=False, description="read everybody anew, not only what has changed")


class Accepted(BaseModel):
    """What was asked for will be done; the run appears in `/api/v1/runs`."""

    accepted: bool = True
    waiting: int = Field(description="runs that wait for the worker, this one included")


class Health(BaseModel):
    """`reasons`: why not; empty when all is well."""

    ok: bool
    role: str
    reasons: list[str]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)
