"""Machines with a network between them: Linux network namespaces without names, gone with whoever made them.

    first ──┐
    second ─┴─ hub (10.77.0.1)      `cut` pulls a machine's cable, `mend` puts it back

Nothing of this machine's own network is touched, and nothing gets out.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.process import Child, ServerError, find_program, run


class Host:
    """One machine. Its namespace is held by a process that sleeps."""

    def __init__(self, name: str, address: str, child: Child) -> None:
        self.name = name
        self.address = address
        self._child = child

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def inside(self) -> Sequence[str]:
        """What a command begins with to be run on this machine."""
        return ("nsenter", f"--net=/proc/{self.pid}/ns/net", "--")

    def ip(self, *words: str) -> None:
        run([*self.inside, find_program("ip") or "ip", *words])


class Network:
    """`hub` and the machines around it."""

    def __init__(self, hub: Host, others: Sequence[Host]) -> None:
        self.hub = hub
        self.others = others

    @classmethod
    @contextmanager
    def start(cls, directory: Path, *names: str) -> Iterator[Network]:
        with ExitStack() as stack:
            hub = stack.enter_context(_host("hub", "10.77.0.1", directory))
            hub.ip("link", "add", "switch", "type", "bridge")
            _address(hub, "switch")
            others = []
            for number, name in enumerate(names, start=2):
                host = stack.enter_context(_host(name, f"10.77.0.{number}", directory))
                cable = f"to-{name}"
                peer = ("peer", "name", "cable", "netns", str(host.pid))
                hub.ip("link", "add", cable, "type", "veth", *peer)
                hub.ip("link", "set", cable, "master", "switch", "up")
                _address(host, "cable")
                others.append(host)
            yield cls(hub, others)

    def cut(self, host: Host) -> None:
        self.hub.ip("link", "set", f"to-{host.name}", "down")

    def mend(self, host: Host) -> None:
        self.hub.ip("link", "set", f"to-{host.name}", "up")


def reason_impossible() -> str:
    """Why there can be no such machines here; empty when there can."""
    tried = ["unshare", "--net", find_program("ip") or "ip", "link", "add", "switch", "type", "bridge"]
    found = subprocess.run(tried, capture_output=True, text=True, check=False)
    return "" if found.returncode == 0 else f"no network namespaces: {found.stderr.strip()}"


@contextmanager
def _host(name: str, address: str, directory: Path) -> Iterator[Host]:
    child = Child(["unshare", "--net", "sleep", "infinity"], log=directory / f"{name}.log")
    child.start()
    try:
        _wait_for_namespace(child)
        yield Host(name, address, child)
    finally:
        child.stop()


def _wait_for_namespace(child: Child, *, timeout: float = 20) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    deadline = time.monotonic() + timeout
    while Path(f"/proc/{child.pid}/ns/net").readlink() == ours:
        if not child.alive or time.monotonic() > deadline:
            raise ServerError(f"no network namespace:\n{child.last_words()}")
        time.sleep(0.01)


def _address(host: Host, link: str) -> None:
    host.ip("address", "add", f"{host.address}/24", "dev", link)
    host.ip("link", "set", link, "up")
    host.ip("link", "set", "lo", "up")
