"""Terms: when the licenses of an order end. The clock starts when they are assigned, never at allocation.

Premium and managed licenses last twelve months: they end at the beginning of the same calendar day a
year later (29 February: of 28 February), in the company's time zone, and that day is no longer theirs.
Trial licenses last thirty days, counted the same way.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from syncd.model import LicenseType

_TRIAL_DAYS = 30


def ends_at(type_: LicenseType, assigned_at: int, zone: tzinfo) -> int:
    """The exclusive end, in seconds since 1970, of licenses assigned at `assigned_at`."""
    day = datetime.fromtimestamp(assigned_at, zone).date()
    last = day + timedelta(days=_TRIAL_DAYS) if type_ is LicenseType.TRIAL else a_year_after(day)
    return start_of(last, zone)


def start_of(day: date, zone: tzinfo) -> int:
    """The first instant of `day` in `zone`, also where its midnight, or all of it, was skipped."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    instant = midnight.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != midnight.replace(tzinfo=None):
        # The clocks were put forward over midnight. Read with the offset before the change it lies after
        # the gap, with the offset after it (fold=1) before: the first instant there is lies between.
        instant = _end_of_gap(midnight.replace(fold=1).astimezone(UTC), instant, zone)
    return int(instant.timestamp())


def a_year_after(day: date) -> date:
    """The same calendar day next year; 28 February for the 29th."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year + 1, day=28)


def _end_of_gap(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    offset = low.astimezone(zone).utcoffset()
    while (high - low) > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
