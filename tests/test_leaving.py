"""Leaving and coming back, on both databases: what becomes of the account and of the license."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.model import Account
from syncd.plan.leavers import Grace
from tests.company import DAY, Company, opened
from tests.contracts.memory import MemoryDirectory


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company


def test_who_comes_back_in_two_directories_at_once_takes_one_seat(database_url: str) -> None:
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(3)
        company.hire("ann")
        company.hire("ann", directory=1)
        company.sync()
        for directory in company.directories:
            directory.disable("id-ann")
        company.sync()
        company.now += 15 * DAY
        company.sync()
        assert company.free_seats() == 3
        for directory in company.directories:
            directory.enable("id-ann")
        assert company.sync().counts == {"reactivate": 1, "note": 1}
        assert company.free_seats() == 2
        assert company.sync().counts == {}


def test_a_license_that_ran_out_while_they_were_away_is_not_renewed_by_coming_back(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.sync()
    company.now += 366 * DAY
    company.people.disable("id-ann")
    company.sync()
    company.now += 20 * DAY
    assert company.sync().counts == {}, "what is over is nobody's to give back"
    company.order(3)
    company.people.enable("id-ann")
    facts = company.sync()
    assert (facts.counts, facts.ended, facts.wanted) == ({"reactivate": 1}, 1, 0)
    ann = company.learner("ann")
    assert (ann.account, ann.suspended_by, ann.left_at) == (Account.SUSPENDED, "expiry", None)
    assert company.free_seats() == 3
    assert company.sync().counts == {}


def test_no_seat_goes_to_somebody_in_line_who_has_left_and_is_yet_to_be_suspended(company: Company) -> None:
    company.policy = replace(company.policy, grace=Grace(suspend_after=10 * DAY))
    company.hire("ann", "bob")
    company.sync()
    company.people.disable("id-ann")
    company.sync()
    company.order(1)
    company.sync()
    assert company.learners("live") == ["bob"]
    company.people.enable("id-ann")
    company.order(1)
    company.sync()
    assert company.learners("live") == ["ann", "bob"], "back in time, still in line"
