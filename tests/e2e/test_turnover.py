"""People come, go and change in a real Active Directory while the daemon is killed, each time within a run.

`benchmarks/hour.py` does the same for an hour, with thousands, at random times.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.serving import PATIENCE, Serving, serving
from tests.e2e.conftest import DirectoryOffice
from tests.servers.samba import Samba
from tests.servers.turnover import Turnover
from tests.witness import Witness, witnessing

KILLS, STEPS = 3, 20
MORE = """\
scope: {{ exclude: [ {{ group: nobody }} ] }}
match: {{ adopt_by_email: true }}
guard: {{ max_creations: none, max_suspensions: none, max_updates: none, min_directory_size: none }}
database: {{ url: '{database}' }}
"""
# Stops itself once some of its first run's changes are recorded, and some are not.
FREEZE = """
import os, signal, syncd.run
from syncd.daemon.worker import Worker
syncd.run._BATCH = 3
watch = Worker._watch
def freeze(self, stage, done, total):
    watch(self, stage, done, total)
    if stage == "recording" and done < total:
        os.kill(os.getpid(), signal.SIGSTOP)
Worker._watch = freeze
"""


@pytest.fixture
def own_samba(samba: Samba, tmp_path: Path) -> Iterator[Samba]:
    """A domain of its own, since everybody in it is moved about; `samba` says whether there can be one."""
    folder = tmp_path / "samba"
    folder.mkdir()
    with Samba.start(folder, people=samba.people) as server:
        yield server


def test_a_daemon_killed_again_and_again_loses_and_doubles_nobody(
    office: DirectoryOffice, own_samba: Samba, database_url: str
) -> None:
    own_samba.sync_account = own_samba.following_account
    office.read_from("active_directory", own_samba, more=MORE.format(database=database_url))
    turnover = Turnover(own_samba, seed=2, outsiders="nobody")
    office.order(len(turnover.in_scope()) - 3)
    with witnessing(database_url) as witness:
        for _ in range(KILLS):
            kill_within_a_run(office, turnover, witness)
        turnover.settle()
        with serving(office) as daemon:
            while changes(daemon):
                daemon.send(signal.SIGUSR1)
            assert daemon.end() == 0
        anew = office.json("sync", "--full", code=5)["counts"]
        assert set(anew) <= {"skip"}, "reading everybody finds what reading by changes has missed"
        witness.look()
        witness.swear(turnover)


def kill_within_a_run(office: DirectoryOffice, turnover: Turnover, witness: Witness) -> None:
    with serving(office, first=FREEZE) as daemon:
        deadline = time.monotonic() + PATIENCE
        stat = Path(f"/proc/{daemon.process.pid}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for _ in range(STEPS):
            turnover.step()
        daemon.kill()
    assert witness.look() == "applying"


def changes(daemon: Serving) -> int:
    """How many the next run that ends has made."""
    return int(daemon.until("run_finished", state="done")["recorded"])
