"""Metrics: the register's gauges, the daemon's status and its calls, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from syncd.daemon.status import Role, Snapshot
from syncd.model import Kind
from syncd.register.gauges import Reading
from syncd.telemetry.families import LastRun, labelled, of_installation, of_last_run, of_register, plain

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Collector):
    """`read` gives the register's numbers, or None while its database cannot be read.

    `pause`: seconds between two syncs, at the most, as `schedule` has it now. `calls`: what has been counted
    of them.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        read: Callable[[], Reading | None],
        pause: Callable[[], int],
        calls: Callable[[], Iterable[Metric]],
    ) -> None:
        self._snapshot = snapshot
        self._read = read
        self._pause = pause
        self._calls = calls
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        now = self._snapshot()
        yield from of_installation(self._pause())
        yield from _of_daemon(now)
        yield from of_last_run(LastRun(bool(now.failure), now.lasted, now.facts, now.short_at, now.short_by))
        yield from self._calls()
        yield from of_register(self._read())


# A counter that begins at its first value has, for Prometheus, not increased.
_NO_RUNS = dict.fromkeys(("done", "failed", "held"), 0)
_NO_CHANGES = {kind.name.lower(): 0 for kind in Kind}


def _of_daemon(now: Snapshot) -> Iterator[Metric]:
    yield plain("syncd_leading", "Whether this daemon is the one that works.", now.role is Role.LEADING)
    yield plain("syncd_working", "Whether nothing keeps the daemon from working.", not now.trouble)
    yield plain(
        "syncd_configuration_rejected", "Whether the file on disk is not in force.", bool(now.rejected)
    )
    yield plain(
        "syncd_run_started_timestamp_seconds", "When the run in hand began; 0: none.", now.running_since
    )
    yield _counted("syncd_runs", "Runs of this daemon since its start.", "state", {**_NO_RUNS, **now.ended})
    yield _counted(
        "syncd_changes", "Changes it has made since its start.", "kind", {**_NO_CHANGES, **now.changed}
    )
    yield labelled(
        "syncd_doorbell_listening", "Whether a directory's doorbell is heard.", "directory", now.listening
    )
    yield _counted("syncd_doorbell_rings", "How often it rang since the start.", "directory", now.rings)


def _counted(name: str, words: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, words, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
