"""Forecast: the licenses of the next twelve months: what is certain, what is likely, when they run short.

Twice: for those who wait and join (the line), and with everybody whose license ends wanting another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import NamedTuple

from syncd.licensing.chances import Z, likely, unlikely
from syncd.licensing.course import Point, Rules, course, nobody
from syncd.licensing.days import Days
from syncd.licensing.rates import Rate
from syncd.licensing.stock import LotStock, Stock

SOON = 90  # days an order placed for a shortfall should at least last
_HALF = 0.5  # of a person is one, and less is nobody


@dataclass(frozen=True, slots=True)
class Question:
    """What a forecast is made of. Lots that somebody only asks about are among the lots of `stock`."""

    stock: Stock
    days: Days
    rules: Rules
    joining: Rate
    leaving: Rate


@dataclass(frozen=True, slots=True)
class NextShortfall:
    """The first day on which people would wait, as days of the forecast.

    `certain`: they would even if nobody else joined. `earliest`, `latest`: nine in ten lie between them;
    None is after the forecast's end. `missing` on the day itself, `soon` within `SOON` days from it (what to
    order, at least), `at_most` until the forecast's end; each as expected.
    """

    day: int
    earliest: int
    latest: int | None
    certain: bool
    missing: int
    soon: int
    at_most: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The courses under one idea of who wants a license. `least` and `most` bound what is available."""

    renewals: bool
    known: Sequence[Point]
    expected: Sequence[Point]
    least: Sequence[Point]
    most: Sequence[Point]

    @property
    def shortfall(self) -> NextShortfall | None:
        """The next one, if the likely course has one."""
        day, earliest = _first_short(self.expected), _first_short(self.least)
        if day is None:
            return None
        return NextShortfall(
            day=day,
            earliest=day if earliest is None else min(day, earliest),
            latest=_first_short(self.most),
            certain=_first_short(self.known) == day,
            missing=_short(self.expected[day : day + 1]),
            soon=_short(self.expected[day : day + SOON]),
            at_most=_short(self.expected[day:]),
        )

    @property
    def risk(self) -> int | None:
        """The day on which one future in twenty is short, where the likely one is not, or only later."""
        return _first_short(self.least)

    def short_within(self, days: int) -> int:
        """How many licenses are expected to be missing at the worst of the next `days` days."""
        return _short(self.expected[: days + 1])


class Ending(NamedTuple):
    """The lots that end on `day`, and what becomes of their licenses then. Day 0: they have ended already.

    `people` are still here and lose theirs; for `covered` of them another lot certainly has a free seat, were
    they the only ones to want it. `unused`: seats that end with nobody on them, as expected.
    """

    day: int
    lots: tuple[LotStock, ...]
    people: int
    covered: int
    unused: int

    @property
    def gap(self) -> int:
        """How many people there is no other license for."""
        return self.people - self.covered


@dataclass(frozen=True, slots=True)
class Forecast:
    """`line`: those who wait and join. `renewing`: they, and everybody whose license ends."""

    question: Question
    line: Outlook
    renewing: Outlook

    @property
    def endings(self) -> list[Ending]:
        """Every day on which licenses end; the next first."""
        return list(_endings(self.question, self.renewing.known, self.line.expected))


def forecast(question: Question) -> Forecast:
    """Look ahead."""
    return Forecast(question, _outlook(question, renewals=False), _outlook(question, renewals=True))


def _outlook(question: Question, *, renewals: bool) -> Outlook:
    stock, days, joining, leaving = question.stock, question.days, question.joining, question.leaving
    rules = replace(question.rules, renewals=renewals)
    expected = course(stock, days, rules, likely(joining, leaving, len(days)))
    left = [point.left for point in expected]
    least, most = (course(stock, days, rules, unlikely(joining, leaving, left, z)) for z in (Z, -Z))
    return Outlook(renewals, course(stock, days, rules, nobody(days)), expected, least, most)


def _first_short(points: Sequence[Point]) -> int | None:
    return next((day for day, point in enumerate(points) if point.balance <= -_HALF), None)


def _short(points: Sequence[Point]) -> int:
    """The worst of them, to the nearest whole person."""
    return max(0, floor(_HALF - min(point.balance for point in points)))


def _endings(question: Question, renewing: Sequence[Point], expected: Sequence[Point]) -> Iterator[Ending]:
    stock, before = question.stock, float(question.stock.waiting)
    lots: dict[int, list[LotStock]] = {0: [*stock.over]} if stock.over else {}
    for lot in sorted(stock.lots, key=lambda lot: (lot.ends_at, lot.id)):
        day = question.days.of(lot.ends_at)
        if day is not None:
            lots.setdefault(day, []).append(lot)
    for day, over in sorted(lots.items()):
        people = sum(lot.staying for lot in over)
        before = renewing[day - 1].waiting if day else before
        missing = min(people, max(0, round(renewing[day].waiting - before)))
        yield Ending(day, tuple(over), people, people - missing, floor(expected[day].unused + 1e-9))
