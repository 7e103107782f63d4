"""Replay: who held which license, told again from the trail alone. It must come to what the register holds.

assigned                                     a lot is born
create, reactivate, allocate (with a lot)    a seat of it is given
renew                                        the old license ends or goes on to its end, a new one is given
release, expire, given back, merge           it ends

Told in the order in which it was written: a clock that was set back changes nothing of that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from syncd.model import AllocationState, TrailEntry

_GIVES = ("create", "reactivate", "allocate", "renew")


@dataclass(slots=True)
class Holding:
    """An allocation, as the trail tells it."""

    learner: int
    lot: int
    run: int
    allocated_at: int
    ends_at: int
    starts_at: int | None = None
    state: AllocationState = AllocationState.LIVE
    ended_at: int | None = None

    def end(self, state: AllocationState, at: int) -> None:
        """What is over has expired, as of its end, whatever else was meant."""
        over = self.ends_at <= at
        self.state = AllocationState.EXPIRED if over else state
        self.ended_at = self.ends_at if over else at

    @property
    def facts(self) -> tuple[object, ...]:
        return (
            *(self.learner, self.lot, self.allocated_at, self.starts_at or 0),
            *(str(self.state), self.ended_at or 0),
        )


def replay(trail: Iterable[TrailEntry]) -> list[Holding]:
    """Every allocation there ever was, in the order they were given."""
    given: list[Holding] = []
    held: dict[int, list[Holding]] = defaultdict(list)
    for entry in trail:
        if entry.subject != "learner":
            continue
        mine = held[entry.number]
        _end(entry, mine)
        if entry.action in _GIVES and "lot" in entry.after:
            mine.append(_give(entry, mine))
            given.append(mine[-1])
        held[entry.number] = [holding for holding in mine if holding.ended_at is None]
    return given


def _end(entry: TrailEntry, mine: list[Holding]) -> None:
    if entry.action in ("expire", "renew"):
        for holding in mine:
            if holding.ends_at <= entry.at:
                holding.end(AllocationState.EXPIRED, entry.at)
            elif holding.state is AllocationState.SCHEDULED and (holding.starts_at or 0) <= entry.at:
                holding.state = AllocationState.LIVE
    elif entry.action == "release":
        for holding in mine:
            if holding.lot == entry.before.get("lot"):
                holding.end(AllocationState.RELEASED, entry.at)
    elif entry.action == "merge":
        for holding in mine:
            holding.end(AllocationState.RELEASED, entry.at)
    elif entry.action == "given back":
        for holding in mine:
            if holding.run == entry.run:
                holding.state, holding.ended_at = AllocationState.RELEASED, entry.at


def _give(entry: TrailEntry, mine: list[Holding]) -> Holding:
    starts_at = entry.after.get("starts_at")
    if entry.action == "renew" and not starts_at:
        for holding in mine:
            if holding.ended_at is None and holding.state is AllocationState.LIVE:
                holding.end(AllocationState.SUPERSEDED, entry.at)
    new = Holding(
        entry.number, entry.after["lot"], entry.run or 0, entry.at, entry.after["ends_at"], starts_at
    )
    if starts_at:
        new.state = AllocationState.SCHEDULED
    return new
