"""Drawing: the forecast as lines of a picture: licenses there are, licenses needed, and where these cross.

needed = licenses there are - licenses available + people who wait; so it is short where needed is above
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor, log10
from typing import NamedTuple

from syncd.forecasting import Foresight
from syncd.licensing.course import Point
from syncd.licensing.days import Days
from syncd.licensing.forecast import Outlook
from syncd.register.lot_rows import LotStatus
from syncd.words.outlook import day_in_words, orders

WIDTH, HEIGHT = 1000, 400
LEFT, RIGHT, TOP, BOTTOM = 80, 14, 36, 48
_TICKS = 5
_APART = 45  # days between two ends that both have room for their name
_EDGES = 30, 335  # days beyond which words stand to one side of what they name
_MIDDLE = 230  # the day from which on words stand to the left of what they name
_WORDS = 100  # days beside which its words stand
_ABOVE, _BELOW = -10, 24  # from what is drawn there to them


class Mark(NamedTuple):
    """A word at a place, which is its start, middle or end (`anchor`)."""

    at: float
    text: str
    anchor: str = "start"


class Short(NamedTuple):
    """Where it runs short, across and down; and its words, `beside` it."""

    across: float
    down: float
    beside: float
    words: Mark


@dataclass(frozen=True, slots=True)
class Drawing:
    """Paths as SVG has them."""

    stock: str
    needed: str
    band: str
    levels: Sequence[Mark]
    months: Sequence[Mark]
    ends: Sequence[Mark]
    short: Short | None


@dataclass(frozen=True, slots=True)
class Needs:
    """Licenses by day: those there are, and those needed, as expected and within which bounds."""

    stock: Sequence[float]
    expected: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def needs(foresight: Foresight, outlook: Outlook, lots: Sequence[LotStatus]) -> Needs:
    """`lots`: those of the type the forecast is of."""
    stock = _stock(foresight, lots)

    def less(points: Sequence[Point]) -> list[float]:
        return [there - point.balance for there, point in zip(stock, points, strict=True)]

    return Needs(stock, less(outlook.expected), less(outlook.most), less(outlook.least))


def draw(foresight: Foresight, outlook: Outlook, needed: Needs) -> Drawing:
    days = foresight.days
    top, step = _scale(max(*needed.stock, *needed.high, 1))

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top, 1)

    def line(values: Sequence[float]) -> list[tuple[float, float]]:
        return [(_x(day, days), y(value)) for day, value in enumerate(values)]

    return Drawing(
        stock=_steps(line(needed.stock)),
        needed=_steps(line(needed.expected)),
        band=_around(line(needed.high), line(needed.low)),
        levels=[Mark(y(level), f"{level:,}") for level in range(0, top + 1, step)],
        months=list(_months(days)),
        ends=list(_ends(foresight)),
        short=_short(foresight, outlook, needed, y),
    )


def _stock(foresight: Foresight, lots: Sequence[LotStatus]) -> list[float]:
    days = foresight.days
    brought = [0.0] * (len(days) + 1)
    for lot in lots:
        begins, ends = days.of(lot.starts_at), days.of(lot.ends_at)
        if lot.ends_at > foresight.now and begins is not None:
            brought[begins] += lot.quantity
            brought[len(days) if ends is None else ends] -= lot.quantity
    return list(accumulate(brought[:-1]))


def _scale(highest: float) -> tuple[int, int]:
    """A round number that is not below `highest`, and the steps to it."""
    rough = highest / _TICKS
    unit = 10 ** floor(log10(rough)) if rough >= 1 else 1
    step = next(int(unit * nice) for nice in (1, 2, 5, 10) if unit * nice >= rough)
    return step * ceil(highest / step), step


def _x(day: int, days: Days) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * day / (len(days) - 1), 1)


def _steps(points: Sequence[tuple[float, float]]) -> str:
    """A line that holds its height for a day; only where it changes is it drawn anew."""
    first, rest = points[0], points[1:]
    drawn, height = [f"M{first[0]} {first[1]}"], first[1]
    for across, down in rest:
        if down != height:
            drawn.append(f"H{across}V{down}")
            height = down
    return "".join(drawn) + f"H{points[-1][0]}"


def _around(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]]) -> str:
    corners = (f"{across} {down}" for across, down in (*upper, *reversed(lower)))
    return "M" + "L".join(corners) + "Z"


def _months(days: Days) -> Iterator[Mark]:
    for number, date in enumerate(days.dates):
        if date.day == 1:
            yield Mark(_x(number, days), f"{date.year if date.month == 1 else f'{date:%b}'}", "middle")


def _ends(foresight: Foresight) -> Iterator[Mark]:
    named = -_APART
    for entry in foresight.forecast.endings:
        if entry.day:
            has_room = entry.day - named >= _APART
            named = entry.day if has_room else named
            words = f"{orders(entry)} {'ends' if len(entry.lots) == 1 else 'end'}"
            anchor = "start" if entry.day < _EDGES[0] else "end" if entry.day > _EDGES[1] else "middle"
            yield Mark(_x(entry.day, foresight.days), words if has_room else "", anchor)


def _short(
    foresight: Foresight, outlook: Outlook, needed: Needs, y: Callable[[float], float]
) -> Short | None:
    found = outlook.shortfall
    if found is None:
        return None
    when = "today" if found.day == 0 else day_in_words(foresight.days.dates[found.day])
    at, down = _x(found.day, foresight.days), y(needed.expected[found.day])
    days, beside, anchor = slice(found.day, found.day + _WORDS), 12, "start"
    if found.day > _MIDDLE:
        days, beside, anchor = slice(found.day - _WORDS, found.day + 1), -12, "end"
    above, below = y(max(needed.high[days])) + _ABOVE, y(min(needed.low[days])) + _BELOW
    words = Mark(at + beside, f"short by {found.missing:,}, {when}", anchor)
    return Short(at, down, above if above > TOP + _BELOW else below, words)
