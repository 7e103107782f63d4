"""Two daemons on two machines with one PostgreSQL: the leader's cable is pulled in the middle of a batch."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon.serving import PATIENCE, serving
from tests.office import CONFIG, Office
from tests.servers.hosts import Network
from tests.servers.postgresql import Postgresql

CROWD = 10_000
TAKES_OVER_WITHIN = 30.0
# Stops its process inside the second batch's transaction, which holds rows, as if the machine had stood
# still. The signal goes to its own thread: no other statement gets out.
FREEZE = """
import signal, threading
from syncd.register.recorder import _Work
admits, batches = _Work.admits, []
def freeze(self, batch):
    admitted = admits(self, batch)
    batches.append(batch)
    if len(batches) == 2:
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    return admitted
_Work.admits = freeze
"""


class Site:
    """`office` is where the daemons are; `desk` is the same company, seen from beside the database."""

    def __init__(self, folder: Path, far: str, near: str) -> None:
        self.office, self.desk = Office(folder / "office"), Office(folder / "desk")
        for place, url in ((self.office, far), (self.desk, near)):
            place.folder.mkdir()
            place.configure(f"database: {{ url: '{url}' }}\n{CONFIG}")
        self.office.crowd(CROWD)
        shutil.copy(self.office.folder / "people.csv", self.desk.folder)
        self.desk.order(CROWD)

    def holders(self) -> int:
        return int(self.desk.json("licenses", "status")["allocated"])


@pytest.fixture
def site(hub_postgresql: Postgresql, tmp_path: Path) -> Site:
    hub_postgresql.execute("CREATE DATABASE people TEMPLATE template0")
    return Site(tmp_path, hub_postgresql.url("people"), hub_postgresql.near_url("people"))


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline


def stands_still(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_who_is_cut_off_is_followed_by_the_other_and_writes_nothing_once_it_is_back(
    site: Site, hosts: Network
) -> None:
    one, two = hosts.others
    with serving(site.office, first=FREEZE, inside=one.inside) as first:
        first.until("role_changed", role="leading")
        with serving(site.office, inside=two.inside) as second:
            second.until("role_changed", role="standby")
            wait_for(lambda: stands_still(first.process.pid))
            assert 0 < site.holders() < CROWD
            hosts.cut(one)
            first.send(signal.SIGCONT)
            began = time.monotonic()
            second.until("role_changed", role="leading")
            assert time.monotonic() - began < TAKES_OVER_WITHIN
            assert second.until("run_finished", state="done")["superseded"] == [1]
            assert site.holders() == CROWD

            hosts.mend(one)
            first.until("role_changed", role="standby")
            assert first.seen("run_finished") == []
            second.send(signal.SIGUSR1)
            again = second.until("run_finished", state="done")
            assert [name for name in again if name.startswith("count_")] == []
            assert second.end() == 0
        first.until("role_changed", role="leading")
        assert first.end() == 0
    assert site.holders() == CROWD
