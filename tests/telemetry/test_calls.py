"""Calls, counted: as histograms and counters of each directory, in threads, and naming nobody."""

from __future__ import annotations

import threading

from syncd.ports import Answered
from syncd.telemetry.calls import CallCounts


def values(counts: CallCounts) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample but the buckets, by its name and its labels."""
    samples = (sample for metric in counts.collect() for sample in metric.samples)
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for sample in samples
        if not sample.name.endswith("_bucket")
    }


def test_calls_are_counted_by_directory_operation_and_answer() -> None:
    counts = CallCounts()
    corp, cloud = counts.of("directory", "corp"), counts.of("directory", "cloud")
    corp.ended("search", Answered.OK, 0.2)
    corp.ended("search", Answered.OK, 0.3)
    cloud.ended("read", Answered.THROTTLED, 0.1)
    cloud.paused(7, throttled=True)
    cloud.paused(1.5, throttled=False)
    assert values(counts) == {
        ("syncd_directory_call_seconds_count", ("corp", "search", "ok")): 2,
        ("syncd_directory_call_seconds_sum", ("corp", "search", "ok")): 0.5,
        ("syncd_directory_call_seconds_count", ("cloud", "read", "throttled")): 1,
        ("syncd_directory_call_seconds_sum", ("cloud", "read", "throttled")): 0.1,
        ("syncd_directory_pauses_total", ("cloud", "throttled")): 1,
        ("syncd_directory_pauses_total", ("cloud", "failed")): 1,
        ("syncd_directory_paused_seconds_total", ("cloud", "throttled")): 7,
        ("syncd_directory_paused_seconds_total", ("cloud", "failed")): 1.5,
    }


def test_several_threads_count_at_once() -> None:
    counts = CallCounts()
    barrier = threading.Barrier(8)

    def call() -> None:
        barrier.wait()
        for _ in range(500):
            counts.of("directory", "corp").ended("search", Answered.OK, 0.001)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(counts)["syncd_directory_call_seconds_count", ("corp", "search", "ok")] == 4000


def test_a_call_is_ten_buckets_and_no_more_and_a_long_one_is_in_the_last() -> None:
    counts = CallCounts()
    counts.of("directory", "corp").ended("connect", Answered.FAILED, 75)
    (metric, *_) = counts.collect()
    buckets = [sample for sample in metric.samples if sample.name.endswith("_bucket")]
    assert [sample.value for sample in buckets] == [0] * 9 + [1]
    assert len(metric.samples) == 12, "the buckets, the count and the sum"
