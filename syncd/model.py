"""The nouns of syncd. One concept, one word: in code, logs, YAML, command line and docs.

directory        says who works here; syncd only reads it
directory user   one person as one directory describes them, under an identity that never changes
identity         (directory, id): AD objectGUID, OpenLDAP entryUUID, … — a rename keeps it
profile          what the platform is told of a person: the mapped, cleaned-up fields
learner          a person known to the register; managers are learners with the role `manager`
order            a number of licenses asked for: (draft ->) requested -> assigned | rejected | cancelled
lot              the licenses an assigned order brought; they all end together
seat             one license of a lot, numbered 1..quantity
allocation       a seat given to a learner; [scheduled ->] live -> released | expired | superseded
renewal          an allocation that follows another one of the same learner
waiting learner  somebody who should have a seat and found none
change           one thing a run does to one person; a plan is changes in their order
plan             everything one run would change, stored before anything happens
run              one pass from directory to platform; holds one plan
trail            everything that was done, by whom; only added to
shortfall        wanted, available and missing seats
cursor           a place in the history of a directory, from which on it can tell what has changed

Times are integers: seconds since 1970 in UTC. Only the edges speak of time zones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple


class Identity(NamedTuple):
    """Who a person is in one directory. `id` never changes and is never an e-mail, UPN or DN."""

    directory: str
    id: str


NOTHING: Mapping[str, Any] = MappingProxyType({})


class DirectoryUser(NamedTuple):
    """One person as a directory describes them, complete and decoded.

    `where` locates the person for an admin (a DN, a file and line).
    `links` are values that are equal, across directories, for the same human.
    `groups` holds, of the groups the read asked for, those this person is in.
    `attributes` has lower-case names; each value is a non-empty tuple of text.
    `changes_at` is the moment this description changes by itself (an account expiry), if any.
    """

    identity: Identity
    where: str
    enabled: bool
    disabled_because: str = ""
    changes_at: int | None = None
    links: tuple[str, ...] = ()
    groups: frozenset[GroupRef] = frozenset()
    attributes: Mapping[str, tuple[str, ...]] = NOTHING


class GroupRef(NamedTuple):
    """A group as the configuration names it; `nested` counts members of member groups too."""

    name: str
    nested: bool = True


class Cursor(NamedTuple):
    """Where `directory` stood when `run`, which was applied in full, began to read it.

    `text` is the directory's own. `salt` is what people were read and judged by then: under another one the
    cursor is worthless. `read_whole_at`: when the directory was last read whole.
    """

    directory: str
    salt: bytes
    text: str
    read_whole_at: int
    run: int


class Profile(NamedTuple):
    """What the platform is told of a learner. Empty text means absent; `email` never is."""

    email: str
    first_name: str = ""
    last_name: str = ""
    department: str = ""
    job_title: str = ""
    manager_email: str = ""
    employee_id: str = ""
    language: str = ""
    group: str = ""
    role: str = "learner"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


PROFILE_FIELDS: tuple[str, ...] = Profile._fields


class Presence(StrEnum):
    """What a directory says of an identity, as of the last complete read."""

    PRESENT = "present"
    DISABLED = "disabled"
    OUT_OF_SCOPE = "out_of_scope"
    MISSING = "missing"


class Account(StrEnum):
    """A learner's account on the platform."""

    PLANNED = "planned"  # known to the register, not on the platform yet
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Holding(StrEnum):
    """How somebody stands with a license, at one moment."""

    LIVE = "live"
    WAITING = "waiting"
    EXPIRED = "expired"
    NONE = "none"


class OrderState(StrEnum):
    DRAFT = "draft"  # syncd's own, until somebody confirms it: it counts for nothing
    REQUESTED = "requested"
    ASSIGNED = "assigned"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class AllocationState(StrEnum):
    """Nobody need write `expired` in time: a license is over when its lot's end has passed."""

    LIVE = "live"
    SCHEDULED = "scheduled"  # a renewal: its seat is taken, it counts from its `starts_at` by the clock alone
    RELEASED = "released"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # renewed before its end


class LicenseType(StrEnum):
    PREMIUM = "premium"
    MANAGED = "managed"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Lot:
    """The licenses one assigned order brought. `ends_at` is exclusive."""

    id: int
    type: LicenseType
    quantity: int
    starts_at: int
    ends_at: int
    free: int = 0


class Kind(IntEnum):
    """What a change does. The number is the order within a run: freed seats come before new ones."""

    SUSPEND = 10  # has left: no longer in scope, disabled, or gone
    EXPIRE = 15  # the license has ended: the account is suspended until it is renewed
    RELEASE = 20  # the grace period is over: the seat goes back to its lot
    DELETE = 25  # has been gone for so long that the policy says: personal data are removed
    LINK = 30  # this identity is that learner (adopted, or the same person in a second directory)
    UPDATE = 40
    REPAIR = 45  # the platform has them otherwise than the register: it is told again
    REACTIVATE = 50  # has come back
    RENEW = 55  # a license that follows one that has ended, or is about to
    CREATE = 60
    ALLOCATE = 70  # a seat for a learner who has an account already
    WAIT = 80  # should have a seat, there is none: joins the waiting list
    JOIN = 85  # a second directory's identity of somebody created, or put in line, in this same plan
    MERGE = 88  # turns out to be the same human as another learner, whose part they become
    NOTE = 90  # nothing for the platform; the register remembers what the directory now says
    SKIP = 95  # cannot be used as it is: reported and left untouched


class ChangeState(StrEnum):
    PLANNED = "planned"
    RECORDED = "recorded"  # the register has it, the platform does not yet
    DELIVERED = "delivered"
    REFUSED = "refused"


class Change(NamedTuple):
    """One thing a run does to one person.

    `key` is unique within a plan and kind, and orders the changes of a kind.
    `data` holds what the register needs to carry it out; see each kind in `plan/`.
    `lot` and `ends_at` are the seat it takes (create, reactivate, renew, allocate), gives back (release)
    or loses (expire).
    """

    kind: Kind
    key: str
    email: str
    name: str
    why: str
    learner: int | None = None
    data: Mapping[str, Any] = NOTHING
    lot: int | None = None
    ends_at: int | None = None


class Entry(NamedTuple):
    """A change as it stands in the journal: of which run, and what has become of it."""

    run: int
    change: Change
    state: ChangeState
    outcome: str


class TrailEntry(NamedTuple):
    """One thing that was done, by whom, to which order or learner (by number).

    `place` orders what happened in one second: what people did by hand, then a run, then its consequences.
    `refused`: why it came to nothing. `before` and `after` hold what it changed.
    """

    at: int
    run: int | None
    place: int
    actor: str
    action: str
    subject: str
    number: int
    email: str = ""
    before: Mapping[str, Any] = NOTHING
    after: Mapping[str, Any] = NOTHING
    why: str = ""
    refused: str = ""


class RunState(StrEnum):
    PLANNING = "planning"
    PLANNED = "planned"  # previewed, or waiting for somebody to apply it
    HELD = "held"
    APPROVED = "approved"  # held, and somebody has said yes: the daemon applies it
    REJECTED = "rejected"  # held, and somebody has said no: it is never applied
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    SUPERSEDED = "superseded"  # its remaining changes were taken over by a later run


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Seats wanted by people without one, seats there to give, and the difference."""

    wanted: int
    available: int

    @property
    def missing(self) -> int:
        return max(0, self.wanted - self.available)


class Verdict(StrEnum):
    """What became of a change on the platform."""

    DONE = "done"
    ALREADY = "already"  # the platform was as wanted before we spoke
    REFUSED = "refused"  # this person, for this reason; others may pass
    EXHAUSTED = "exhausted"  # the platform itself has no seat left
    UNKNOWN = "unknown"  # sent, and no answer: read back before repeating


@dataclass(frozen=True, slots=True)
class Outcome:
    """The platform's answer to one delivery. `account` is its id for the learner, where it gave one."""

    delivery: str
    verdict: Verdict
    reason: str = ""
    account: str = ""
    more: bool = False  # the same request was for others, too, whose outcomes follow at once


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `syncd check`: a part, whether it works, else what to do and the exit code."""

    part: str
    ok: bool
    message: str
    next_step: str = ""
    exit_code: int = 4
