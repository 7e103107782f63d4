"""Seats: who gets a license from which lot, who waits, and how many are missing.

The line: priority (lowest number first), then since when, then key. The lots: the earliest end first,
then the lowest number; a lot with less than `min_remaining` left is not drawn from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from syncd.model import Kind, LicenseType, Lot, Shortfall


class OnShortfall(StrEnum):
    """What happens to new people when there are fewer seats than people who want one."""

    FILL = "fill"  # as many as there are seats for, in line; the rest wait
    HOLD = "hold"  # nobody new until there are seats for everybody
    CREATE_UNLICENSED = "create_unlicensed"  # everybody; those without a seat wait for one


@dataclass(frozen=True, slots=True)
class SeatPolicy:
    type: LicenseType = LicenseType.PREMIUM
    on_shortfall: OnShortfall = OnShortfall.FILL
    min_remaining: int = 0
    renews: bool = False  # whether a license that ends is renewed by itself


class SeatRequest(NamedTuple):
    """Somebody's place in the line. Sorts as the line does.

    `kind` is the change that takes the seat (create, reactivate, allocate); `key` is that change's.
    """

    priority: int
    since: int
    key: str
    kind: Kind
    learner: int


class Seat(NamedTuple):
    """A grant: this request draws one seat from that lot."""

    request: SeatRequest
    lot: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Allotment:
    """`granted` and `waiting` are each in the order of the line."""

    granted: Sequence[Seat]
    waiting: Sequence[SeatRequest]
    shortfall: Shortfall


def allot(policy: SeatPolicy, requests: Iterable[SeatRequest], lots: Iterable[Lot], now: int) -> Allotment:
    """Deal the free seats of `lots` to `requests`."""
    line = sorted(requests)
    usable = drawable(policy, lots, now)
    shortfall = Shortfall(wanted=len(line), available=sum(lot.free for lot in usable))
    if shortfall.missing and policy.on_shortfall is OnShortfall.HOLD:
        return Allotment((), line, shortfall)
    granted = [
        Seat(request, lot.id, lot.ends_at) for request, lot in zip(line, _one_by_one(usable), strict=False)
    ]
    return Allotment(granted, line[len(granted) :], shortfall)


def drawable(policy: SeatPolicy, lots: Iterable[Lot], now: int) -> list[Lot]:
    """The lots a seat may be drawn from at `now`, in the order they are drawn."""
    usable = (
        lot
        for lot in lots
        if lot.type == policy.type
        and lot.free > 0
        and lot.starts_at <= now < lot.ends_at
        and lot.ends_at - now >= policy.min_remaining
    )
    return sorted(usable, key=lambda lot: (lot.ends_at, lot.id))


def _one_by_one(lots: Sequence[Lot]) -> Iterator[Lot]:
    for lot in lots:
        for _ in range(lot.free):
            yield lot
