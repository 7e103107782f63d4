"""The licenses of a year, person by person and day by day, the slow and obvious way: what forecasts are held
against. It shares no code with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from syncd.licensing.days import Days
from syncd.licensing.stock import LotStock, Stock


@dataclass
class Seat:
    lot: LotStock
    held: str = ""  # "", "stays", "idle" or "left"
    left_at: int = 0


@dataclass
class Today:
    available: int
    waiting: int


@dataclass
class World:
    """`joins(day)`: how many come; `leaves()`: whether somebody who stays leaves today."""

    stock: Stock
    days: Days
    release_after: int = 0
    min_remaining: int = 0
    hold: bool = False
    renewals: bool = False
    joins: Callable[[int], int] = lambda _day: 0
    leaves: Callable[[], bool] | None = None
    seats: list[Seat] = field(default_factory=list)
    waiting: int = 0

    def live(self) -> list[Today]:
        """What is available at the end of each day, and how many people wait."""
        self.waiting = self.stock.waiting + (self.stock.ended if self.renewals else 0)
        for lot in self.stock.lots:
            self.seats += [Seat(lot) for _ in range(lot.free)]
            self.seats += [Seat(lot, "stays") for _ in range(lot.staying)]
            for left_at, many in lot.leaving:
                self.seats += [Seat(lot, "left", left_at) for _ in range(many)]
        return [self._day(day) for day in range(len(self.days))]

    def _day(self, day: int) -> Today:
        start = self.days.starts[day]
        end = self.days.starts[day + 1] if day + 1 < len(self.days) else self.days.end
        for seat in [seat for seat in self.seats if seat.lot.ends_at < end]:
            self.seats.remove(seat)
            self.waiting += self.renewals and seat.held == "stays"
        self._people_leave(day, start)
        for seat in self.seats:
            if seat.held == "left" and seat.left_at + self.release_after < end:
                seat.held = ""
        self.waiting += self.joins(day)
        free = [seat for seat in self._free(start, end) if not seat.held]
        if not self.hold or self.waiting <= len(free):
            for seat in free[: self.waiting]:
                seat.held = "stays"
            self.waiting = max(0, self.waiting - len(free))
        return Today(sum(not seat.held for seat in self._free(start, end)), self.waiting)

    def _people_leave(self, day: int, start: int) -> None:
        if self.leaves is None or not day:
            return
        for seat in self.seats:
            if seat.held == "stays" and seat.lot.starts_at <= start and self.leaves():
                seat.held, seat.left_at = "left", start
        self.waiting -= sum(self.leaves() for _ in range(self.waiting))

    def _free(self, start: int, end: int) -> Sequence[Seat]:
        open_ = [
            seat
            for seat in self.seats
            if seat.lot.starts_at < end and seat.lot.ends_at - start >= self.min_remaining
        ]
        return sorted(open_, key=lambda seat: (seat.lot.ends_at, seat.lot.id))
