"""Renewals: who gets a license after the one that has ended, or is about to, and from which lot.

    has left                            -> not renewed, unless that was asked for
    suspended by hand                   -> not renewed: nobody could use it
    a renewal is scheduled              -> renewed already
    the license lasts longer than asked -> not expired
    over, or ends soon enough           -> a license of a lot that ends later

One that is over is renewed at once. One that still runs is followed by its renewal at its end, with a
seat reserved from now on; or is replaced now, where that is asked for, and its seat is free again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from syncd.model import Lot
from syncd.plan.roster import KnownLearner
from syncd.plan.seats import SeatPolicy

AHEAD = 2 * 86_400
"""How long before its end an automatic renewal is scheduled: nobody is locked out between two runs."""


class Start(StrEnum):
    """When the renewal of a license begins that has not ended yet."""

    NOW = "now"
    AT_END = "at-end"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is renewed: licenses that end within so many seconds (0: those that are over)."""

    start: Start = Start.AT_END
    within: int = 0
    include_left: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Learners somebody has chosen to renew. `unknown`: who was named and is no learner, and where.

    `wait`: who finds no license joins the line for one.
    """

    learners: tuple[int, ...]
    terms: Terms = Terms()
    wait: bool = False
    unknown: tuple[tuple[str, str], ...] = ()


class Wish(NamedTuple):
    """A license to be renewed. Sorts as they are dealt: what ends first, then by key.

    `after`: the end of the old one. `renews`: its allocation. `starts_at`: 0 for at once.
    """

    after: int
    key: str
    learner: int
    email: str
    name: str
    renews: int
    starts_at: int


def judge(learner: KnownLearner, terms: Terms, now: int, *, left: bool) -> Wish | str:
    """The wish of one learner, or why they have none."""
    goes_on, following = learner.goes_on(now), learner.following
    if left and not terms.include_left:
        return "has left"
    if learner.suspended_by == "hand":
        return "is suspended by hand"
    if following is not None and following.starts_at > now:
        return "is renewed already"
    if learner.last is None:
        return "has no license to renew; newcomers and those who come back get theirs from a sync"
    ends_at = following.ends_at if goes_on and following else learner.seat_ends_at
    if ends_at > now + terms.within:
        return "has not expired"
    later = ends_at > now and terms.start is Start.AT_END
    email, name = learner.profile.email, learner.profile.full_name
    return Wish(ends_at, learner.key, learner.id, email, name, learner.last, ends_at if later else 0)


def deal(
    policy: SeatPolicy, wishes: Iterable[Wish], lots: Sequence[Lot], now: int
) -> tuple[list[tuple[Wish, Lot]], list[Wish], list[Lot]]:
    """What is granted, who finds no license, and the lots with what is left of them.

    The lot that ends first is drawn from first, as long as it outlasts the old license.
    """
    left = sorted((lot for lot in lots if lot.type == policy.type), key=lambda lot: (lot.ends_at, lot.id))
    granted, missed = [], []
    for wish in sorted(wishes):
        start = wish.starts_at or now
        place = next((n for n, lot in enumerate(left) if _outlasts(lot, wish, start, policy)), None)
        if place is None:
            missed.append(wish)
        else:
            granted.append((wish, left[place]))
            left[place] = replace(left[place], free=left[place].free - 1)
    return granted, missed, left


def _outlasts(lot: Lot, wish: Wish, start: int, policy: SeatPolicy) -> bool:
    return (
        lot.free > 0
        and lot.starts_at <= start < lot.ends_at
        and lot.ends_at > wish.after
        and lot.ends_at - start >= policy.min_remaining
    )
