"""The forecast in words: each way in which licenses can, or cannot, run short."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from syncd.forecasting import AS_IT_IS, Foresight
from syncd.licensing.course import Rules
from syncd.licensing.days import twelve_months
from syncd.licensing.forecast import Question, forecast
from syncd.licensing.rates import Rate
from syncd.licensing.stock import LotStock, Stock
from syncd.words import outlook

NOW = int(datetime(2026, 11, 24, 9, tzinfo=UTC).timestamp())
DAYS = twelve_months(NOW, UTC)
NOBODY = Rate(0)


def lot(number: int, ends: str, free: int, staying: int = 0) -> LotStock:
    end = DAYS.starts[DAYS.dates.index(date.fromisoformat(ends))] if ends else DAYS.end + 1
    return LotStock(number, number, NOW - 1, end, free, staying)


def look(*lots: LotStock, joining: Rate = NOBODY, waiting: int = 0, requested: int = 0) -> Foresight:
    stock = Stock(lots, waiting=waiting, requested=requested)
    made = forecast(Question(stock, DAYS, Rules(), joining, NOBODY))
    return Foresight(made, None, AS_IT_IS, NOW)


@pytest.mark.parametrize(
    ("foresight", "words"),
    [
        pytest.param(look(), "You do not run short until 24 November 2027", id="never"),
        pytest.param(look(waiting=3), "You are short by 3 today.", id="today"),
        pytest.param(
            look(lot(1, "", 45), joining=Rate(0.1, shape=20)),
            "You do not run short until 24 November 2027, as far as can be expected; one year in twenty does",
            id="perhaps",
        ),
        pytest.param(
            look(lot(1, "", 30), joining=Rate(0.1, shape=20)),
            "(at the earliest on ",
            id="or not at all",
        ),
        pytest.param(
            look(lot(1, "", 30), joining=Rate(0.1, shape=20)),
            ", perhaps not within these twelve months), and by ",
            id="or not at all, and how many",
        ),
        pytest.param(
            look(lot(1, "2026-12-04", 1000), joining=Rate(1)),
            "You run short by 1 on 4 December 2026 (",
            id="when the only lot ends",
        ),
        pytest.param(
            look(lot(1, "", 100), joining=Rate(1)),
            "You run short by 1 on 5 March 2027 (between 18 February and 23 March), and by 90 on 2 June",
            id="between two days",
        ),
        pytest.param(
            look(lot(1, "", 30), joining=Rate(1)),
            "(between 17 December 2026 and 4 January 2027), and by 90",
            id="between two years",
        ),
    ],
)
def test_when_newcomers_run_short(foresight: Foresight, words: str) -> None:
    assert words in outlook.headline(foresight, foresight.forecast.line)


def test_what_is_certain_is_called_so() -> None:
    foresight = look(lot(1, "2027-03-10", 0, 24), lot(2, "", 10))
    words = outlook.headline(foresight, foresight.forecast.renewing)
    assert words == "You run short by 14 on 10 March 2027 (certain)."


def test_the_advice_takes_off_what_is_requested() -> None:
    shortfall = look(waiting=6).forecast.line.shortfall
    assert shortfall is not None
    said = [
        outlook.advice(look(waiting=6, requested=many), shortfall, "syncd licenses") for many in (0, 2, 9)
    ]
    assert said == [
        "order 6 now: `syncd licenses request 6`",
        "order 4 now besides the 2 requested already: `syncd licenses request 4`",
        "9 licenses are requested: have them assigned now",
    ]


def test_each_fate_of_those_whose_license_ends() -> None:
    foresight = look(lot(1, "2027-03-10", 0, 5), lot(2, "2027-03-10", 0, 1), lot(3, "", 4))
    (entry,) = foresight.forecast.endings
    assert outlook.ending(foresight, entry) == (
        "6 people lose their license on 10 March 2027 (orders 1, 2); "
        "free licenses of other orders could take 4 of them; 2 have no license ordered behind it"
    )
    foresight = look(lot(1, "2027-03-10", 0, 1), lot(3, "", 4))
    (entry,) = foresight.forecast.endings
    assert outlook.ending(foresight, entry) == (
        "1 person loses their license on 10 March 2027 (order 1); a license of another order is free for them"
    )
    foresight = look(lot(1, "2027-03-10", 3), requested=5)
    assert outlook.ending(foresight, foresight.forecast.endings[0]) == ""
