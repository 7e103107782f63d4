"""The daemon's clock jumps by a day, both ways: it neither stands still nor makes up for every tick."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.daemon.serving import Serving, serving
from tests.office import CONFIG, Office, person

DAY = 86_400
# All of its process goes by a clock that is ahead by what the file says. APScheduler has its own name for it.
MOVED = """
import datetime, pathlib, time
from apscheduler.schedulers import base
from apscheduler.triggers import cron, interval
from syncd.daemon import serve, worker
wall, ahead = time.time, pathlib.Path("ahead")
class Moved(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(time.time(), tz)
time.time = lambda: wall() + int(ahead.read_text())
base.datetime = interval.datetime = cron.datetime = Moved
serve._LOOK = 0.1
worker._LOOK = 0.1
"""


class Site:
    def __init__(self, folder: Path, schedule: str) -> None:
        self.office = Office(folder)
        self.office.configure(f"{CONFIG}schedule: {{ {schedule} }}\n")
        self.office.employ(person("ann"))
        self.office.order(1)
        self.be_ahead(0)

    def be_ahead(self, seconds: int) -> None:
        new = self.office.folder / "new"
        new.write_text(str(seconds))
        new.replace(self.office.folder / "ahead")  # never empty, whoever reads it


def goes_on(daemon: Serving, jumped: int) -> None:
    """It has noticed the jump, and syncs by its schedule as before: once a second, and no more."""
    told = daemon.until("clock_jumped")
    assert abs(told["seconds"] - jumped) <= 1
    began, before = time.monotonic(), len(daemon.seen("run_started"))
    for _ in range(3):
        daemon.until("run_finished", state="done")
    took = time.monotonic() - began
    assert len(daemon.seen("run_started")) - before <= took + 3


@pytest.mark.parametrize("days", [1, -1])
def test_the_schedule_goes_on_as_before(tmp_path: Path, days: int) -> None:
    site = Site(tmp_path, "every: 1s")
    with serving(site.office, first=MOVED) as daemon:
        daemon.until("run_started", requested_by="schedule.every")
        site.be_ahead(days * DAY)
        goes_on(daemon, days * DAY)
        site.be_ahead(0)
        goes_on(daemon, -days * DAY)
        assert daemon.seen("run_failed") == []
        assert daemon.end() == 0
    (ann,) = site.office.json("learners", "list")
    assert (ann["account"], ann["license"]) == ("active", "live")


def test_a_full_read_that_the_machine_has_slept_through_is_made_up_for_once(tmp_path: Path) -> None:
    """Its own waiting stands still while it sleeps: without a look at the clock, it would sleep on."""
    site = Site(tmp_path, 'every: 0, full: "0 3 * * *"')
    with serving(site.office, first=MOVED) as daemon:
        daemon.until("run_finished", state="done")
        site.be_ahead(3 * DAY)
        daemon.until("clock_jumped")
        daemon.until("run_started", requested_by="schedule.full")
        daemon.until("run_finished", state="done")
        assert daemon.end() == 0
        assert len(daemon.seen("run_started")) == 2
