"""Calls: how long others took to answer, and how often they asked for patience, as Prometheus counts it.

A label names a directory or the platform, one of a handful of operations, or how it ended: never a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import Metric

from syncd.ports import Answered, Calls

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60)  # seconds
_OTHERS = ("directory", "platform")


class CallCounts:
    """Every call since the start. Safe from any thread."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each
        self._registry = CollectorRegistry(auto_describe=False)
        self._series = {what: _Series(what, self._registry) for what in _OTHERS}

    def of(self, what: str, name: str) -> Calls:
        """Who hears of the calls to this `directory`, or this `platform`."""
        return _Calls(name, self._series[what])

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()


class _Series:
    """What is counted of the calls to directories, or to platforms."""

    def __init__(self, what: str, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            f"syncd_{what}_call_seconds",
            f"How long a {what} took to answer.",
            [what, "operation", "answered"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.pauses = Counter(
            f"syncd_{what}_pauses",
            "Pauses before a call was made again.",
            [what, "because"],
            registry=registry,
        )
        self.paused = Counter(
            f"syncd_{what}_paused_seconds",
            "Seconds spent in such pauses.",
            [what, "because"],
            registry=registry,
        )


class _Calls:
    """Those to one directory or platform."""

    def __init__(self, name: str, series: _Series) -> None:
        self._name = name
        self._series = series

    def ended(self, operation: str, answered: Answered, seconds: float) -> None:
        self._series.seconds.labels(self._name, operation, str(answered)).observe(seconds)

    def paused(self, seconds: float, *, throttled: bool) -> None:
        because = str(Answered.THROTTLED if throttled else Answered.FAILED)
        self._series.pauses.labels(self._name, because).inc()
        self._series.paused.labels(self._name, because).inc(seconds)
