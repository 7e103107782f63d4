"""A clock that jumps by a day, both ways: nothing is lost, doubled, or given to who has no right to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.model import Account
from syncd.plan.leavers import Grace
from tests.company import DAY, Company, opened


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann and Bob have a license, Cem waits for one; it is noon, and later the clock jumps."""
    with opened(database_url, full_after=DAY) as company:
        company.policy = replace(company.policy, grace=Grace(release_after=0))
        company.order(2)
        company.now += 10 * DAY
        company.hire("ann", "bob", "cem")
        company.sync()
        yield company


def test_a_clock_set_back_changes_nothing_and_everybody_is_read(company: Company) -> None:
    company.now -= DAY
    facts = company.sync()
    assert facts.counts == {}
    assert not facts.readings["head-office"]["by_changes"], "a cursor of tomorrow is no cursor"
    assert company.learners("live") == ["ann", "bob"]


def test_what_happens_while_the_clock_is_behind_is_told_in_its_order(company: Company) -> None:
    """By the clock Ann's license ended before it began; the trail must still come to what the rows say."""
    company.now -= DAY
    company.people.remove("id-ann")
    assert company.sync().counts == {"suspend": 1, "release": 1, "create": 1, "note": 1}
    assert company.learners("live") == ["bob", "cem"]
    assert company.register.reconciling.discrepancies() == []
    company.now += DAY
    company.hire("ann")
    assert company.sync().counts == {"reactivate": 1}
    assert company.learners("waiting") == ["ann"]
    company.order(1)
    company.sync()
    assert company.learners("live") == ["ann", "bob", "cem"]
    company.check_books()


def test_a_license_ends_by_the_clock_and_is_not_given_back_when_that_was_wrong(company: Company) -> None:
    """What has ended is history: their seats are free for a day, and somebody who knows renews them."""
    ends_at = company.learner("ann").ends_at
    assert ends_at is not None
    company.now = ends_at - DAY
    assert company.sync().counts == {}
    company.now += DAY
    assert company.sync().ended == 2
    company.now -= DAY
    assert company.sync().counts == {"create": 1}
    assert company.learner("ann").account is Account.SUSPENDED
    assert company.learners("live") == ["cem"]
    assert company.register.reconciling.discrepancies() == []
    company.order(2)
    company.renew("ann", "bob")
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert company.register.reconciling.discrepancies() == []


def test_a_clock_that_was_ahead_for_a_moment_ends_nothing_that_has_a_day_left(company: Company) -> None:
    ends_at = company.learner("ann").ends_at
    assert ends_at is not None
    company.now = ends_at - 2 * DAY
    company.sync()
    company.now += DAY
    assert company.sync().counts == {}
    company.now -= DAY
    assert company.sync().counts == {}
    assert company.learners("live") == ["ann", "bob"]
