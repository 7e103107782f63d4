"""A clock that is set back, on both databases: what was written first happened first; the books balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.plan.leavers import Grace
from tests.company import DAY, UNGUARDED, Company, opened
from tests.contracts.memory_platform import MemoryPlatform

HOUR = 3600


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        company.order(1)
        company.now += DAY
        company.hire("ann", "bob")
        company.sync()
        yield company


def balances(company: Company) -> bool:
    return company.register.reconciling.discrepancies() == []


def test_a_license_given_an_hour_later_than_it_is_taken_back(company: Company) -> None:
    company.now -= HOUR
    company.suspend("ann", release=True)
    assert balances(company)
    company.sync()
    assert (company.learners("live"), company.free_seats()) == (["bob"], 0)
    assert balances(company)


def test_a_license_that_ended_stays_ended(company: Company) -> None:
    company.now += 400 * DAY
    company.sync()
    company.now -= 390 * DAY
    company.sync()
    assert company.learners("expired") == ["ann"]
    assert company.learners("live") == ["bob"], "whose turn it is, as the lot is running again"
    assert balances(company)


def test_nothing_is_given_of_a_lot_before_it_begins(company: Company) -> None:
    company.order(5)
    company.now -= HOUR
    company.sync()
    assert company.learners("waiting") == ["bob"]
    company.now += HOUR
    company.sync()
    assert company.learners("live") == ["ann", "bob"]
    assert balances(company)


def test_what_a_platform_refuses_after_it_was_released_is_not_given_back_again(database_url: str) -> None:
    """The platform is away while Ann comes and goes. Then it would not have had her; her seat is Bob's."""
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        company.policy = replace(company.policy, grace=Grace(release_after=0), limits=UNGUARDED)
        company.order(1)
        platform.down()
        company.hire("ann")
        company.sync()
        company.people.disable("id-ann")
        company.hire("bob")
        company.now += DAY
        company.sync()
        platform.mend()
        platform.refuse("ann@example.com", "no")
        company.now += DAY
        company.sync()
        assert balances(company)
        assert company.learners("live") == ["bob"]
        assert "given back" not in [entry.action for entry in company.register.trail.read()]
