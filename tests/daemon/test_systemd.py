"""Telling the service manager, over a real socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.daemon.systemd import ServiceManager


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(5)
        yield end


def test_every_state_is_told_in_systemds_words(ear: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": ear.getsockname()})
    manager.ready("leading")
    manager.alive("two\nlines")
    manager.reloading()
    manager.stopping()
    told = [ear.recv(1000).decode() for _ in range(4)]
    assert told[0] == "READY=1\nSTATUS=leading"
    assert told[1] == "WATCHDOG=1\nSTATUS=two lines"
    assert told[2].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert told[3].startswith("STOPPING=1\n")


def test_an_abstract_socket_is_told_too() -> None:
    name = f"syncd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(f"\0{name}")
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).ready("leading")
        assert end.recv(1000) == b"READY=1\nSTATUS=leading"


def test_without_a_manager_telling_does_nothing(tmp_path: Path) -> None:
    ServiceManager({}).ready("leading")
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive("leading")


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    assert ServiceManager({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}).watchdog == 30
    assert ServiceManager({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}).watchdog == 0
    assert ServiceManager({}).watchdog == 0
