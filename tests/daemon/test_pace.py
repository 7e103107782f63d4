"""The pace of the doorbell, by a made-up clock: many rings are few runs, and one is not kept waiting."""

from __future__ import annotations

from collections.abc import Iterable

from syncd.daemon.pace import Pace

STORM = 10_000


def runs(rings: Iterable[float], *, took: float, found: bool, until: float) -> list[float]:
    """When runs begin that take so long, with a clock that ticks every tenth of a second."""
    pace, begun, busy_until = Pace(), [], -1.0
    waiting = sorted(rings)
    for tick in range(round(until * 10)):
        now = tick / 10
        while waiting and waiting[0] <= now:
            pace.rang(waiting.pop(0))
        if 0 <= busy_until <= now:
            pace.ended(now, took=took, found=found)
            busy_until = -1.0
        if pace.due_in(now) == 0:
            pace.begun()
            begun.append(now)
            busy_until = now + took
    return begun


def test_one_ring_is_one_run_half_a_second_later() -> None:
    assert runs([10.0], took=0.2, found=True, until=100) == [10.5]


def test_nothing_is_due_before_it_rings() -> None:
    assert Pace().due_in(5.0) is None


def test_somebody_who_is_made_in_three_steps_is_one_run() -> None:
    assert runs([10.0, 10.3, 10.7], took=0.2, found=True, until=100) == [11.2]


def test_without_a_quiet_moment_it_begins_after_three_seconds() -> None:
    assert runs([n / 10 for n in range(100, 160)], took=0.2, found=True, until=14)[0] == 13.0


def test_a_storm_is_a_handful_of_runs_and_the_last_sees_its_end() -> None:
    storm = [10 + n * 0.002 for n in range(STORM)]
    begun = runs(storm, took=1.0, found=True, until=600)
    assert len(begun) <= 8
    assert begun[-1] > storm[-1]


def test_what_rings_during_a_run_is_the_next_after_a_rest_of_two_seconds() -> None:
    assert runs([10.0, 10.6], took=0.2, found=True, until=100) == [10.5, 12.7]


def test_runs_that_take_long_keep_it_busy_for_a_fifth_of_the_time() -> None:
    hour = runs([n / 2 for n in range(7200)], took=20.0, found=True, until=3600)
    assert len(hour) * 20 <= 3600 / 5 + 20


def test_rings_that_come_to_nothing_all_day_are_a_run_a_minute() -> None:
    hour = runs([float(n) for n in range(3600)], took=0.1, found=False, until=3600)
    assert 50 <= len(hour) <= 70


def test_one_ring_for_nothing_keeps_nobody_waiting() -> None:
    assert runs([10.0, 12.0], took=0.1, found=False, until=100)[1] - 12.0 < 2.0


def test_after_something_was_found_it_is_quick_again() -> None:
    pace = Pace()
    for now in range(0, 600, 100):
        pace.rang(now)
        pace.begun()
        pace.rang(now + 1)  # never quiet
        pace.ended(now + 99, took=0.1, found=False)
    pace.begun()
    pace.ended(1000, took=0.1, found=True)
    pace.rang(1000.5)
    assert pace.due_in(1000.5) == 1.5


def test_after_a_quiet_time_it_is_quick_again() -> None:
    rings = [*(float(n) for n in range(600)), 900.0]
    assert runs(rings, took=0.1, found=False, until=1000)[-1] == 900.5


def test_no_rest_is_longer_than_five_minutes() -> None:
    pace = Pace()
    pace.begun()
    pace.ended(0, took=7200, found=True)
    pace.rang(1)
    assert pace.due_in(1) == 299
