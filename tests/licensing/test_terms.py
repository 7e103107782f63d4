"""When licenses end: the same calendar day a year later in the company's time zone, whatever happens."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.licensing.terms import ends_at
from syncd.model import LicenseType

ZONES = ("UTC", "Europe/London", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("zone", "assigned", "end"),
    [
        pytest.param("Europe/London", "2026-03-10T14:00", "2027-03-10T00:00+00:00", id="an ordinary day"),
        pytest.param(
            "Europe/London", "2025-03-30T12:00", "2026-03-30T00:00+01:00", id="across a clock change"
        ),
        pytest.param("Europe/London", "2028-02-29T12:00", "2029-02-28T00:00+00:00", id="29 February"),
        pytest.param(
            "Pacific/Apia", "2010-12-30T12:00", "2011-12-31T00:00+14:00", id="a day that was skipped"
        ),
        pytest.param(
            "America/Sao_Paulo", "2017-11-04T12:00", "2018-11-04T01:00-02:00", id="no midnight that day"
        ),
    ],
)
def test_premium_licenses_last_twelve_months(zone: str, assigned: str, end: str) -> None:
    start = datetime.fromisoformat(assigned).replace(tzinfo=ZoneInfo(zone))
    found = ends_at(LicenseType.PREMIUM, int(start.timestamp()), ZoneInfo(zone))
    assert found == datetime.fromisoformat(end).timestamp()


@pytest.mark.parametrize(
    ("zone", "assigned", "end"),
    [
        pytest.param(
            "Europe/London", "2026-03-10T23:59", "2026-04-09T00:00+01:00", id="across a clock change"
        ),
        pytest.param("Europe/London", "2028-02-29T12:00", "2028-03-30T00:00+01:00", id="from 29 February"),
        pytest.param("Europe/London", "2028-01-30T12:00", "2028-02-29T00:00+00:00", id="to 29 February"),
        pytest.param("Pacific/Apia", "2011-11-30T12:00", "2011-12-31T00:00+14:00", id="to a skipped day"),
        pytest.param("Pacific/Apia", "2011-12-29T12:00", "2012-01-28T00:00+14:00", id="over a skipped day"),
    ],
)
def test_trial_licenses_count_calendar_days(zone: str, assigned: str, end: str) -> None:
    start = datetime.fromisoformat(assigned).replace(tzinfo=ZoneInfo(zone))
    found = ends_at(LicenseType.TRIAL, int(start.timestamp()), ZoneInfo(zone))
    assert found == datetime.fromisoformat(end).timestamp()


@given(st.integers(0, 4_000_000_000), st.sampled_from(ZONES))
def test_the_end_is_the_first_instant_of_its_day(assigned_at: int, name: str) -> None:
    zone = ZoneInfo(name)
    end = ends_at(LicenseType.PREMIUM, assigned_at, zone)
    day = datetime.fromtimestamp(end, zone).date()
    assert datetime.fromtimestamp(end - 1, zone).date() < day
    assert (
        timedelta(days=364) <= day - datetime.fromtimestamp(assigned_at, zone).date() <= timedelta(days=367)
    )


@given(st.integers(0, 4_000_000_000))
def test_trial_licenses_last_thirty_days(assigned_at: int) -> None:
    end = ends_at(LicenseType.TRIAL, assigned_at, ZoneInfo("UTC"))
    assert end == assigned_at - assigned_at % 86400 + 30 * 86400
