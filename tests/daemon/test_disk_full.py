"""The disk of the database is full: a real one, of a few megabytes."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

from tests.daemon.serving import serving
from tests.office import CONFIG, Office
from tests.servers.tcp import free_port

CROWD = 5000


class Site:
    """An office on a disk that has almost no space left, and whoever asks its daemon how it is."""

    def __init__(self, disk: Path, left: int) -> None:
        self.office, self.address = Office(disk), f"127.0.0.1:{free_port()}"
        self.office.configure(f"{CONFIG}http: {{ listen: '{self.address}' }}\nschedule: {{ every: 0 }}\n")
        self.office.crowd(CROWD)
        self.office.order(CROWD)
        self._ballast = disk / "ballast"
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free(disk) - left)

    def make_space(self) -> None:
        self._ballast.unlink()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self.address}{path}", trust_env=False)

    def check_everybody_has_one_license(self) -> None:
        assert self.office.json("licenses", "status")["allocated"] == CROWD
        assert self.office.json("licenses", "reconcile")["discrepancies"] == []


def free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def test_a_disk_that_fills_up_is_told_and_the_run_is_done_once_there_is_space(small_disk: Path) -> None:
    site = Site(small_disk, left=2_000_000)
    with serving(site.office) as daemon:
        daemon.until("run_failed")
        down = daemon.until("daemon_cannot_work")
        assert "the disk is full" in down["reason"]
        assert "free some space" in down["next_step"]
        daemon.until("run_failed")  # it has tried again, and is still not ready
        told = site.get("/readyz")
        assert told.status_code == 503
        assert "the disk is full" in told.json()["reasons"][0]
        assert site.get("/livez").status_code == 200, "starting it again would not help"
        site.make_space()
        daemon.until("run_finished", state="done")
        daemon.until("role_changed", role="leading")
        assert site.get("/readyz").status_code == 200
        assert daemon.end() == 0
    site.check_everybody_has_one_license()


def test_a_disk_without_any_space_is_told_at_the_start(small_disk: Path) -> None:
    site = Site(small_disk, left=0)
    with serving(site.office) as daemon:
        assert "the disk is full" in daemon.until("daemon_cannot_work")["reason"]
        assert site.get("/readyz").status_code == 503
        site.make_space()
        daemon.until("run_finished", state="done")
        assert daemon.end() == 0
    site.check_everybody_has_one_license()
