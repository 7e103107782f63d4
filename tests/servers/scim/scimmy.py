"""scimmy-routers, a SCIM server in JavaScript: the second one, by somebody else, with other habits."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.servers.process import Child, ServerError, find_program

TOKEN = "a-token-for-tests"
HOME = Path(__file__).parents[3] / ".cache/scimmy"  # of script/scimmy
_PROGRAM = Path(__file__).with_name("scimmy.mjs")
_LISTENING = re.compile(r"listening on (\d+)")


@dataclass
class Scimmy:
    root: str
    child: Child

    @property
    def url(self) -> str:
        return f"{self.root}/scim/v2"

    @property
    def token(self) -> str:
        return TOKEN

    def add(self, kind: str = "User", **attributes: Any) -> str:
        """A resource that is there already; returns its id."""
        answer = self._sent("POST", f"{self.url}/{kind}s", attributes)
        return str(answer.json()["id"])

    def users(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._sent("GET", f"{self.url}/Users?count=1000").json()["Resources"]
        return found

    def refuse(self, email: str) -> None:
        self._sent("POST", f"{self.root}/weather", {"refuse": [email.casefold()]})

    def limit(self, seats: int) -> None:
        self._sent("POST", f"{self.root}/weather", {"seats": seats})

    def empty(self) -> None:
        """Nobody is there, and nothing goes wrong."""
        self._sent("POST", f"{self.root}/weather", {"reset": True})

    def down(self) -> None:
        self.child.stop()

    def _sent(self, method: str, url: str, body: Any = None) -> requests.Response:
        answer = requests.request(
            method, url, json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
        )
        answer.raise_for_status()
        return answer

    @classmethod
    @contextmanager
    def start(cls, directory: Path, **offers: bool) -> Iterator[Scimmy]:
        """`offers`: patch and bulk, both unless said otherwise."""
        log = directory / "scimmy.log"
        node = str(find_program("node"))
        child = Child([node, str(_PROGRAM), str(HOME), TOKEN, json.dumps(offers)], log=log)
        child.start()
        try:
            yield cls(f"http://127.0.0.1:{_port(child)}", child)
        finally:
            child.stop()


def _port(child: Child) -> int:
    deadline = time.monotonic() + 30
    while child.alive and time.monotonic() < deadline:
        if found := _LISTENING.search(child.last_words()):
            return int(found[1])
        time.sleep(0.02)
    raise ServerError(f"scimmy does not listen:\n{child.last_words()}")
