"""Calls: how long directories took to answer, and how often they asked for patience, as Prometheus counts it.

A label is the name of a directory, one of a handful of operations, or how it ended: never a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import Metric

from syncd.ports import Answered, Calls

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60)  # seconds


class CallCounts:
    """Every call since the start. Safe from any thread."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each
        self._registry = CollectorRegistry(auto_describe=False)
        self._seconds = Histogram(
            "syncd_directory_call_seconds",
            "How long a directory took to answer.",
            ["directory", "operation", "answered"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._pauses = Counter(
            "syncd_directory_pauses",
            "Pauses before a call was made again.",
            ["directory", "because"],
            registry=self._registry,
        )
        self._paused = Counter(
            "syncd_directory_paused_seconds",
            "Seconds spent in such pauses.",
            ["directory", "because"],
            registry=self._registry,
        )

    def of(self, directory: str) -> Calls:
        return _Calls(directory, self._seconds, self._pauses, self._paused)

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()


class _Calls:
    """Those to one directory."""

    def __init__(self, directory: str, seconds: Histogram, pauses: Counter, paused: Counter) -> None:
        self._directory = directory
        self._seconds = seconds
        self._pauses = pauses
        self._paused = paused

    def ended(self, operation: str, answered: Answered, seconds: float) -> None:
        self._seconds.labels(self._directory, operation, str(answered)).observe(seconds)

    def paused(self, seconds: float, *, throttled: bool) -> None:
        because = str(Answered.THROTTLED if throttled else Answered.FAILED)
        self._pauses.labels(self._directory, because).inc()
        self._paused.labels(self._directory, because).inc(seconds)
