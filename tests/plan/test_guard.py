"""Which plans are held, by which words they pass, and which the guard lets be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import Kind
from syncd.plan.guard import OVERRIDES, Limit, Limits, Tally, judge, learners_that_matter

NONE = Limits(floor=0)


def overrides(
    limits: Limits, changes: dict[Kind, int], learners: int = 100, allowed: tuple[str, ...] = ()
) -> list[str]:
    return [objection.override for objection in judge(limits, Tally(changes, learners), allowed)]


@pytest.mark.parametrize(
    ("limit", "allowed", "refused"),
    [
        pytest.param(Limit(count=3), 3, 4, id="a count"),
        pytest.param(Limit(percent=5), 5, 6, id="a share of the 100 there are"),
        pytest.param(Limit(count=3, percent=5), 3, 4, id="the count is the smaller"),
        pytest.param(Limit(count=9, percent=5), 5, 6, id="the share is the smaller"),
        pytest.param(Limit(count=0), 0, 1, id="none at all"),
    ],
)
def test_a_limit_is_the_last_number_that_passes(limit: Limit, allowed: int, refused: int) -> None:
    limits = Limits(suspensions=limit, floor=0)
    assert overrides(limits, {Kind.SUSPEND: allowed}) == []
    assert overrides(limits, {Kind.SUSPEND: refused}) == ["suspensions"]


def test_a_limit_of_nothing_lets_everything_pass() -> None:
    limits = Limits(suspensions=Limit(), creations=Limit(), updates=Limit(), floor=0)
    assert overrides(limits, {Kind.SUSPEND: 10**6, Kind.CREATE: 10**6, Kind.UPDATE: 10**6}) == []


def test_the_floor_is_never_held() -> None:
    limits = Limits(suspensions=Limit(count=0), floor=10)
    assert overrides(limits, {Kind.SUSPEND: 10}) == []
    assert overrides(limits, {Kind.SUSPEND: 11}) == ["suspensions"]


def test_those_who_will_wait_count_as_added() -> None:
    limits = Limits(creations=Limit(count=5), floor=0)
    assert overrides(limits, {Kind.CREATE: 3, Kind.WAIT: 3}) == ["creations"]


@pytest.mark.parametrize("kind", [Kind.NOTE, Kind.SKIP, Kind.LINK, Kind.REACTIVATE, Kind.RELEASE])
def test_other_kinds_are_not_watched(kind: Kind) -> None:
    assert overrides(NONE, {kind: 10**6}) == []


def test_a_first_sync_is_held_and_says_so() -> None:
    (objection,) = judge(Limits(), Tally({Kind.CREATE: 11}, learners=0))
    assert objection.message == "would add 11 people; the limit is 20% (this is the first sync)"


@pytest.mark.parametrize(
    ("size", "last", "held"),
    [
        pytest.param(0, 0, True, id="nobody, as ever"),
        pytest.param(0, 9, True, id="nobody any more"),
        pytest.param(49, 100, True, id="less than half"),
        pytest.param(50, 100, False, id="exactly half"),
        pytest.param(1, 0, False, id="the first read"),
        pytest.param(900, 100, False, id="grown"),
    ],
)
def test_a_directory_that_shrank_is_held(size: int, last: int, held: bool) -> None:
    tally = Tally({}, 100, {"ad": size}, {"ad": last})
    assert [objection.override for objection in judge(NONE, tally)] == ["directory_size"] * held


def test_every_objection_is_made_and_each_has_its_own_word() -> None:
    changes = dict.fromkeys((Kind.SUSPEND, Kind.CREATE, Kind.UPDATE, Kind.DELETE, Kind.REPAIR), 100)
    tally = Tally(changes, 100, {"hq": 0, "ad": 1}, {"ad": 9, "gone": 7}, {"old": 7})
    limits = Limits(updates=Limit(count=1))
    objections = judge(limits, tally)
    assert [o.override for o in objections] == ["directory_size", *OVERRIDES]
    assert [o.message for o in objections[:3]] == [
        "directory ad shrank from 9 people to 1 (below 50%)",
        "directory hq has nobody in it",
        "directory old is not configured any more; 7 people known by it count as gone from it",
    ]
    assert judge(limits, tally, OVERRIDES) == ()
    left = judge(limits, tally, ("directory_size", "directory_removed", "updates"))
    assert [o.override for o in left] == ["suspensions", "creations", "deletions", "repairs"]


@given(
    st.builds(Limit, st.none() | st.integers(0, 20), st.none() | st.floats(0, 100)),
    st.integers(0, 20),
    st.integers(0, 50),
    st.integers(0, 50),
)
def test_what_holds_a_plan_holds_every_larger_one(
    limit: Limit, floor: int, changes: int, learners: int
) -> None:
    limits = Limits(suspensions=limit, floor=floor)
    held = bool(overrides(limits, {Kind.SUSPEND: changes}, learners))
    assert not held or overrides(limits, {Kind.SUSPEND: changes + 1}, learners)


LIMITS = st.builds(
    Limit,
    count=st.none() | st.integers(0, 50),
    percent=st.none() | st.floats(0, 100, allow_nan=False) | st.sampled_from([1, 5, 20, 50]),
)


@given(
    limits=st.builds(Limits, suspensions=LIMITS, creations=LIMITS, updates=LIMITS, floor=st.integers(0, 20)),
    changes=st.dictionaries(st.sampled_from([Kind.SUSPEND, Kind.CREATE, Kind.UPDATE]), st.integers(0, 60)),
    learners=st.integers(0, 20_000),
)
def test_learners_beyond_those_that_matter_change_no_objection(
    limits: Limits, changes: dict[Kind, int], learners: int
) -> None:
    enough = learners_that_matter(limits, changes)
    counted = learners if enough is None else min(learners, enough)
    assert judge(limits, Tally(changes, counted)) == judge(limits, Tally(changes, learners))


def test_learners_are_counted_as_far_as_the_changes_ask_for() -> None:
    assert learners_that_matter(Limits(updates=Limit(percent=50)), {Kind.UPDATE: 100}) == 201
    assert learners_that_matter(Limits(), {Kind.UPDATE: 10}) == 0


def test_numbers_are_told_as_people_read_them() -> None:
    limits = Limits(suspensions=Limit(count=1_000), creations=Limit(count=0), floor=0)
    tally = Tally(
        {Kind.SUSPEND: 12_000, Kind.CREATE: 1},
        learners=195_000,
        sizes={"ad": 1_500},
        last_sizes={"ad": 200_000},
        removed={"old": 1, "older": 40_000},
    )
    assert [objection.message for objection in judge(limits, tally)] == [
        "directory ad shrank from 200,000 people to 1,500 (below 50%)",
        "directory old is not configured any more; 1 person known by it counts as gone from it",
        "directory older is not configured any more; 40,000 people known by it count as gone from it",
        "would suspend 12,000 people; the limit is 1,000 (the register knows 195,000)",
        "would add 1 person; the limit is 0 (the register knows 195,000)",
    ]
