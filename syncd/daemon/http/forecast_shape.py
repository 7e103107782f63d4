"""The shape of the forecast: how the API answers for the licenses of the next twelve months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from syncd.forecasting import Foresight
from syncd.licensing.forecast import NextShortfall as Shortage


class ForecastDay(BaseModel):
    """The end of a day: free licenses, less than 0 for people who wait.

    `certain` from what is known, `expected` with those who join and leave; nine in ten lie between `least`
    and `most`.
    """

    day: date
    certain: float
    expected: float
    least: float
    most: float


class NextShortfall(BaseModel):
    """The first day on which people would wait. `order`: what covers the next ninety days from it."""

    day: date
    earliest: date
    latest: date | None
    certain: bool
    missing: int
    order: int


class Forecast(BaseModel):
    """The licenses of the next twelve months, for whoever gets one by themselves."""

    shortfall: NextShortfall | None
    days: list[ForecastDay]

    @classmethod
    def of(cls, foresight: Foresight) -> Forecast:
        dates, wanted = foresight.days.dates, foresight.wanted
        courses = zip(dates, wanted.known, wanted.expected, wanted.least, wanted.most, strict=True)
        return cls(
            shortfall=_shortfall(wanted.shortfall, dates),
            days=[
                ForecastDay(
                    day=day,
                    certain=round(known.balance, 2),
                    expected=round(expected.balance, 2),
                    least=round(least.balance, 2),
                    most=round(most.balance, 2),
                )
                for day, known, expected, least, most in courses
            ],
        )


def _shortfall(found: Shortage | None, dates: Sequence[date]) -> NextShortfall | None:
    if found is None:
        return None
    return NextShortfall(
        day=dates[found.day],
        earliest=dates[found.earliest],
        latest=None if found.latest is None else dates[found.latest],
        certain=found.certain,
        missing=found.missing,
        order=found.soon,
    )
