"""The certain part of a forecast: every day of it, against a world lived through person by person."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.licensing.course import Rules, course, nobody
from syncd.licensing.days import Days, twelve_months
from syncd.licensing.stock import LotStock, Stock
from syncd.licensing.terms import start_of
from tests.licensing.brute_force import World

DAY = 86_400
MOMENTS = (
    ("Europe/London", "2027-01-15T10:00"),
    ("Europe/London", "2026-10-24T23:30"),  # the night before the clocks go back
    ("America/Sao_Paulo", "2018-06-01T12:00"),  # summer time begins at midnight
    ("Pacific/Apia", "2011-06-15T08:00"),  # 30 December 2011 never was
    ("UTC", "2028-02-29T00:00"),
    ("Australia/Lord_Howe", "2027-03-31T12:00"),  # the clocks move by half an hour
)


def at(zone: str, moment: str) -> tuple[int, ZoneInfo]:
    place = ZoneInfo(zone)
    return int(datetime.fromisoformat(moment).replace(tzinfo=place).timestamp()), place


@st.composite
def lots(draw: st.DrawFn, number: int, days: Days, now: int) -> LotStock:
    ends = draw(st.integers(0, len(days) + 30))
    midnight = draw(st.booleans())
    end = days.starts[ends] if midnight and 0 < ends < len(days) else now + 1 + ends * DAY
    supposed = draw(st.booleans()) and ends > 40
    begins = days.starts[draw(st.integers(0, 40))] if supposed else now - draw(st.integers(0, 300)) * DAY
    left = st.tuples(st.integers(now - 40 * DAY, now), st.integers(1, 3))
    leaving = () if supposed else tuple(sorted(draw(st.lists(left, max_size=3, unique_by=lambda e: e[0]))))
    staying = 0 if supposed else draw(st.integers(0, 8))
    return LotStock(number, number, begins, max(end, begins + 1), draw(st.integers(0, 8)), staying, leaving)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    now, zone = at(*draw(st.sampled_from(MOMENTS)))
    days = twelve_months(now, zone)
    found = tuple(draw(lots(number, days, now)) for number in range(1, draw(st.integers(0, 4)) + 1))
    over = LotStock(99, 99, now - 400 * DAY, now - DAY, 0, draw(st.integers(0, 5)))
    return World(
        Stock(found, (over,) if over.staying else (), draw(st.integers(0, 12))),
        days,
        release_after=draw(st.sampled_from([0, 1, DAY, 14 * DAY, 14 * DAY + 7])),
        min_remaining=draw(st.sampled_from([0, 14 * DAY])),
        hold=draw(st.booleans()),
        renewals=draw(st.booleans()),
    )


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_what_is_certain_is_exact_on_every_day(world: World) -> None:
    rules = Rules(world.release_after, world.min_remaining, world.hold, world.renewals)
    points = course(world.stock, world.days, rules, nobody(world.days))
    lived = world.live()
    assert [(p.available, p.waiting) for p in points] == [(day.available, day.waiting) for day in lived]


@pytest.mark.parametrize(("zone", "moment"), MOMENTS)
def test_the_days_are_those_of_the_calendar_on_the_wall(zone: str, moment: str) -> None:
    now, place = at(zone, moment)
    days = twelve_months(now, place)
    assert days.starts[0] == now
    for number in range(1, len(days)):
        assert days.dates[number - 1] < days.dates[number]
        first = datetime.fromtimestamp(days.starts[number], place).date()
        before = datetime.fromtimestamp(days.starts[number] - 1, place).date()
        assert first == days.dates[number] != before
        assert days.of(days.starts[number]) == number
        assert days.of(days.starts[number] - 1) == number - 1
    assert days.of(days.end) is None
    assert days.of(days.end - 1) == len(days) - 1
    assert days.of(now - 10 * DAY) == 0


def test_a_day_that_was_skipped_is_not_there() -> None:
    now, zone = at("Pacific/Apia", "2011-06-15T08:00")
    dates = [str(date) for date in twelve_months(now, zone).dates]
    assert dates[-1] == "2012-06-15"
    assert "2011-12-30" not in dates
    assert {"2011-12-29", "2011-12-31"} <= set(dates)


def test_a_year_from_29_february_ends_on_the_28th() -> None:
    now, zone = at("UTC", "2028-02-29T00:00")
    days = twelve_months(now, zone)
    assert (str(days.dates[0]), str(days.dates[-1]), len(days)) == ("2028-02-29", "2029-02-28", 366)


def test_an_order_of_today_ends_within_the_forecast() -> None:
    now, zone = at("Europe/London", "2027-01-15T10:00")
    days = twelve_months(now, zone)
    end = start_of(days.dates[0].replace(year=2028), zone)
    lot = LotStock(1, 1, now, end, 5)
    points = course(Stock((lot,)), days, Rules(), nobody(days))
    assert [points[-2].available, points[-1].available, points[-1].unused] == [5, 0, 5]


def test_the_line_takes_what_leavers_give_back() -> None:
    now, zone = at("UTC", "2027-01-15T10:00")
    days = twelve_months(now, zone)
    lot = LotStock(1, 1, now - DAY, now + 400 * DAY, 0, 7, ((now - 4 * DAY, 3),))
    points = course(Stock((lot,), waiting=2), days, Rules(release_after=14 * DAY), nobody(days))
    assert [(points[day].available, points[day].waiting) for day in (0, 9, 10)] == [(0, 2), (0, 2), (1, 0)]
    assert points[10].returned == 3
