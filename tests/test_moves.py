"""How often a license may go to somebody else, on both databases; who keeps theirs for that is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.model import Kind
from syncd.plan.leavers import Grace
from syncd.plan.renewals import Start
from tests.company import DAY, UNGUARDED, Company, opened
from tests.contracts.memory_platform import MemoryPlatform


def contract(company: Company, most: int | None) -> Company:
    seats = replace(company.policy.seats, max_moves=most)
    company.policy = replace(company.policy, seats=seats, grace=Grace(release_after=0), limits=UNGUARDED)
    return company


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        company.order(1)
        yield contract(company, 1)
        company.check_books()


def pass_on(company: Company, *handles: str) -> None:
    """Each is hired in turn, and leaves for the next."""
    for before, handle in zip(("", *handles), handles, strict=False):
        if before:
            company.people.disable(f"id-{before}")
        company.hire(handle)
        company.sync()
        company.now += DAY


def test_without_a_contract_it_moves_freely(company: Company) -> None:
    contract(company, None)
    pass_on(company, "ann", "bob", "cem", "dan")
    assert company.learners("live") == ["dan"]


@pytest.mark.parametrize(("most", "last"), [(0, "ann"), (1, "bob"), (2, "cem"), (3, "dan")])
def test_it_moves_as_often_as_the_contract_says(company: Company, most: int, last: str) -> None:
    contract(company, most)
    pass_on(company, "ann", "bob", "cem", "dan")
    assert company.learners("live") == [last]
    assert company.learners("waiting") == (["dan"] if most < 3 else [])


def test_who_keeps_it_is_named_and_the_line_waits(company: Company) -> None:
    pass_on(company, "ann", "bob", "cem")
    facts = company.sync()
    (kept,) = company.changes(facts, Kind.SKIP)
    assert (kept.email, kept.why) == (
        "bob@example.com",
        "has left; the license stays theirs: it has moved as often as licenses.max_moves_per_year allows",
    )
    assert facts.skipped == {"moves": 1}
    assert (facts.exit_code, company.learners("waiting"), company.free_seats()) == (5, ["cem"], 0)


def test_who_comes_back_has_it_still(company: Company) -> None:
    pass_on(company, "ann", "bob", "cem")
    company.people.enable("id-bob")
    assert company.sync().counts == {"reactivate": 1}
    assert company.learners("live") == ["bob"]


def test_a_return_is_no_move(company: Company) -> None:
    pass_on(company, "ann")
    for _ in range(3):
        company.people.disable("id-ann")
        company.sync()
        assert company.free_seats() == 1
        company.people.enable("id-ann")
        company.sync()
    assert company.learners("live") == ["ann"]


def test_moves_of_a_year_ago_do_not_count(company: Company) -> None:
    pass_on(company, "ann", "bob")
    used_up = company.register.moves.used_up
    bob = company.learner("bob").id
    moved_at = company.now - DAY
    assert used_up([bob], 1, moved_at - 1) == {(bob, 1)}
    assert used_up([bob], 1, moved_at) == set()


def test_it_ends_like_any_other_and_then_they_may_be_deleted(company: Company) -> None:
    grace = Grace(release_after=0, delete_after=30 * DAY)
    pass_on(company, "ann", "bob", "cem")
    company.policy = replace(company.policy, grace=grace)
    company.now += 40 * DAY
    assert company.sync().counts == {"delete": 1, "skip": 1}, "Ann; Bob's license is not over"
    company.now += 400 * DAY
    assert company.sync().counts == {"expire": 1, "delete": 1}


def test_a_renewal_does_not_free_what_may_not_move(company: Company) -> None:
    pass_on(company, "ann", "bob")
    company.order(1)
    terms = {"within": 400 * DAY}
    facts = company.renew("bob", start=Start.NOW, **terms)
    (told,) = company.changes(facts, Kind.SKIP)
    assert told.why == "has a license that has moved as often as it may: renew it at its end"
    assert company.renew("bob", start=Start.AT_END, **terms).counts == {"renew": 1}


def test_a_refusal_by_the_platform_is_no_move(database_url: str) -> None:
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        contract(company, 1).order(1)
        for handle in ("ann", "bob", "cem"):
            platform.refuse(f"{handle}@example.com", "no")
            company.hire(handle)
            company.sync()
        platform.mend()
        for handle in ("bob", "cem"):
            company.people.disable(f"id-{handle}")
        company.sync()
        assert company.learners("live") == ["ann"]
        company.people.disable("id-ann")
        company.hire("dan")
        company.sync()
        assert company.learners("live") == ["dan"]
