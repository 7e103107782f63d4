"""What tests of whole daemons share."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon.serving import PATIENCE


@pytest.fixture
def wait_until_stopped() -> Callable[[int], None]:
    """Wait until a process has stopped itself (SIGSTOP)."""

    def wait(pid: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return wait
