"""Crontab fields: read as cron reads them, refused with what is wrong in them."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from syncd.settings.schedule import cron
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
        ("1-2-3 * * * *", "minute"),
        ("² 3 * * *", "minute"),
    ],
)
def test_what_is_wrong_is_named(written: str, words: str) -> None:
    with pytest.raises(PydanticCustomError, match=words):
        cron(written)


def test_a_run_is_not_waited_for_longer_than_it_may_last(also: Loaded, also_wrong: Wrong) -> None:
    assert also_wrong("schedule:\n  deadline: 10m\n  stop_within: 30m\n") == [
        "syncd.yaml:6: schedule.stop_within is longer than deadline (10m), and no run lasts longer; "
        "shorten it, or raise that"
    ]
    assert also("schedule: { deadline: 10m, stop_within: 10m }").schedule.stop_within == 600
    assert also("schedule: { deadline: 1s }").schedule.deadline == 1, "what nobody wrote gives way"
