"""Families: the numbers of the register and of the last run, under the names Prometheus knows them by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric

from syncd import __version__
from syncd.facts import RunFacts
from syncd.register.gauges import Reading


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run, as far as this process knows. `lasted`: seconds. `facts`: what it came to, if it did.

    `short_at`, `short_by`: the next shortfall, as forecast after it; 0 for none.
    """

    failed: bool = False
    lasted: float = 0
    facts: RunFacts | None = None
    short_at: int = 0
    short_by: int = 0


def of_installation(pause: int) -> Iterator[Metric]:
    """`pause`: seconds between two syncs by schedule, at the most."""
    yield labelled("syncd_build_info", "The version that runs.", "version", {__version__: 1})
    yield plain("syncd_schedule_pause_seconds", "The longest the schedule leaves between two syncs.", pause)


def of_last_run(last: LastRun) -> Iterator[Metric]:
    yield plain("syncd_last_run_failed", "Whether the last run failed.", last.failed)
    yield plain("syncd_last_run_duration_seconds", "How long the last run took.", last.lasted)
    facts = last.facts
    if facts is not None:
        yield labelled("syncd_last_run_changes", "Changes of the last run.", "kind", facts.counts)
        yield labelled(
            "syncd_last_run_skipped", "People the last run left as they are.", "reason", facts.skipped
        )
        yield labelled("syncd_directory_people", "People in a directory.", "directory", facts.sizes)
        yield plain("syncd_licenses_missing", "Licenses missing as of the last run.", facts.missing)
    yield plain(
        "syncd_forecast_shortfall_timestamp_seconds",
        "When licenses are forecast to run short; 0: not within twelve months.",
        last.short_at,
    )
    yield plain("syncd_forecast_shortfall_licenses", "How many will be missing then.", last.short_by)


def of_register(reading: Reading | None) -> Iterator[Metric]:
    """None: the database cannot be read."""
    yield plain("syncd_database_up", "Whether the database answers.", reading is not None)
    if reading is None:
        return
    licenses = GaugeMetricFamily("syncd_licenses", "Licenses ordered.", labels=["type", "state"])
    for (type_, state), many in reading.licenses.items():
        licenses.add_metric([type_, state], many)
    yield licenses
    yield plain(
        "syncd_licenses_ending_30d", "Licenses people hold that end within 30 days.", reading.ending_soon
    )
    yield labelled("syncd_waiting", "People waiting for a license.", "type", reading.waiting)
    yield labelled("syncd_learners", "Learners by account.", "account", reading.learners)
    yield plain("syncd_undelivered_changes", "Changes the platform has yet to be told.", reading.undelivered)
    yield plain("syncd_learners_refused", "Learners the platform would not have.", reading.refused)
    yield plain("syncd_plans_held", "Plans that wait for somebody to decide.", reading.held)
    yield plain("syncd_last_success_timestamp_seconds", "When a run last went through.", reading.succeeded_at)


def plain(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=float(value))


def labelled(name: str, words: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
