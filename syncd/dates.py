"""Dates: the register's seconds as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def day(seconds: int | None, zone: tzinfo) -> str:
    """A date in the company's time zone; empty without one."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d}"


def moment(seconds: int | None, zone: tzinfo) -> str:
    """A date and time in the company's time zone; empty without one."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}"


def iso(seconds: int | None) -> str | None:
    """A time for programs, in UTC."""
    return None if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
