"""The platform in memory keeps the promises of its port, and fails the ways it is told to."""

from __future__ import annotations

from typing import cast

import pytest

from syncd.errors import Retriable
from syncd.model import Verdict
from syncd.ports import Platform
from tests.contracts.memory_platform import DeafPlatform, ListingPlatform, MemoryPlatform, suspended
from tests.contracts.platform import PlatformContract, delivery, known, send


@pytest.fixture
def platform() -> MemoryPlatform:
    return MemoryPlatform()


class TestMemoryPlatform(PlatformContract):
    @pytest.fixture
    def platform(self) -> MemoryPlatform:
        return MemoryPlatform()

    @pytest.fixture
    def adopting(self) -> MemoryPlatform:
        return MemoryPlatform(adopts=True)

    def put_stranger(self, platform: Platform, email: str) -> None:
        cast(MemoryPlatform, platform).put_stranger(email)

    def make_refuse(self, platform: Platform, email: str) -> None:
        cast(MemoryPlatform, platform).refuse(email, "the domain is not allowed")

    def make_down(self, platform: Platform) -> None:
        cast(MemoryPlatform, platform).down()


class TestListingPlatform(TestMemoryPlatform):
    @pytest.fixture
    def platform(self) -> ListingPlatform:
        return ListingPlatform()

    @pytest.fixture
    def adopting(self) -> ListingPlatform:
        return ListingPlatform(adopts=True)


class TestDeafPlatform(TestMemoryPlatform):
    reads_back = False

    @pytest.fixture
    def platform(self) -> DeafPlatform:
        return DeafPlatform()


def test_a_second_delivery_writes_nothing(platform: MemoryPlatform) -> None:
    send(platform, delivery(1))
    (again,) = send(platform, delivery(1))
    assert again.verdict is Verdict.ALREADY
    assert platform.writes == ["d1"]


def test_the_last_seat_exhausts_it_and_a_leaver_frees_one(platform: MemoryPlatform) -> None:
    platform.exhaust_after(1)
    first, second = send(platform, delivery(1), delivery(2))
    assert (first.verdict, second.verdict) == (Verdict.DONE, Verdict.EXHAUSTED)
    assert platform.by_email("learner2@example.com") is None
    send(platform, suspended(known(delivery(1), first), id="d9"))
    assert send(platform, delivery(2))[0].verdict is Verdict.DONE


def test_a_lost_answer_was_done_and_a_lost_request_was_not(platform: MemoryPlatform) -> None:
    platform.lose_answer("learner1@example.com")
    platform.lose_request("learner2@example.com")
    outcomes = send(platform, delivery(1), delivery(2), delivery(3))
    assert [outcome.delivery for outcome in outcomes] == ["d3"]
    back = platform.read_back([delivery(1), delivery(2)])
    assert back["d1"] is not None
    assert back["d2"] is None


def test_going_down_keeps_what_had_an_outcome(platform: MemoryPlatform) -> None:
    platform.down(Retriable("429"), after=2)
    answers = platform.deliver([delivery(n) for n in (1, 2, 3)])
    assert [next(answers).delivery, next(answers).delivery] == ["d1", "d2"]
    with pytest.raises(Retriable, match="429"):
        next(answers)
    platform.mend()
    assert send(platform, delivery(3))[0].verdict is Verdict.DONE
