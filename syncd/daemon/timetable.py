"""The timetable: asks for a run whenever one is due. A tick that was missed is made up for, once.

the clock is set ahead, or the machine slept    what was missed is due now, once
the clock is set back                           it begins anew: nothing waits for a time that is far off again
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import tzinfo
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
    jitter = schedule.jitter or None

    def trigger(when: int | str) -> BaseTrigger:
        if isinstance(when, int):
            return IntervalTrigger(seconds=when, jitter=jitter, timezone=zone)
        fields = dict(zip(_CRONTAB, when.split(), strict=True))
        return CronTrigger(**fields, jitter=jitter, timezone=zone)

    jobs = []
    if schedule.every:
        jobs.append(_Job(trigger(schedule.every), "schedule.every", full=False))
    if schedule.full:
        jobs.append(_Job(trigger(schedule.full), "schedule.full", full=True))
    return jobs


def _ahead() -> float:
    """By how much the clock on the wall is ahead of the one that nobody sets."""
    return time.time() - time.monotonic()
