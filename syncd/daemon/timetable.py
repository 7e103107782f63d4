"""The timetable: asks for a run whenever one is due. A tick that was missed is made up for, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from syncd.settings.schedule import ScheduleSection

Ask = Callable[[str, bool], object]
"""Called with why, and whether everybody is to be read."""

# Nothing is dropped because the machine slept: what was missed, however often, is done once, now.
_JOBS = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}


class Timetable:
    """`start` it once; `follow` another schedule at any time."""

    def __init__(self, schedule: ScheduleSection, zone: tzinfo, ask: Ask) -> None:
        self._ask = ask
        self._scheduler = BackgroundScheduler(timezone=zone, job_defaults=_JOBS, daemon=True)
        self._put_up(schedule, zone)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def follow(self, schedule: ScheduleSection, zone: tzinfo) -> None:
        self._scheduler.remove_all_jobs()
        self._put_up(schedule, zone)

    def _put_up(self, schedule: ScheduleSection, zone: tzinfo) -> None:
        jitter = schedule.jitter or None
        if schedule.every:
            trigger = IntervalTrigger(seconds=schedule.every, jitter=jitter, timezone=zone)
            self._scheduler.add_job(self._ask, trigger, args=["schedule.every", False], id="every")
        if schedule.full:
            fields = schedule.full.split()
            names = ("minute", "hour", "day", "month", "day_of_week")
            trigger = CronTrigger(**dict(zip(names, fields, strict=True)), jitter=jitter, timezone=zone)
            self._scheduler.add_job(self._ask, trigger, args=["schedule.full", True], id="full")
