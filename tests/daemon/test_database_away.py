"""The database goes away under the daemon: at the start, while it is idle, reads, or records."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import make_url

from tests.daemon.serving import FREEZE, HURRY, Serving, serving
from tests.office import CONFIG, Office
from tests.servers.postgresql import Postgresql
from tests.servers.tcp import free_port

CROWD = 5000


@pytest.fixture
def server(own_postgresql: Postgresql) -> Postgresql:
    return own_postgresql


@pytest.fixture
def office(server: Postgresql, tmp_path: Path) -> Office:
    server.execute("CREATE DATABASE people TEMPLATE template0")
    office = Office(tmp_path)
    http = f"http: {{ listen: '127.0.0.1:{free_port()}' }}\n"
    office.configure(f"database: {{ url: '{server.url('people')}' }}\n{http}{CONFIG}")
    office.crowd(CROWD)
    office.order(CROWD)
    return office


def ready(office: Office) -> httpx.Response:
    address = office.config.read_text().partition("listen: '")[2].partition("'")[0]
    return httpx.get(f"http://{address}/readyz", trust_env=False)


def assert_not_ready(office: Office, *reasons: str) -> None:
    told = ready(office)
    assert told.status_code == 503
    assert told.json()["role"] != "leading"
    for reason, found in zip(reasons, told.json()["reasons"], strict=True):
        assert reason in found
    url = make_url(office.config.read_text().partition("url: '")[2].partition("'")[0])
    names = {url.username, url.host, url.database, *url.query.values()} - {None}
    assert {name for name in names if str(name) in told.text} == set(), "it is told to anybody"


def is_done_and_nothing_is_left(daemon: Serving, office: Office) -> None:
    """Everybody has one license, the trail agrees, and another run finds nothing to do."""
    assert office.json("licenses", "status")["allocated"] == CROWD
    assert office.json("licenses", "reconcile")["discrepancies"] == []
    daemon.send(signal.SIGUSR1)
    again = daemon.until("run_finished", state="done")
    assert [name for name in again if name.startswith("count_")] == []
    assert ready(office).status_code == 200
    assert daemon.end() == 0


def test_a_database_that_is_down_at_the_start_is_waited_for(office: Office, server: Postgresql) -> None:
    server.stop()
    with serving(office, first=HURRY) as daemon:
        down = daemon.until("daemon_cannot_work")
        assert "cannot be reached" in down["reason"]
        assert_not_ready(office, "is starting", "cannot be reached")
        server.resume()
        daemon.until("run_finished", state="done", count_create=CROWD)
        is_done_and_nothing_is_left(daemon, office)


def test_a_database_restarted_while_the_daemon_is_idle_is_noticed_and_connected_to_again(
    office: Office, server: Postgresql
) -> None:
    with serving(office, first=HURRY) as daemon:
        daemon.until("run_finished", state="done", count_create=CROWD)
        server.stop()
        daemon.until("daemon_cannot_work")
        assert_not_ready(office, "database")
        server.resume()
        daemon.until("role_changed", role="leading")
        is_done_and_nothing_is_left(daemon, office)


def test_what_is_asked_while_the_database_is_away_is_done(office: Office, server: Postgresql) -> None:
    with serving(office, first=HURRY) as daemon:
        daemon.until("run_finished", state="done")
        server.stop()
        daemon.send(signal.SIGUSR1)
        daemon.until("daemon_cannot_work")
        server.resume()
        assert daemon.until("run_started")["requested_by"].endswith("SIGUSR1")
        daemon.until("run_finished", state="done")
        is_done_and_nothing_is_left(daemon, office)


@pytest.mark.parametrize("stage", ["reading", "recording"])
def test_a_run_that_loses_its_database_is_begun_again_when_it_is_back(
    office: Office, server: Postgresql, stage: str, wait_until_stopped: Callable[[int], None]
) -> None:
    with serving(office, first=FREEZE % stage) as daemon:
        wait_until_stopped(daemon.process.pid)
        server.stop()
        server.resume()
        daemon.send(signal.SIGCONT)
        daemon.until("run_failed")
        daemon.until("daemon_cannot_work")
        assert daemon.until("run_finished", state="done")["superseded"] == [1]
        is_done_and_nothing_is_left(daemon, office)
