"""The timetable: asks for a run whenever one is due. A tick that was missed is made up for, once.

the clock is set ahead, or the machine slept    what was missed is due now, once
the clock is set back                           it begins anew: nothing waits for a time that is far off again
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from random import uniform
from typing import NamedTuple

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from syncd.settings.schedule import ScheduleSection

Ask = Callable[[str, bool], object]
"""Called with why, and whether everybody is to be read."""

# Nothing is dropped because the machine slept: what was missed, however often, is done once, now.
_JOBS = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
_CRONTAB = ("minute", "hour", "day", "month", "day_of_week")
_JUMP = 60.0  # seconds by which a clock is corrected without ado


class Timetable:
    """`start` it once; `follow` another schedule at any time; `watch` the clock every few seconds."""

    def __init__(self, schedule: ScheduleSection, zone: tzinfo, ask: Ask) -> None:
        self._ask = ask
        self._scheduler = BackgroundScheduler(timezone=zone, job_defaults=_JOBS, daemon=True)
        self._put_up(_jobs(schedule, zone))
        self._schedule, self._zone = schedule, zone
        self._ahead = _ahead()

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def follow(self, schedule: ScheduleSection, zone: tzinfo) -> None:
        jobs = _jobs(schedule, zone)  # before the old ones are gone: what cannot be followed changes nothing
        self._scheduler.remove_all_jobs()
        self._put_up(jobs)
        self._schedule, self._zone = schedule, zone

    def watch(self) -> int:
        """The seconds by which the clock has jumped since the last look; 0 where it did not, much."""
        before, self._ahead = self._ahead, _ahead()
        jumped = self._ahead - before
        if jumped > _JUMP:
            self._scheduler.wakeup()
        elif jumped < -_JUMP:
            self.follow(self._schedule, self._zone)
        else:
            return 0
        return round(jumped)

    def _put_up(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            name = job.cause.removeprefix("schedule.")
            self._scheduler.add_job(self._ask, job.trigger, args=[job.cause, job.full], id=name)


class _Job(NamedTuple):
    trigger: BaseTrigger
    cause: str
    full: bool


def _jobs(schedule: ScheduleSection, zone: tzinfo) -> list[_Job]:
    wanted = (schedule.every, "schedule.every", False), (schedule.full, "schedule.full", True)
    return [
        _Job(_Later(_trigger(when, zone), schedule.jitter), cause, full)
        for when, cause, full in wanted
        if when
    ]


def _trigger(when: int | str, zone: tzinfo) -> BaseTrigger:
    if isinstance(when, int):
        return IntervalTrigger(seconds=when, timezone=zone)
    return CronTrigger(**dict(zip(_CRONTAB, when.split(), strict=True)), timezone=zone)


class _Later(BaseTrigger):  # type: ignore[misc]  # of APScheduler no types are known
    """Up to `jitter` seconds after another trigger, in time that passes.

    CronTrigger adds its own to the clock on the wall: in the night in which an hour comes twice, a moment of
    the second becomes one of the first, which is over, again and again without end.
    """

    def __init__(self, trigger: BaseTrigger, jitter: int) -> None:
        self._trigger, self._jitter = trigger, jitter

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        due: datetime | None = self._trigger.get_next_fire_time(previous_fire_time, now)
        if due is None:
            return None
        later = due.astimezone(UTC) + timedelta(seconds=uniform(0, self._jitter))
        return later.astimezone(due.tzinfo)


def _ahead() -> float:
    """By how much the clock on the wall is ahead of the one that nobody sets."""
    return time.time() - time.monotonic()
