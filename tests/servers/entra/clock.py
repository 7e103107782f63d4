"""The time as the server sees it, and in the shapes Microsoft writes it."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache


def now() -> float:
    return time.time()


class SteppedClock:
    """A clock that a test moves. Hand it to `Tenant` or `EntraServer`."""

    def __init__(self, at: float = 1_767_225_600) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at

    def advance(self, *, seconds: float = 0, days: float = 0) -> None:
        self.at += seconds + days * 86_400


@lru_cache(maxsize=10_000)
def iso(at: float) -> str:
    """2026-01-01T00:00:00Z"""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def http_date(at: float) -> str:
    return formatdate(at, usegmt=True)
