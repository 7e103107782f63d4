"""Who gets a seat, from which lot, and who waits: whatever the line and the lots look like."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import Kind, LicenseType, Lot
from syncd.plan.seats import OnShortfall, SeatPolicy, SeatRequest, allot

NOW = 1_000
POLICIES = st.builds(
    SeatPolicy,
    type=st.just(LicenseType.PREMIUM),
    on_shortfall=st.sampled_from(OnShortfall),
    min_remaining=st.sampled_from([0, 1, 10]),
)
REQUESTS = st.lists(
    st.builds(
        SeatRequest,
        priority=st.integers(0, 2),
        since=st.integers(0, 3),
        key=st.uuids().map(str),
        kind=st.sampled_from([Kind.CREATE, Kind.REACTIVATE, Kind.ALLOCATE]),
        learner=st.integers(1, 99),
    ),
    max_size=12,
)
LOTS = st.lists(
    st.builds(
        Lot,
        id=st.integers(1, 99),
        type=st.sampled_from(LicenseType),
        quantity=st.just(9),
        starts_at=st.integers(NOW - 3, NOW + 1),
        ends_at=st.integers(NOW - 1, NOW + 12),
        free=st.integers(0, 5),
    ),
    max_size=6,
    unique_by=lambda lot: lot.id,
)


def request(key: str, priority: int = 0, since: int = 0) -> SeatRequest:
    return SeatRequest(priority, since, key, Kind.CREATE, 1)


def lot(number: int, free: int, ends_at: int = NOW + 100, starts_at: int = 0) -> Lot:
    return Lot(number, LicenseType.PREMIUM, 9, starts_at, ends_at, free)


@given(POLICIES, REQUESTS, LOTS)
def test_never_more_than_is_free_and_nobody_is_lost(
    policy: SeatPolicy, requests: list[SeatRequest], lots: list[Lot]
) -> None:
    found = allot(policy, requests, lots, NOW)
    by_id = {lot.id: lot for lot in lots}
    for number, drawn in Counter(seat.lot for seat in found.granted).items():
        source = by_id[number]
        assert drawn <= source.free
        assert source.type is policy.type
        assert source.starts_at <= NOW < source.ends_at
        assert source.ends_at - NOW >= policy.min_remaining
    assert all(seat.ends_at == by_id[seat.lot].ends_at for seat in found.granted)
    line = [seat.request for seat in found.granted] + list(found.waiting)
    assert line == sorted(requests), "the line is served from its head, and everybody is in it once"


@given(POLICIES, REQUESTS, LOTS)
def test_nobody_waits_beside_a_free_seat(
    policy: SeatPolicy, requests: list[SeatRequest], lots: list[Lot]
) -> None:
    found = allot(policy, requests, lots, NOW)
    assert found.shortfall.missing == max(0, found.shortfall.wanted - found.shortfall.available)
    if policy.on_shortfall is OnShortfall.HOLD and found.shortfall.missing:
        assert not found.granted
    else:
        assert len(found.granted) == min(found.shortfall.wanted, found.shortfall.available)
        assert len(found.waiting) == found.shortfall.missing


@given(POLICIES, REQUESTS, LOTS, st.randoms(use_true_random=False))
def test_the_same_facts_in_any_order_give_the_same_seats(
    policy: SeatPolicy, requests: list[SeatRequest], lots: list[Lot], chance: object
) -> None:
    shuffled, mixed = list(requests), list(lots)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert allot(policy, shuffled, mixed, NOW) == allot(policy, requests, lots, NOW)


def test_the_line_is_priority_then_since_then_key() -> None:
    requests = [
        request("z"),
        request("b", priority=1),
        request("c", since=5),
        request("a", since=5),
        request("d", priority=1, since=-9),
    ]
    found = allot(SeatPolicy(), requests, [lot(1, 2)], NOW)
    assert [seat.request.key for seat in found.granted] == ["z", "a"]
    assert [waiter.key for waiter in found.waiting] == ["c", "d", "b"]


def test_the_lot_that_ends_first_is_drawn_first_then_the_lowest_number() -> None:
    lots = [lot(3, 1, ends_at=NOW + 9), lot(2, 1, ends_at=NOW + 9), lot(1, 1, ends_at=NOW + 50)]
    found = allot(SeatPolicy(), [request("a"), request("b"), request("c")], lots, NOW)
    assert [seat.lot for seat in found.granted] == [2, 3, 1]


@pytest.mark.parametrize(
    ("unusable", "min_remaining"),
    [
        pytest.param(lot(1, 1, ends_at=NOW), 0, id="ends this very second"),
        pytest.param(lot(1, 1, starts_at=NOW + 1), 0, id="starts in a second"),
        pytest.param(lot(1, 1, ends_at=NOW + 9), 10, id="too little is left of it"),
        pytest.param(lot(1, 0), 0, id="full"),
    ],
)
def test_a_lot_that_is_not_drawn_from(unusable: Lot, min_remaining: int) -> None:
    found = allot(SeatPolicy(min_remaining=min_remaining), [request("a")], [unusable], NOW)
    assert (list(found.granted), found.shortfall.missing) == ([], 1)


def test_hold_gives_nobody_a_seat_until_there_are_enough() -> None:
    policy = SeatPolicy(on_shortfall=OnShortfall.HOLD)
    requests = [request("a"), request("b")]
    assert allot(policy, requests, [lot(1, 1)], NOW).waiting == requests
    assert len(allot(policy, requests, [lot(1, 2)], NOW).granted) == 2
