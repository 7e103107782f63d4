"""The daemon in a process of its own: signals, reloading, a killed leader, and the service manager."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from syncd import settings
from syncd.daemon.serve import Daemon
from syncd.daemon.systemd import ServiceManager
from syncd.settings import Settings
from tests.daemon.serving import PATIENCE, serving
from tests.office import CONFIG, Office, person
from tests.servers.smtp import MailServer, text_of
from tests.servers.tcp import free_port

CROWD = 10_000
HURRY = "from syncd.daemon import worker; worker._LOOK = 0.2"
FREEZE = """
import os, signal
from syncd.daemon.worker import Worker
watch = Worker._watch
def freeze(self, stage, done, total):
    watch(self, stage, done, total)
    if stage == "recording":
        os.kill(os.getpid(), signal.SIGSTOP)
Worker._watch = freeze
"""  # after the first batch, as if the machine had stood still


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.configure(CONFIG)
    office.employ(person("ann"), person("bob"))
    office.order(5)
    return office


def keep(office: Office, database_url: str, size: int) -> None:
    """A crowd with a license each, in this database."""
    office.configure(f"database: {{ url: '{database_url}' }}\n{CONFIG}")
    office.crowd(size)
    office.order(size)


def notify(mail: MailServer) -> str:
    """The section that tells the admins by mail."""
    smtp = f"smtp: {{ server: 127.0.0.1, port: {mail.port}, security: none, sender: training@contoso.com }}"
    return f"notify:\n  {smtp}\n  to: [ {{ audience: admins, mail: it@contoso.com }} ]\n"


def holders(office: Office) -> int:
    return int(office.json("licenses", "status")["allocated"])


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline


def test_it_syncs_at_the_start_and_ends_when_asked(office: Office) -> None:
    with serving(office) as daemon:
        daemon.until("run_finished", state="done", count_create=2)
        assert daemon.end() == 0
        assert [event["event"] for event in daemon.events][-1] == "daemon_stopped"
        assert daemon.other == []
    run = office.json("runs", "list")[0]
    assert (run["command"], run["requested_by"]) == ("serve", "start")


def test_a_thousand_requests_at_once_are_a_few_runs(office: Office) -> None:
    with serving(office) as daemon:
        daemon.until("run_finished")
        for _ in range(1000):
            daemon.send(signal.SIGUSR1)
        daemon.until("run_finished", state="done")
        daemon.end()
        assert len(daemon.seen("run_finished")) < 50


def test_a_thousand_requests_over_http_are_a_few_runs(office: Office) -> None:
    address = f"127.0.0.1:{free_port()}"
    token = "{ name: oncall, role: operator, token: { env: OPERATOR } }"
    office.configure(f"{CONFIG}http: {{ listen: '{address}', tokens: [{token}] }}\n")
    with serving(office, OPERATOR="o-1") as daemon:
        daemon.until("run_finished")
        with httpx.Client(
            base_url=f"http://{address}", headers={"Authorization": "Bearer o-1"}, trust_env=False
        ) as client:

            def ask(_: int) -> int:
                return client.post("/api/v1/sync", json={}, timeout=PATIENCE).status_code

            with ThreadPoolExecutor(20) as crowd:
                assert set(crowd.map(ask, range(1000))) == {202}
        daemon.until("run_finished", state="done")
        assert daemon.end() == 0
        assert len(daemon.seen("run_finished")) < 50
        assert daemon.seen("run_failed") == []


def test_a_broken_configuration_is_told_and_the_old_one_stays(office: Office) -> None:
    with serving(office) as daemon:
        daemon.until("run_finished")
        office.configure(CONFIG.replace("timezone: Europe/London", "timezone: Europe/Londn"))
        daemon.send(signal.SIGHUP)
        rejected = daemon.until("configuration_rejected")
        assert "Europe/London" in rejected["reason"]
        daemon.send(signal.SIGUSR1)
        daemon.until("run_finished", state="done")
        office.configure(CONFIG)
        daemon.send(signal.SIGHUP)
        daemon.until("configuration_reloaded")
        daemon.until("run_finished", state="done")
        assert daemon.end() == 0


def test_where_it_listens_is_not_changed_in_silence(office: Office) -> None:
    port, other = free_port(), free_port()
    office.configure(f"http: {{ listen: '127.0.0.1:{port}' }}\n{CONFIG}")
    with serving(office) as daemon:
        daemon.until("run_finished", state="done")
        office.configure(f"http: {{ listen: '127.0.0.1:{other}' }}\n{CONFIG}")
        daemon.send(signal.SIGHUP)
        rejected = daemon.until("configuration_rejected")
        assert "settled at the start" in rejected["reason"]
        assert "restart it" in rejected["next_step"]
        assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200


def test_whatever_is_wrong_with_a_reload_the_one_before_stays_in_force(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.configure(CONFIG)
    loaded = settings.load(office.config)

    def broken() -> Settings:
        raise ValueError("nobody thought of this: password=hunter2")

    daemon = Daemon(loaded, broken, ServiceManager({}))
    heard = [signal.SIGHUP, signal.SIGTERM]
    monkeypatch.setattr(daemon, "_signal", lambda _: heard.pop(0))
    assert daemon.serve() == 0
    assert "nobody thought of this: password=***" in daemon.status.snapshot().rejected
    assert "is not in force" in daemon.status.snapshot().in_words()


def test_sigterm_ends_a_run_between_two_batches_and_the_next_start_finishes(
    office: Office, database_url: str, mail: MailServer
) -> None:
    keep(office, database_url, CROWD)
    office.configure(office.config.read_text() + notify(mail))
    with serving(office) as daemon:
        daemon.until("run_started")
        assert daemon.end() == 0
        (ended,) = daemon.seen("run_interrupted")
        assert (ended["reason"], ended["level"]) == ("the daemon was asked to stop", "warning")
        assert "the next run" in ended["next_step"]
        assert daemon.seen("run_failed") == []
    with serving(office) as daemon:
        daemon.until("run_finished", state="done")
        daemon.end()
    assert holders(office) == CROWD
    assert mail.received == [], "that is no failure"


def test_a_killed_leader_is_followed_by_another_and_nothing_is_done_twice(
    office: Office, database_url: str
) -> None:
    keep(office, database_url, CROWD)
    with serving(office, first=FREEZE) as leader:
        leader.until("role_changed", role="leading")
        with serving(office, first=HURRY) as standby:
            standby.until("role_changed", role="standby")
            wait_for(lambda: holders(office) > 0)
            assert holders(office) < CROWD
            leader.kill()
            standby.until("role_changed", role="leading")
            assert standby.until("run_finished", state="done")["superseded"] == [1]
            standby.send(signal.SIGUSR1)
            again = standby.until("run_finished", state="done")
            assert [name for name in again if name.startswith("count_")] == []
            assert standby.end() == 0
    assert holders(office) == CROWD


def test_a_sync_by_hand_waits_for_the_daemon_and_finishes_what_a_killed_one_left(
    office: Office, database_url: str
) -> None:
    keep(office, database_url, CROWD)
    with serving(office, first=FREEZE) as daemon:
        daemon.until("run_started")
        wait_for(lambda: holders(office) > 0)
        by_hand = office.start("sync")
        assert by_hand.stderr is not None
        assert "run 1 (serve, asked for by start) has been in progress" in by_hand.stderr.readline()
        daemon.kill()
        output, errors = by_hand.communicate(timeout=PATIENCE)
    assert by_hand.returncode == 0, errors
    assert "took over from run 1" in output
    assert holders(office) == CROWD
    assert "cut short: its process died" in office.say("runs", "list").stdout
    assert "cut short: its process died" in office.say("runs", "show", "1").stdout


def test_a_run_that_neither_moves_nor_ends_ends_the_daemon_and_is_told(
    office: Office, mail: MailServer
) -> None:
    office.configure(CONFIG.replace("people.csv", "endless.csv") + notify(mail))
    os.mkfifo(office.folder / "endless.csv")
    hurry = "from syncd.daemon import serve; serve._LOOK = 0.1; serve._STILL = 0.5"
    with serving(office, first=hurry) as daemon:
        hung = daemon.until("run_hung")
        assert "finishes the run" in hung["next_step"]
        assert daemon.wait() == 70
    (told,) = mail.received
    assert told["Subject"] == "Contoso: The sync has failed"
    assert "neither moved nor ended" in " ".join(text_of(told).split())
    assert office.json("runs", "list")[0]["state"] == "failed"


def test_the_service_manager_hears_of_every_step(office: Office, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(30)
        manager = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
        with serving(office, **manager) as daemon:
            assert ear.recv(1000).startswith(b"READY=1\n")
            assert ear.recv(1000).startswith(b"WATCHDOG=1\nSTATUS=")
            daemon.send(signal.SIGHUP)
            told = b""
            while not told.startswith(b"RELOADING=1"):
                told = ear.recv(1000)
            assert ear.recv(1000).startswith(b"READY=1\n")
            daemon.end()
            while not told.startswith(b"STOPPING=1"):
                told = ear.recv(1000)


def test_a_run_longer_than_its_interval_is_told_and_what_became_due_is_one_run(office: Office) -> None:
    slow = """
import time
from syncd.daemon.worker import Worker
watch, slept = Worker._watch, []
def wait(self, stage, done, total):
    if not slept:
        slept.append(stage)
        time.sleep(4)
    watch(self, stage, done, total)
Worker._watch = wait
"""
    office.configure(f"{CONFIG}schedule: {{ every: 1s }}\n")
    with serving(office, first=slow) as daemon:
        told = daemon.until("run_outlasted_schedule")
        assert told["pause"] == 1
        assert told["seconds"] >= 4
        daemon.until("run_started", requested_by="schedule.every")
        began, before = time.monotonic(), len(daemon.seen("run_started"))
        for _ in range(2):
            daemon.until("run_finished", state="done")
        assert len(daemon.seen("run_started")) - before <= time.monotonic() - began + 2
        assert daemon.end() == 0
