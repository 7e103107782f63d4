"""Course: the licenses day by day, given who joins and leaves. The same steps, in the order a run takes them.

A day: lots end ─> lots begin ─> seats of leavers come back ─> people leave ─> people join ─> seats are drawn

Numbers of people may be parts of one, where they are expectations; without those every figure is whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from syncd.licensing.days import Days
from syncd.licensing.stock import LotStock, Stock

_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says about it. `release_after`: seconds until a leaver's seat comes back.

    `min_remaining`: lots that end sooner are not drawn from. `hold`: nobody draws while there are too few.
    `renewals`: whether people whose license ends want another.
    """

    release_after: int = 0
    min_remaining: int = 0
    hold: bool = False
    renewals: bool = False


class Flow(NamedTuple):
    """Who is expected: `joined` people on each day, and the part of the people that leaves on it."""

    joined: Sequence[float]
    leaving: Sequence[float]


class Point(NamedTuple):
    """The end of a day: seats to give, people waiting; and what the day brought.

    `ended`: people still here whose license ended; `unused`: seats that ended with nobody on them.
    """

    available: float
    waiting: float
    joined: float = 0
    left: float = 0
    returned: float = 0
    ended: float = 0
    unused: float = 0

    @property
    def balance(self) -> float:
        """Seats to give, less those wanted: negative when people wait."""
        return self.available - self.waiting


@dataclass(slots=True)
class _Lot:
    begins: int
    ends: int
    closes: int  # the first day on which nobody draws from it any more
    free: float
    staying: float
    returns: dict[int, float] = field(default_factory=lambda: defaultdict(float))


def nobody(days: Days) -> Flow:
    """What is certain: nobody joins, nobody leaves who has not left yet."""
    return Flow((0.0,) * len(days), (0.0,) * len(days))


def course(stock: Stock, days: Days, rules: Rules, flow: Flow) -> list[Point]:
    """Every day of `days`, as it ends. Day 0 is today, after today's sync."""
    lots = [_begun(lot, days, rules) for lot in sorted(stock.lots, key=lambda lot: (lot.ends_at, lot.id))]
    grace = -(-rules.release_after // _A_DAY)
    waiting = float(stock.waiting + (stock.ended if rules.renewals else 0))
    points = []
    for day in range(len(days)):
        over = [lot for lot in lots if lot.ends == day]
        ended, unused = sum(lot.staying for lot in over), sum(lot.free for lot in over)
        lots = [lot for lot in lots if lot.ends != day]
        here = [lot for lot in lots if lot.begins <= day]
        left = sum(_leave(lot, flow.leaving[day], day + grace) for lot in here)
        returned = sum(_come_back(lot, day) for lot in here)
        waiting += (ended if rules.renewals else 0) + flow.joined[day] - waiting * flow.leaving[day]
        usable = [lot for lot in here if day < lot.closes]
        waiting = _draw(usable, waiting, rules)
        available = sum(lot.free for lot in usable)
        points.append(Point(available, waiting, flow.joined[day], left, returned, ended, unused))
    return points


def _begun(lot: LotStock, days: Days, rules: Rules) -> _Lot:
    never = len(days)
    ends, begins = days.of(lot.ends_at), days.of(lot.starts_at)
    closes = bisect_right(days.starts, lot.ends_at - rules.min_remaining)
    started = _Lot(
        begins=never if begins is None else begins,
        ends=never if ends is None else ends,
        closes=closes,
        free=float(lot.free),
        staying=float(lot.staying),
    )
    for left_at, many in lot.leaving:
        back = days.of(left_at + rules.release_after)
        if back is not None:
            started.returns[back] += many
    return started


def _leave(lot: _Lot, part: float, back: int) -> float:
    """Some leave; their seats come back on day `back`."""
    if not part:
        return 0
    gone = lot.staying * part
    lot.staying -= gone
    lot.returns[back] += gone
    return gone


def _come_back(lot: _Lot, day: int) -> float:
    back = lot.returns.pop(day, 0)
    lot.free += back
    return back


def _draw(usable: Sequence[_Lot], waiting: float, rules: Rules) -> float:
    """Those who wait draw, from the lot that ends first; how many still wait then."""
    if rules.hold and waiting > sum(lot.free for lot in usable):
        return waiting
    for lot in usable:
        taken = min(waiting, lot.free)
        lot.free -= taken
        lot.staying += taken
        waiting -= taken
    return waiting
