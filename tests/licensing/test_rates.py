"""What the past says about joiners and leavers, and when it says nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf
from zoneinfo import ZoneInfo

import pytest

from syncd.licensing.rates import Rate, observe
from syncd.licensing.stock import History

LONDON = ZoneInfo("Europe/London")
TODAY = datetime(2027, 1, 15, 10, tzinfo=LONDON)
NOW = int(TODAY.timestamp())


def ago(days: int, hour: int = 10) -> int:
    return int((TODAY - timedelta(days=days)).replace(hour=hour).timestamp())


def test_a_new_register_tells_nothing() -> None:
    assert observe(History(), NOW, LONDON, 365) is None
    assert observe(History([(ago(28), 500)], [], 500), NOW, LONDON, 365) is None


def test_the_day_on_which_everybody_was_brought_in_does_not_count() -> None:
    seen = observe(History([(ago(29), 500)], [], 500), NOW, LONDON, 365)
    assert seen is not None
    assert (seen.days, seen.joined, seen.left, seen.crowd) == (28, 0, 0, None)
    assert seen.joining == Rate(0.5 / 28, 0.5)
    assert seen.leaving == Rate(0.5 / (28 * 500), 0.5)


def test_the_rates_are_those_of_the_last_year_at_most() -> None:
    joined = [(ago(900), 100), *((ago(back), 1) for back in range(800, 0, -2))]
    seen = observe(History(joined, [], 500), NOW, LONDON, 365)
    assert seen is not None
    assert (seen.days, seen.joined) == (365, 182)
    assert seen.joining.mean == pytest.approx(182.5 / 365)


def test_today_is_not_over_and_does_not_count() -> None:
    seen = observe(History([(ago(100), 50), (ago(0, 9), 40)], [(ago(0, 8), 5)], 85), NOW, LONDON, 365)
    assert seen is not None
    assert (seen.joined, seen.left) == (0, 0)
    assert seen.leaving.mean == pytest.approx(0.5 / (99 * 50)), "yesterday there were fifty"


def test_leavers_are_counted_by_the_heads_there_were() -> None:
    """100 people for 50 days, then 50 of them: 7,500 days of one head each."""
    history = History([(ago(101), 100)], [(ago(50), 50)], 50)
    seen = observe(history, NOW, LONDON, 365)
    assert seen is not None
    assert seen.left == 50
    assert seen.leaving.mean == pytest.approx(50.5 / (50 * 100 + 50 * 50))


def test_a_day_is_the_company_s_own() -> None:
    """Half past eleven in the evening in London is tomorrow in Auckland."""
    late = int(datetime(2026, 11, 2, 23, 30, tzinfo=LONDON).timestamp())
    history = History([(ago(200), 10), (late, 30)], [], 40)
    for zone, day in (("Europe/London", "2026-11-02"), ("Pacific/Auckland", "2026-11-03")):
        seen = observe(history, NOW, ZoneInfo(zone), 365)
        assert seen is not None
        assert seen.crowd is not None
        assert str(seen.crowd[0]) == day


def test_groups_of_people_make_the_future_less_sure() -> None:
    """52 a year, one a week or all on the first day of each quarter."""
    steady = [(ago(400), 100), *((ago(back), 1) for back in range(364, 0, -7))]
    crowds = [(ago(400), 100), *((ago(back), 13) for back in (350, 260, 170, 80))]
    one, other = (observe(History(joined, [], 152), NOW, LONDON, 365) for joined in (steady, crowds))
    assert one is not None
    assert other is not None
    assert one.joining.mean == other.joining.mean
    assert one.joining.spread == 1
    assert 10 < other.joining.spread < 14
    assert other.joining.moments(20).variance > 8 * one.joining.moments(20).variance


def test_one_day_that_outweighs_the_rest_is_named() -> None:
    joined = [(ago(300), 100), (ago(120), 40), *((ago(back), 1) for back in range(90, 60, -1))]
    seen = observe(History(joined, [], 170), NOW, LONDON, 365)
    assert seen is not None
    assert seen.crowd == ((TODAY - timedelta(days=120)).date(), 40)


def test_a_rate_somebody_said_has_the_variance_of_a_poisson_process() -> None:
    assert Rate(0.4).shape == inf
    assert tuple(Rate(0.4).moments(12)) == (12, 12, 12)


def test_the_moments_are_those_of_the_negative_binomial_distribution() -> None:
    """By its probabilities, summed: mean 12, shape 5."""
    mean, shape = 12.0, 5.0
    chance, total, chances = (shape / (shape + mean)) ** shape, 0.0, []
    for number in range(600):
        chances.append(chance)
        total += chance
        chance *= (shape + number) / (number + 1) * mean / (shape + mean)
    assert total == pytest.approx(1)
    central = [sum(p * (n - mean) ** power for n, p in enumerate(chances)) for power in (2, 3)]
    assert [*Rate(1, shape).moments(mean)[1:]] == pytest.approx(central)
