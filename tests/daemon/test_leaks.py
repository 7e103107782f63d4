"""Cycle after cycle, reload after reload: no file, connection or thread is left over."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx

from tests.daemon.serving import PATIENCE, Serving, serving
from tests.office import CONFIG, Office, person
from tests.servers.tcp import free_port
from tests.usage import Usage, usage

CYCLES = 20


def is_more(now: Usage, before: Usage) -> bool:
    """By far less than one a cycle, and by more than comes and goes."""
    return now.files > before.files + 3 or now.threads > before.threads + 3


def cycle(daemon: Serving, address: str, number: signal.Signals) -> None:
    """A run, or a reload and a run, with questions before and after."""
    with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
        client.get("/metrics").raise_for_status()
        daemon.send(number)
        daemon.until("run_finished", state="done")
        client.get("/readyz")


def test_nothing_is_left_over(tmp_path: Path, database_url: str) -> None:
    office, address = Office(tmp_path), f"127.0.0.1:{free_port()}"
    office.configure(f"database: {{ url: '{database_url}' }}\nhttp: {{ listen: '{address}' }}\n{CONFIG}")
    office.employ(person("ann"), person("bob"))
    office.order(2)
    with serving(office) as daemon:
        daemon.until("run_finished", state="done")
        for number in (signal.SIGUSR1, signal.SIGHUP):
            cycle(daemon, address, number)
        before = usage(daemon.process.pid)
        for _ in range(CYCLES):
            cycle(daemon, address, signal.SIGUSR1)
            cycle(daemon, address, signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        while is_more(usage(daemon.process.pid), before):  # one may be about to end
            assert time.monotonic() < deadline, (before, usage(daemon.process.pid))
            time.sleep(0.1)
        assert daemon.end() == 0
