"""Leaving and coming back, on both databases: what becomes of the account and of the license."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.model import Account, Kind
from syncd.plan.leavers import Grace
from syncd.plan.scope import Rule, Scope
from tests.company import DAY, Company, opened
from tests.contracts.memory import MemoryDirectory


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company
        company.check_books()


def test_leavers_are_suspended_and_their_seat_is_free_after_the_grace_period(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.sync()
    company.people.remove("id-ann")
    company.people.add("id-nobody", first_name="keeps the directory from being empty")
    assert company.sync().counts == {"suspend": 1, "note": 1, "skip": 1}
    assert company.learner("ann").account is Account.SUSPENDED
    assert company.free_seats() == 0
    assert company.sync().counts == {"skip": 1}
    company.now += 14 * DAY
    company.hire("bob")
    facts = company.sync()
    assert facts.counts == {"release": 1, "create": 1, "skip": 1}
    assert facts.exit_code == 0, "the freed seat is seen by the same run"
    assert company.learners("live") == ["bob"]


def test_suspend_after_waits_and_forgets_when_they_come_back(company: Company) -> None:
    company.policy = replace(company.policy, grace=Grace(suspend_after=2 * DAY))
    company.order(1)
    company.hire("ann")
    company.sync()
    company.people.disable("id-ann")
    company.sync()
    assert company.learner("ann").left_at == company.now
    company.now += DAY
    company.people.enable("id-ann")
    company.sync()
    assert company.learner("ann").left_at is None
    company.people.disable("id-ann")
    company.sync()
    company.now += 2 * DAY
    assert company.sync().counts == {"suspend": 1}


def test_who_returns_in_time_keeps_the_seat_and_later_gets_a_new_one(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.sync()
    end = company.learner("ann").ends_at
    company.people.disable("id-ann")
    company.sync()
    company.people.enable("id-ann")
    assert company.sync().counts == {"reactivate": 1}
    assert (company.learner("ann").account, company.learner("ann").ends_at) == (Account.ACTIVE, end)
    company.people.remove("id-ann")
    company.sync("directory_size")
    company.now += 20 * DAY
    company.sync("directory_size")
    assert company.free_seats() == 1
    company.hire("ann")
    assert company.sync().counts == {"reactivate": 1}
    assert company.learner("ann").license == "live"
    assert len(company.register.learners.allocations(company.learner("ann").id)) == 2


def test_leaving_the_scope_suspends(company: Company) -> None:
    staff = Rule("department is staff", attribute="department", equals=frozenset({"staff"}))
    company.policy = replace(company.policy, scope=Scope(include=(staff,)))
    company.order(2)
    company.hire("ann", "bob", department="Staff")
    company.hire("cem")
    assert company.sync().counts == {"create": 2}
    company.people.change("id-bob", department="Else")
    facts = company.sync()
    assert facts.counts == {"suspend": 1, "note": 1}
    assert company.changes(facts, Kind.SUSPEND)[0].why == "no longer in scope"


def test_an_account_that_expires_by_the_clock_is_seen_without_a_change(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.people.expire("id-ann", company.now + DAY)
    company.sync()
    assert company.sync().counts == {}
    company.now += 2 * DAY
    assert company.sync().counts == {"suspend": 1, "note": 1}


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
