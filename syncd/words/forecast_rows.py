"""Rows of a forecast: what happens on which day, and what is available then; and people by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from math import ceil, floor

from syncd.dates import day
from syncd.forecasting import Foresight
from syncd.licensing.course import Point
from syncd.licensing.forecast import Outlook
from syncd.register.stock import Holder
from syncd.words.outlook import orders
from syncd.words.wording import many, verb

WHO = ("WHO", "E-MAIL", "DEPARTMENT", "LICENSE ENDS")
_EVENTS = ("DATE", "CERTAIN", "EXPECTED", "BETWEEN", "WHAT HAPPENS")
Row = tuple[str, ...]


def events(foresight: Foresight, outlook: Outlook) -> tuple[Row, list[Row]]:
    """A row for today, each day on which lots begin or end, the first of each month, and the last day."""
    dates = foresight.days.dates
    words = dict(_begun_and_ended(foresight))
    rows, seen = [], 0
    for number, date in enumerate(dates):
        if number and date.day != 1 and number not in words and number != len(dates) - 1:
            continue
        happens = [*_between(outlook.expected[seen : number + 1]), *words.get(number, ())]
        today = ["today"] if not number else []
        rows.append((date.isoformat(), *_figures(outlook, number), "; ".join(today + happens)))
        seen = number + 1
    return _EVENTS, rows


def _begun_and_ended(foresight: Foresight) -> Iterator[tuple[int, list[str]]]:
    """By day: the supposed orders, and the lots that end."""
    dates, words = foresight.days.dates, defaultdict(list)
    for order in foresight.what_if.orders:
        words[dates.index(order.day)].append(f"{many(order.quantity, 'supposed license')} more")
    for entry in foresight.forecast.endings:
        if entry.day:
            lost = f": {verb(entry.people, 'loses', 'lose')} theirs" if entry.people else ""
            unused = f", {entry.unused:,} unused" if entry.unused else ""
            words[entry.day].append(
                f"{orders(entry)} {'ends' if len(entry.lots) == 1 else 'end'}{lost}{unused}"
            )
    yield from words.items()


def _between(points: Sequence[Point]) -> Iterator[str]:
    """Who came and went since the row before, rounded."""
    joined, left = round(sum(p.joined for p in points)), round(sum(p.left for p in points))
    back = round(sum(p.returned for p in points))
    if joined:
        yield f"~{joined:,} {'joins' if joined == 1 else 'join'}"
    if left:
        yield f"~{left:,} {'leaves' if left == 1 else 'leave'}"
    if back:
        yield f"~{many(back, 'license')} back"


def _figures(outlook: Outlook, number: int) -> Row:
    certain, expected = round(outlook.known[number].balance), round(outlook.expected[number].balance)
    low, high = floor(outlook.least[number].balance + 1e-9), ceil(outlook.most[number].balance - 1e-9)
    between = "" if low == high == expected else f"{low:,} to {high:,}"
    return f"{certain:,}", f"{expected:,}", between


def people(holders: Iterable[Holder], zone: tzinfo) -> Iterator[Row]:
    for holder in holders:
        yield holder.name or holder.email, holder.email, holder.department, day(holder.ends_at, zone)
