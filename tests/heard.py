"""Heard: what a connector tells of its calls, for tests to look at."""

from __future__ import annotations

from syncd.ports import Answered


class Heard:
    """Keeps every call as (operation, how it was answered), and every pause as (seconds, throttled)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Answered]] = []
        self.seconds: list[float] = []
        self.pauses: list[tuple[float, bool]] = []

    def ended(self, operation: str, answered: Answered, seconds: float) -> None:
        self.calls.append((operation, answered))
        self.seconds.append(seconds)

    def paused(self, seconds: float, *, throttled: bool) -> None:
        self.pauses.append((seconds, throttled))
