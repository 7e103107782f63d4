"""The timetable: what is due when, by the company's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from hypothesis import given, reject
from hypothesis import strategies as st
from pydantic import ValidationError

from syncd.daemon.timetable import Timetable
from syncd.settings.schedule import ScheduleSection

LONDON = ZoneInfo("Europe/London")


def section(**values: object) -> ScheduleSection:
    return ScheduleSection.model_validate(values)


def fire_times(timetable: Timetable, name: str, begin: datetime, many: int) -> list[str]:
    scheduler: BackgroundScheduler = timetable._scheduler
    trigger = next(job.trigger for job in scheduler.get_jobs() if job.id == name)
    found, last = [], None
    for _ in range(many):
        now = begin if last is None else last.astimezone(UTC) + timedelta(seconds=1)
        last = trigger.get_next_fire_time(last, now.astimezone(LONDON))
        found.append(last.isoformat())
    return found


def ids(timetable: Timetable) -> set[str]:
    return {job.id for job in timetable._scheduler.get_jobs()}


def ask(_cause: str, _full: bool) -> None:
    """Nobody asks in these tests."""


def test_the_night_of_a_clock_change_is_not_without_its_full_read() -> None:
    """In spring 01:30 does not exist; in autumn it comes twice, and reading twice does no harm."""
    timetable = Timetable(section(full="30 1 * * *"), LONDON, ask)
    spring = fire_times(timetable, "full", datetime(2027, 3, 27, 12, tzinfo=LONDON), 2)
    assert [time[:10] for time in spring] == ["2027-03-28", "2027-03-29"]
    autumn = fire_times(timetable, "full", datetime(2027, 10, 30, 12, tzinfo=LONDON), 3)
    assert [time[:10] for time in autumn] == ["2027-10-31", "2027-10-31", "2027-11-01"]


def test_every_may_name_the_hours_in_which_the_daemon_syncs() -> None:
    timetable = Timetable(section(every="*/30 8-9 * * mon-fri"), LONDON, ask)
    times = fire_times(timetable, "every", datetime(2027, 1, 15, 9, 15, tzinfo=LONDON), 3)  # a Friday
    assert [time[:16] for time in times] == ["2027-01-15T09:30", "2027-01-18T08:00", "2027-01-18T08:30"]
    assert ids(timetable) == {"every", "full"}


@pytest.mark.parametrize(
    ("zone", "full"), [("Europe/Helsinki", "0 3 * * *"), ("Europe/London", "30 1 * * *")]
)
def test_an_hour_that_comes_twice_comes_to_an_end_with_jitter_too(zone: str, full: str) -> None:
    """As APScheduler goes about it: whatever is due by now, one after the other."""
    timetable = Timetable(section(full=full, jitter="30s"), ZoneInfo(zone), ask)
    (trigger,) = (job.trigger for job in timetable._scheduler.get_jobs() if job.id == "full")
    now, morning = datetime(2027, 10, 30, 22, tzinfo=UTC), datetime(2027, 10, 31, 6, tzinfo=UTC)
    due, fired = trigger.get_next_fire_time(None, now.astimezone(ZoneInfo(zone))), 0
    while due.astimezone(UTC) < morning:
        now = due.astimezone(UTC) + timedelta(milliseconds=1)
        due, fired = trigger.get_next_fire_time(due, now.astimezone(ZoneInfo(zone))), fired + 1
        assert fired <= 2, "once in each of the two hours"
    assert fired == 2


@pytest.mark.parametrize("days", ["0", "7", "sun"])
def test_sunday_is_sunday_however_it_is_written(days: str) -> None:
    timetable = Timetable(section(full=f"0 3 * * {days}"), LONDON, ask)
    (time,) = fire_times(timetable, "full", datetime(2027, 1, 13, tzinfo=LONDON), 1)
    assert time.startswith("2027-01-17T03:00")


STEP = st.one_of(st.just(""), st.integers(0, 99).map(lambda step: f"/{step}"))


def field(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most).map(str)
    span = st.one_of(st.just("*"), number, st.tuples(number, number).map("-".join))
    part = st.tuples(span, STEP).map("".join)
    return st.lists(part, min_size=1, max_size=3).map(",".join)


DAYS = st.one_of(
    st.tuples(field(1, 31), field(1, 12), st.just("*")), st.tuples(st.just("*"), field(1, 12), field(0, 7))
)


@given(st.tuples(field(0, 59), field(0, 23), DAYS.map(" ".join)).map(" ".join))
def test_whatever_the_settings_accept_comes_one_day(full: str) -> None:
    try:
        schedule = section(full=full, every=0)
    except ValidationError:
        reject()
    trigger = Timetable(schedule, LONDON, ask)._scheduler.get_jobs()[0].trigger
    assert trigger.get_next_fire_time(None, datetime(2027, 1, 13, tzinfo=LONDON)) is not None


def test_what_cannot_be_followed_leaves_the_timetable_as_it_was() -> None:
    timetable = Timetable(section(), LONDON, ask)
    with pytest.raises(ValueError, match="step value"):
        timetable.follow(section().model_copy(update={"full": "*/70 * * * *"}), LONDON)
    assert ids(timetable) == {"every", "full"}


def test_what_was_missed_is_made_up_for_once() -> None:
    timetable = Timetable(section(), LONDON, ask)
    timetable.start()
    try:
        for job in timetable._scheduler.get_jobs():
            assert (job.coalesce, job.misfire_grace_time, job.max_instances) == (True, None, 1)
    finally:
        timetable.stop()


def test_without_times_nothing_is_due() -> None:
    timetable = Timetable(section(every=0, full="0 3 * * *"), LONDON, ask)
    assert ids(timetable) == {"full"}


def test_another_schedule_takes_the_place_of_the_first() -> None:
    timetable = Timetable(section(every="15m"), LONDON, ask)
    timetable.start()
    try:
        timetable.follow(section(every="5m", full="15 4 1 * *"), LONDON)
        assert ids(timetable) == {"every", "full"}
        begin = datetime(2027, 1, 2, tzinfo=LONDON)
        assert fire_times(timetable, "full", begin, 1) == ["2027-02-01T04:15:00+00:00"]
    finally:
        timetable.stop()
