"""`syncd serve` in a process of its own, and what it logs, as it logs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.office import Office, environment

PATIENCE = 60.0
HURRY = "from syncd.daemon import worker; worker._LOOK = 0.2"
FREEZE = f"""
{HURRY}
import os, signal
from syncd.daemon.worker import Worker
watch, frozen = Worker._watch, []
def freeze(self, stage, done, total):
    if stage.startswith(%r) and not frozen:
        frozen.append(stage)
        os.kill(os.getpid(), signal.SIGSTOP)
    watch(self, stage, done, total)
Worker._watch = freeze
"""  # once, in the middle of a run


class Serving:
    """A running daemon. `until` waits for an event it logs; every event is handed out once."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self.other: list[str] = []
        self._heard = threading.Condition()
        self._next = 0
        self._ear = threading.Thread(target=self._listen)
        self._ear.start()

    def until(self, name: str, **facts: object) -> dict[str, Any]:
        """The next event of this name with these facts; those before it are passed over."""
        with self._heard:
            found = self._heard.wait_for(lambda: self._passed(name, facts), PATIENCE)
        assert found, f"no {name} {facts} among {self.events[-20:]} {self.other}"
        return self.events[self._next - 1]

    def seen(self, name: str) -> list[dict[str, Any]]:
        """Every event of this name so far, handed out or not."""
        return [event for event in self.events if event["event"] == name]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """Ask it to end; its exit code."""
        self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        self._ear.join(PATIENCE)
        return code

    def _passed(self, name: str, facts: dict[str, object]) -> bool:
        while self._next < len(self.events):
            event = self.events[self._next]
            self._next += 1
            if event["event"] == name and all(event.get(key) == value for key, value in facts.items()):
                return True
        return False

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._heard:
                if line.startswith("{"):
                    self.events.append(json.loads(line))
                else:
                    self.other.append(line)
                self._heard.notify_all()


@contextmanager
def serving(
    office: Office, *, first: str = "", inside: Sequence[str] = (), **variables: str
) -> Iterator[Serving]:
    """A daemon for this office, until the block ends. `first`: Python that its process runs first.

    `inside`: what the command begins with to be run on another machine (`hosts.Host.inside`).
    """
    program = f"{first}\nfrom syncd.cli import main\nmain()"
    command = [*inside, sys.executable, "-c", program, "-c", str(office.config), "serve"]
    with subprocess.Popen(
        command, cwd=office.folder, env=environment(**variables), stderr=subprocess.PIPE, text=True
    ) as process:
        daemon = Serving(process)
        try:
            yield daemon
        finally:
            if process.poll() is None:
                daemon.kill()
