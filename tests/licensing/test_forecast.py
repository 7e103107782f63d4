"""Forecasts: when licenses run short, for whom, and whether nine futures in ten are as it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import exp
from random import Random
from zoneinfo import ZoneInfo

import pytest

from syncd.licensing.days import twelve_months
from syncd.licensing.forecast import Forecast, Question, Rules, forecast
from syncd.licensing.rates import Rate, observe
from syncd.licensing.stock import History, LotStock, Stock
from tests.licensing.brute_force import Today, World

DAY = 86_400
LONDON = ZoneInfo("Europe/London")
NOW = int(datetime(2027, 1, 15, 10, tzinfo=LONDON).timestamp())
DAYS = twelve_months(NOW, LONDON)
GRACE = 14 * DAY
NOBODY = Rate(0)


def lot(
    number: int, ends: int, free: int = 0, staying: int = 0, left: Sequence[tuple[int, int]] = ()
) -> LotStock:
    """A lot that ends at the beginning of day `ends`."""
    end = DAYS.starts[ends] if ends < len(DAYS) else DAYS.end + DAY
    return LotStock(number, number, NOW - 100 * DAY, end, free, staying, tuple(left))


def look(stock: Stock, joining: Rate = NOBODY, leaving: Rate = NOBODY) -> Forecast:
    return forecast(Question(stock, DAYS, Rules(GRACE), joining, leaving))


def test_nothing_ordered_and_nobody_there_runs_short_of_nothing() -> None:
    found = look(Stock())
    assert (found.line.shortfall, found.renewing.shortfall, found.endings) == (None, None, [])
    assert {point.balance for point in found.line.expected} == {0}


def test_people_waiting_are_short_today_and_for_certain() -> None:
    shortfall = look(Stock(waiting=6)).line.shortfall
    assert shortfall is not None
    assert (shortfall.day, shortfall.earliest, shortfall.latest) == (0, 0, 0)
    assert (shortfall.certain, shortfall.missing, shortfall.soon) == (True, 6, 6)


def test_with_known_joiners_the_day_is_arithmetic() -> None:
    """10 free, 1 a day: on the 11th day the 11th finds none."""
    found = look(Stock((lot(1, 400, free=10),)), Rate(1))
    shortfall = found.line.shortfall
    assert shortfall is not None
    assert (shortfall.day, shortfall.missing, shortfall.certain) == (11, 1, False)
    assert shortfall.soon == 90
    assert shortfall.at_most == 355
    assert shortfall.earliest < 11 < (shortfall.latest or 0)


def test_who_loses_a_license_is_no_part_of_the_line() -> None:
    found = look(Stock((lot(1, 50, free=6, staying=44), lot(2, 200, free=20))))
    assert found.line.shortfall is None
    shortfall = found.renewing.shortfall
    assert shortfall is not None
    assert (shortfall.day, shortfall.earliest, shortfall.latest) == (50, 50, 50)
    assert (shortfall.certain, shortfall.missing) == (True, 24)
    first, second = found.endings
    assert (first.day, first.people, first.covered, first.gap, first.unused) == (50, 44, 20, 24, 6)
    assert (second.day, second.people, second.gap, second.unused) == (200, 0, 0, 20)


def test_licenses_that_are_over_already_are_a_gap_of_today() -> None:
    over = LotStock(1, 1, NOW - 400 * DAY, NOW - DAY, 0, 5)
    found = look(Stock((lot(2, 100, free=2),), (over,)))
    first = found.endings[0]
    assert (first.day, first.lots, first.people, first.covered, first.gap) == (0, (over,), 5, 2, 3)
    assert found.line.shortfall is None


def test_everything_expired() -> None:
    over = LotStock(1, 1, NOW - 400 * DAY, NOW - DAY, 3, 5)
    found = look(Stock((), (over,)), Rate(0.5), Rate(0.001))
    assert found.line.shortfall is not None
    assert found.renewing.short_within(0) == 5


def test_leavers_push_the_day_back() -> None:
    stock = Stock((lot(1, 400, free=30, staying=200),))
    alone, with_leavers = look(stock, Rate(1)), look(stock, Rate(1), Rate(0.002))
    assert alone.line.shortfall is not None
    assert with_leavers.line.shortfall is not None
    assert with_leavers.line.shortfall.day > alone.line.shortfall.day


def test_seats_nobody_takes_are_told_before_they_lapse() -> None:
    """30 free until day 40, and half a person a day: 20 of them find somebody, 10 do not."""
    found = look(Stock((lot(1, 40, free=30), lot(2, 300, free=5))), Rate(0.5))
    assert [(ending.day, ending.unused) for ending in found.endings] == [(40, 10), (300, 0)]


def test_the_interval_widens_the_less_is_known() -> None:
    stock = Stock((lot(1, 400, free=50),))
    widths = []
    for rate in (Rate(0.4), Rate(0.4, shape=100), Rate(0.4, shape=10), Rate(0.4, shape=10, spread=5)):
        outlook = look(stock, rate).line
        widths.append(outlook.most[200].balance - outlook.least[200].balance)
    assert widths == sorted(widths)
    assert widths[0] < widths[-1] / 2


def test_the_bounds_are_in_order_on_every_day() -> None:
    stock = Stock((lot(1, 60, free=9, staying=30), lot(2, 250, free=30, staying=80)), waiting=2)
    found = look(stock, Rate(0.3, 40, 2), Rate(0.002, 20))
    for outlook in (found.line, found.renewing):
        for day in range(len(DAYS)):
            values = [points[day].balance for points in (outlook.least, outlook.expected, outlook.most)]
            assert values == sorted(values), f"day {day}"


class Past:
    """A company whose people join `rate` a day, `crowd` at a time, and leave at `leaving` a head and day."""

    def __init__(self, seed: int, rate: float, leaving: float, crowd: int = 1) -> None:
        self.random, self.rate, self.leaving, self.crowd = Random(seed), rate, leaving, crowd

    def joins(self, day: int) -> int:
        return self.crowd * self._poisson(self.rate / self.crowd) if day else 0

    def leaves(self) -> bool:
        return self.random.random() < self.leaving

    def history(self, heads: int, days: int) -> History:
        joined, left = [(NOW - (days + 1) * DAY, heads)], []
        for back in range(days, 0, -1):
            came, went = self.joins(1), sum(self.leaves() for _ in range(heads))
            joined.append((NOW - back * DAY, came))
            left.append((NOW - back * DAY, went))
            heads += came - went
        return History(joined, left, heads)

    def _poisson(self, mean: float) -> int:
        many, chance = 0, self.random.random()
        while chance > exp(-mean):
            many, chance = many + 1, chance * self.random.random()
        return many


STOCKS = {
    "one lot": Stock((lot(1, 400, free=60, staying=60),)),
    "lots that end": Stock((lot(1, 100, free=15, staying=30), lot(2, 400, free=60, staying=40))),
}


@pytest.mark.parametrize(
    ("stock", "rate", "leaving", "crowd"),
    [
        pytest.param("one lot", 0.4, 0.0015, 1, id="busy"),
        pytest.param("lots that end", 0.4, 0.0015, 1, id="busy, lots end"),
        pytest.param("lots that end", 0.4, 0.0, 1, id="nobody leaves"),
        pytest.param("lots that end", 0.05, 0.0005, 1, id="quiet"),
        pytest.param("one lot", 0.5, 0.001, 5, id="in groups"),
    ],
)
def test_nine_futures_in_ten_lie_between_the_bounds(
    stock: str, rate: float, leaving: float, crowd: int
) -> None:
    """The past is as random as the future: rates are learnt from it and not given."""
    futures, inside, dated, right = 60, 0, 0, 0
    looked_at = (20, 60, 90, 150, 250, 350)
    for seed in range(futures):
        past = Past(seed, rate, leaving, crowd)
        seen = observe(past.history(100, 300), NOW, LONDON, 365)
        assert seen is not None
        outlook = look(STOCKS[stock], seen.joining, seen.leaving).line
        lived = World(STOCKS[stock], DAYS, GRACE, joins=past.joins, leaves=past.leaves).live()
        for day in looked_at:
            happened = lived[day].available - lived[day].waiting
            low, high = outlook.least[day].balance, outlook.most[day].balance
            inside += low - 1 < happened < high + 1
        if outlook.shortfall is not None:
            dated += 1
            late = len(DAYS) if outlook.shortfall.latest is None else outlook.shortfall.latest
            right += outlook.shortfall.earliest <= _first_short(lived) <= late
    covered = inside / futures / len(looked_at)
    assert 0.86 <= covered <= 0.97, covered
    assert dated < 20 or right / dated >= 0.8, (right, dated)


def _first_short(lived: Sequence[Today]) -> int:
    return next((day for day, today in enumerate(lived) if today.waiting > today.available), len(DAYS))
