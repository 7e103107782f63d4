"""Metrics: the register's gauges and the daemon's status, as Prometheus reads them. They name nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from syncd import __version__
from syncd.daemon.status import Role, Snapshot
from syncd.register.gauges import Reading

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Collector):
    """`read` gives the register's numbers, or None while its database cannot be read.

    `every`: seconds between two syncs, as `schedule` has it now.
    """

    def __init__(
        self, snapshot: Callable[[], Snapshot], read: Callable[[], Reading | None], every: Callable[[], int]
    ) -> None:
        self._snapshot = snapshot
        self._read = read
        self._every = every
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield _labelled("syncd_build_info", "The version that runs.", "version", {__version__: 1})
        yield from _of_daemon(self._snapshot())
        yield _plain(
            "syncd_schedule_every_seconds", "Seconds between two syncs; 0: by `full` only.", self._every()
        )
        reading = self._read()
        yield _plain("syncd_database_up", "Whether the database answers.", reading is not None)
        if reading is not None:
            yield from _of_register(reading)


def _of_daemon(now: Snapshot) -> Iterator[Metric]:
    yield _plain("syncd_leading", "Whether this daemon is the one that works.", now.role is Role.LEADING)
    yield _plain("syncd_working", "Whether nothing keeps the daemon from working.", not now.trouble)
    yield _plain(
        "syncd_configuration_rejected", "Whether the file on disk is not in force.", bool(now.rejected)
    )
    yield _plain(
        "syncd_run_started_timestamp_seconds", "When the run in hand began; 0: none.", now.running_since
    )
    yield _plain("syncd_last_run_failed", "Whether the last run of this daemon failed.", bool(now.failure))
    runs = CounterMetricFamily("syncd_runs", "Runs of this daemon since its start.", labels=["state"])
    for state, many in sorted(now.ended.items()):
        runs.add_metric([state], many)
    yield runs
    yield _plain("syncd_last_run_duration_seconds", "How long the last run took.", now.lasted)
    if now.facts is not None:
        facts = now.facts
        yield _labelled("syncd_last_run_changes", "Changes of the last run.", "kind", facts.counts)
        yield _labelled("syncd_directory_people", "People in a directory.", "directory", facts.sizes)
        yield _plain("syncd_licenses_missing", "Licenses missing as of the last run.", facts.missing)
    yield _plain(
        "syncd_forecast_shortfall_timestamp_seconds",
        "When licenses are forecast to run short; 0: not within twelve months.",
        now.short_at,
    )
    yield _plain("syncd_forecast_shortfall_licenses", "How many will be missing then.", now.short_by)


def _of_register(reading: Reading) -> Iterator[Metric]:
    licenses = GaugeMetricFamily("syncd_licenses", "Licenses ordered.", labels=["type", "state"])
    for (type_, state), many in reading.licenses.items():
        licenses.add_metric([type_, state], many)
    yield licenses
    yield _plain(
        "syncd_licenses_ending_30d", "Licenses people hold that end within 30 days.", reading.ending_soon
    )
    yield _labelled("syncd_waiting", "People waiting for a license.", "type", reading.waiting)
    yield _labelled("syncd_learners", "Learners by account.", "account", reading.learners)
    yield _plain("syncd_plans_held", "Plans that wait for somebody to decide.", reading.held)
    yield _plain(
        "syncd_last_success_timestamp_seconds", "When a run last went through.", reading.succeeded_at
    )


def _plain(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=float(value))


def _labelled(name: str, words: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
