"""Roster: what the register knows of the people on one page, as the pure code wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from syncd.model import Account, Identity, Presence, Profile


class KnownIdentity(NamedTuple):
    """One directory identity of a learner, as of the last run. `number` is its row in the register."""

    number: int
    identity: Identity
    learner: int
    presence: Presence
    since: int


class Following(NamedTuple):
    """A renewal that is scheduled: the license that follows the live one."""

    allocation: int
    lot: int
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class KnownLearner:
    """A learner as recorded. `seat_ends_at` is the end of the live license, 0 without one.

    `license_over`: the last license they had expired (it was not given back), and none follows.
    `last`: the allocation a renewal would follow, by its number: the live one, else the one that expired.
    `waiting_priority`: their priority in the waiting list, None when they do not wait.
    """

    id: int
    profile: Profile
    account: Account
    suspended_by: str = ""
    activated: bool = False
    left_at: int | None = None
    identities: tuple[KnownIdentity, ...] = ()
    lot: int | None = None
    seat_ends_at: int = 0
    following: Following | None = None
    license_over: bool = False
    last: int | None = None
    waiting_priority: int | None = None
    refused: str = ""

    @property
    def key(self) -> str:
        """What names the learner in changes that concern no particular identity."""
        first = self.identities[0].identity if self.identities else Identity("learner", str(self.id))
        return f"{first.directory}/{first.id}"

    def is_licensed(self, now: int) -> bool:
        return self.seat_ends_at > now or self.goes_on(now)

    def goes_on(self, now: int) -> bool:
        """Whether the renewal that was scheduled holds at `now`, whatever became of the license before."""
        return self.following is not None and self.following.starts_at <= now < self.following.ends_at


class WaitingLearner(NamedTuple):
    """Somebody in line for a seat. Without an account they wait for that, too.

    `renews`: the allocation that ended, where they wait for its renewal.
    """

    learner: int
    since: int
    priority: int
    key: str
    email: str
    name: str
    has_account: bool
    renews: int | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """The learners one page of people may be, by every way of finding them."""

    by_identity: Mapping[Identity, KnownLearner] = field(default_factory=dict)
    by_email: Mapping[str, KnownLearner] = field(default_factory=dict)
    by_link: Mapping[str, KnownLearner] = field(default_factory=dict)

    def identity(self, identity: Identity) -> KnownIdentity:
        """The recorded identity of somebody found in `by_identity`."""
        known = self.by_identity[identity].identities
        return next(entry for entry in known if entry.identity == identity)
