"""Crontab fields: read as cron reads them, refused with what is wrong in them."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from syncd.settings.crontab import cron, pauses
from syncd.settings.types import duration_text
from tests.settings.conftest import Loaded, Wrong


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0 3 * * *", "0 3 * * *"),
        ("*/15 8-18 * * 1-5", "*/15 8-18 * * mon,tue,wed,thu,fri"),
        ("30 2 1,15 JAN-Mar *", "30 2 1,15 1-3 *"),
        ("0 0 * * 0", "0 0 * * sun"),
        ("0 0 * * 5-7", "0 0 * * fri,sat,sun"),
        ("0 0 * * Monday,Thursday", "0 0 * * mon,thu"),
        ("0 0 * * 1/2", "0 0 * * mon,wed,fri"),
        ("0 0 * * */2", "0 0 * * sun,tue,thu,sat"),
        ("5/20 * * * *", "5-59/20 * * * *"),
        ("  0   3 * * * ", "0 3 * * *"),
    ],
)
def test_fields_are_read_as_cron_reads_them(written: str, meant: str) -> None:
    assert cron(written) == meant


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("3", "five fields"),
        ("@daily", "five fields"),
        ("60 3 * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 3 0 * *", "day of the month"),
        ("0 3 * 13 *", "month"),
        ("0 3 * foo *", "month"),
        ("0 3 * * 8", "day of the week"),
        ("0 3 * * 5-2", "day of the week"),
        ("0 18-8 * * *", "hour"),
        ("*/0 * * * *", "minute"),
        ("*/00 * * * *", "minute"),
        ("*/70 * * * *", "minute"),
        ("59/5 * * * *", "minute"),
        ("0-10/20 * * * *", "minute"),
        ("0 */30 * * *", "hour"),
        ("0 3 * * */7", "day of the week"),
        ("0 3 * * */9", "day of the week"),
        ("0 3 30 2 *", "never comes"),
        ("0 3 31 4,6 *", "never comes"),
        ("0 3 13 * 5", "leave one of them"),
        ("1-2-3 * * * *", "minute"),
        ("² 3 * * *", "minute"),
    ],
)
def test_what_is_wrong_is_named(written: str, words: str) -> None:
    with pytest.raises(PydanticCustomError, match=words):
        cron(written)


@pytest.mark.parametrize(
    ("written", "shortest", "longest"),
    [
        ("* * * * *", "1m", "1m"),
        ("0 3 * * *", "1d", "1d"),
        ("*/15 8-18 * * mon-fri", "15m", "2d13h15m"),
        ("0 8,20 * * *", "12h", "12h"),
        ("0 8,17 * * *", "9h", "15h"),
        ("0 0 1 * *", "28d", "31d"),
        ("30 2 29 2 *", "1461d", "1461d"),
        ("0 4 * * 0", "7d", "7d"),
    ],
)
def test_how_far_its_times_are_apart(written: str, shortest: str, longest: str) -> None:
    assert tuple(map(duration_text, pauses(cron(written)))) == (shortest, longest)


@pytest.mark.parametrize(
    ("schedule", "shortest", "longest"),
    [
        ("{ }", "15m", "15m"),
        ('{ every: "*/15 8-18 * * 1-5" }', "15m", "1d"),
        ("{ every: 0 }", "1d", "1d"),
        ('{ every: 0, full: "0 4 * * sun" }', "7d", "7d"),
        ('{ every: 2d, full: "0 4 * * *" }', "2d", "1d"),
    ],
)
def test_what_passes_between_two_syncs(also: Loaded, schedule: str, shortest: str, longest: str) -> None:
    kept = also(f"schedule: {schedule}").schedule.pauses
    assert (duration_text(kept.shortest), duration_text(kept.longest)) == (shortest, longest)


@pytest.mark.parametrize(
    ("every", "words"),
    [
        ("often", "is neither a duration with its unit, such as 15m, nor five crontab fields"),
        ("'* * *'", "is neither"),
        ("-5m", "is neither"),
        ("'*/70 * * * *'", "has a wrong step for the minute"),
        ("true", "is neither"),
    ],
)
def test_every_says_what_it_takes(also_wrong: Wrong, every: str, words: str) -> None:
    (told,) = also_wrong(f"schedule:\n  every: {every}\n")
    assert "syncd.yaml:5: schedule.every " in told
    assert words in told


def test_a_run_is_not_waited_for_longer_than_it_may_last(also: Loaded, also_wrong: Wrong) -> None:
    assert also_wrong("schedule:\n  deadline: 10m\n  stop_within: 30m\n") == [
        "syncd.yaml:6: schedule.stop_within is longer than deadline (10m), and no run lasts longer; "
        "shorten it, or raise that"
    ]
    assert also("schedule: { deadline: 10m, stop_within: 10m }").schedule.stop_within == 600
    assert also("schedule: { deadline: 1s }").schedule.deadline == 1, "what nobody wrote gives way"
