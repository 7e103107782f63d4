"""The waiting line, on both databases: who stands where, and what becomes of whom no license is free for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.model import Account
from syncd.plan.scope import Rule
from syncd.plan.seats import OnShortfall, SeatPolicy
from tests.company import Company, opened


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company


def test_who_finds_no_seat_waits_and_is_seated_when_one_is_ordered(company: Company) -> None:
    company.order(1)
    company.hire("ann", "bob")
    assert company.sync().exit_code == 5
    assert (company.learners("live"), company.learners("waiting")) == (["ann"], ["bob"])
    assert company.learner("bob").account is Account.PLANNED
    assert company.sync().counts == {}, "waiting on is no change"
    company.order(1)
    facts = company.sync()
    assert (facts.counts, facts.exit_code) == ({"create": 1}, 0)
    assert company.learner("bob").account is Account.ACTIVE
    assert company.learner("bob").license == "live"


def test_the_line_is_priority_then_first_seen_then_key(company: Company) -> None:
    starters = Rule("new starters", attribute="department", equals=frozenset({"new"}))
    company.policy = replace(company.policy, priority=(starters,))
    company.hire("zoe")
    company.sync()
    company.now += 60
    company.hire("bob", "abe")
    company.hire("new", department="new")
    company.sync()
    company.order(3)
    company.sync()
    assert company.learners("live") == ["abe", "new", "zoe"]
    assert company.learners("waiting") == ["bob"]


def test_a_waiting_learner_moves_up_when_they_join_a_priority_group(company: Company) -> None:
    starters = Rule("new starters", attribute="department", equals=frozenset({"new"}))
    company.policy = replace(company.policy, priority=(starters,))
    company.hire("ann", "bob")
    company.sync()
    company.people.change("id-bob", department="new")
    company.order(1)
    company.sync()
    assert company.learners("live") == ["bob"]


def test_hold_creates_nobody_while_seats_are_short_and_keeps_updating(company: Company) -> None:
    company.policy = replace(company.policy, seats=SeatPolicy(on_shortfall=OnShortfall.HOLD))
    company.order(2)
    company.hire("ann")
    company.sync()
    company.hire("bob", "cem")
    company.people.change("id-ann", last_name="Roe")
    facts = company.sync()
    assert facts.counts == {"update": 1, "wait": 2}
    assert company.learner("ann").profile.last_name == "Roe"
    assert company.learners("live") == ["ann"]


def test_create_unlicensed_gives_everybody_an_account_and_licenses_later(company: Company) -> None:
    company.policy = replace(company.policy, seats=SeatPolicy(on_shortfall=OnShortfall.CREATE_UNLICENSED))
    company.order(1)
    company.hire("ann", "bob")
    assert company.sync().counts == {"create": 2}
    assert company.learner("bob").account is Account.ACTIVE
    assert company.learners("waiting") == ["bob"]
    assert company.sync().counts == {}
    company.order(1)
    assert company.sync().counts == {"allocate": 1}
    assert company.learners("live") == ["ann", "bob"]


def test_leaving_while_waiting_takes_one_out_of_the_line(company: Company) -> None:
    company.hire("ann", "bob")
    company.sync()
    company.people.remove("id-ann")
    company.order(1)
    company.sync()
    assert company.learners("live") == ["bob"]
    assert company.learners("waiting") == []
