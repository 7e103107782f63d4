"""The disk of the database is full: a real one, of a few megabytes; PostgreSQL has its tables on it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.daemon.serving import FREEZE, serving
from tests.office import CONFIG, Office
from tests.servers.tcp import free_port

CROWD = 5000
SOME = 2_000_000
ODD = 4096  # bytes: half a page of PostgreSQL


class Site:
    """An office whose database is on a small disk, and whoever asks its daemon how it is."""

    def __init__(self, office: Office, database: str, disk: Path) -> None:
        self.office, self.address = office, f"127.0.0.1:{free_port()}"
        http = f"http: {{ listen: '{self.address}' }}\nschedule: {{ every: 0 }}\n"
        office.configure(f"database: {{ url: '{database}' }}\n{CONFIG}{http}")
        office.crowd(CROWD)
        office.order(CROWD)
        self._disk, self._ballast = disk, disk / "ballast"

    def take_space(self, *, but: int) -> None:
        """Leave so many bytes on the disk."""
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free(self._disk) - but)

    def make_space(self) -> None:
        self._ballast.unlink()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self.address}{path}", trust_env=False)

    def licensed(self) -> int:
        """How many have a license, on which the register and its trail agree."""
        assert self.office.json("licenses", "reconcile")["discrepancies"] == []
        return int(self.office.json("licenses", "status")["allocated"])


def free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path, small_disk: Path) -> Site:
    if request.param == "sqlite":
        return Site(Office(tmp_path), f"sqlite:///{small_disk}/syncd.db", small_disk)
    server = request.getfixturevalue("own_postgresql")
    place = small_disk / "tablespace"
    place.mkdir()
    shutil.chown(place, "postgres", "postgres")
    server.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
    server.execute("CREATE DATABASE people TEMPLATE template0 TABLESPACE small")
    server.execute("CHECKPOINT")  # what it has copied may not be on the disk before, but in holes
    return Site(Office(tmp_path), server.url("people"), small_disk)


@pytest.mark.parametrize(("stage", "left"), [("reading", ODD), ("recording", SOME)])
def test_a_disk_that_fills_up_is_told_and_the_run_is_done_once_there_is_space(
    site: Site, stage: str, left: int, wait_until_stopped: Callable[[int], None]
) -> None:
    with serving(site.office, first=FREEZE % stage) as daemon:
        wait_until_stopped(daemon.process.pid)
        site.take_space(but=left)
        daemon.send(signal.SIGCONT)
        daemon.until("run_failed")
        down = daemon.until("daemon_cannot_work")
        assert "the disk is full" in down["reason"]
        assert "free some space" in down["next_step"]
        daemon.until("run_failed")  # it has tried again, and is still not ready
        told = site.get("/readyz")
        assert told.status_code == 503
        assert "the disk is full" in told.json()["reasons"][0]
        assert site.get("/livez").status_code == 200, "starting it again would not help"
        assert (site.licensed() > 0) is (stage == "recording"), "batches that were whole stay"
        assert site.licensed() < CROWD
        site.make_space()
        daemon.until("run_finished", state="done")
        daemon.until("role_changed", role="leading")
        assert site.get("/readyz").status_code == 200
        assert daemon.end() == 0
    assert site.licensed() == CROWD


def test_a_disk_without_any_space_is_told_at_the_start(site: Site) -> None:
    site.take_space(but=0)
    with serving(site.office) as daemon:
        assert "the disk is full" in daemon.until("daemon_cannot_work")["reason"]
        assert site.get("/readyz").status_code == 503
        site.make_space()
        daemon.until("run_finished", state="done")
        assert daemon.end() == 0
    assert site.licensed() == CROWD
