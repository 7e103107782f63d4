"""Days: the company's own days of the next twelve months, as a forecast counts them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from syncd.licensing.terms import a_year_after, start_of


@dataclass(frozen=True, slots=True)
class Days:
    """Day 0 is what is left of today; the last is today's date a year later.

    `starts` are their first moments; `end` is the moment after the last of them. A date that the company's
    clocks skipped is not among them.
    """

    dates: Sequence[date]
    starts: Sequence[int]
    end: int

    def __len__(self) -> int:
        return len(self.dates)

    def of(self, moment: int) -> int | None:
        """The day a moment lies in: 0 for what has been, None for what comes after them all."""
        return None if moment >= self.end else max(0, bisect_right(self.starts, moment) - 1)


def twelve_months(now: int, zone: tzinfo) -> Days:
    """The days from `now` on, until this date next year, inclusive."""
    today = datetime.fromtimestamp(now, zone).date()
    last = a_year_after(today)
    dates, starts = [today], [now]
    day = today + timedelta(days=1)
    while day <= last:
        start = start_of(day, zone)
        if datetime.fromtimestamp(start, zone).date() == day:
            dates.append(day)
            starts.append(start)
        day += timedelta(days=1)
    return Days(tuple(dates), tuple(starts), start_of(day, zone))
