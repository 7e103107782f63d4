"""The end of a license, on both databases: what follows from it, once, however late somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from syncd.model import Account, Kind
from syncd.plan.leavers import Grace
from syncd.register import database
from tests.company import DAY, UNGUARDED, Company, opened
from tests.contracts.memory_platform import MemoryPlatform

YEAR = 366 * DAY


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        company.order(3)
        company.hire("ann", "bob")
        company.sync()
        yield company


def execute(company: Company, statement: str) -> None:
    engine = database.connect(company.url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def states(company: Company, handle: str = "ann") -> list[tuple[str, bool]]:
    """The allocations of somebody: state, and whether it ended exactly when its lot did."""
    found = company.register.learners.allocations(company.learner(handle).id)
    return [(str(entry.state), entry.ended_at == entry.ends_at) for entry in found]


def test_nobody_has_a_license_from_the_second_it_ends_whoever_looks(company: Company) -> None:
    end = company.learner("ann").ends_at or 0
    company.now = end - 1
    assert (company.learners("live"), company.learners("expired")) == (["ann", "bob"], [])
    company.now = end
    assert (company.learners("live"), company.learners("expired")) == ([], ["ann", "bob"])
    assert company.learner("ann").ends_at == end
    assert states(company) == [("live", False)], "nothing had to be written for that"


@pytest.mark.parametrize("late", [0, 1, 40 * DAY, 900 * DAY])
def test_the_account_is_suspended_once_however_late(company: Company, late: int) -> None:
    company.now = (company.learner("ann").ends_at or 0) + late
    facts = company.sync()
    assert (facts.counts, facts.ended) == ({"expire": 2}, 2)
    ann = company.learner("ann")
    assert (ann.account, ann.suspended_by, ann.license) == (Account.SUSPENDED, "expiry", "expired")
    assert states(company) == [("expired", True)]
    facts = company.sync()
    assert (facts.counts, facts.ended) == ({}, 2)
    assert company.learners("expired") == ["ann", "bob"]


def test_a_preview_says_so_and_does_nothing(company: Company) -> None:
    company.now += YEAR
    facts = company.plan()
    (ann, _) = company.changes(facts, Kind.EXPIRE)
    assert (ann.email, ann.why, ann.ends_at) == (
        "ann@example.com",
        "the license has ended",
        company.learner("ann").ends_at,
    )
    assert company.learner("ann").account is Account.ACTIVE


def test_managers_expire_alike(company: Company) -> None:
    execute(company, "UPDATE learners SET role = 'manager'")
    company.now += YEAR
    assert company.sync().counts["expire"] == 2
    assert company.learner("ann").account is Account.SUSPENDED


def test_free_licenses_are_not_for_them(company: Company) -> None:
    company.now += YEAR
    company.order(9)
    facts = company.sync()
    assert (facts.counts, facts.wanted) == ({"expire": 2}, 0)
    company.people.change("id-ann", last_name="Roe")
    assert company.sync().counts == {"update": 1}, "what else happens to them goes on"
    assert company.learners("live") == []


def test_who_leaves_as_the_license_ends_gives_nothing_back(company: Company) -> None:
    company.policy = replace(company.policy, grace=Grace(release_after=0))
    company.now += YEAR
    company.people.disable("id-ann")
    assert company.sync().counts == {"suspend": 1, "expire": 2, "note": 1}
    ann = company.learner("ann")
    assert (ann.suspended_by, states(company)) == ("sync", [("expired", True)])


def test_who_leaves_after_it_ended_comes_back_as_they_were(company: Company) -> None:
    company.now += YEAR
    company.sync()
    company.people.disable("id-ann")
    assert company.sync().counts == {"note": 2}
    assert company.learner("ann").left_at == company.now
    company.now += 30 * DAY
    company.order(5)
    company.people.enable("id-ann")
    facts = company.sync()
    assert (facts.counts, facts.ended) == ({"reactivate": 1}, 2)
    ann = company.learner("ann")
    assert (ann.account, ann.suspended_by, ann.left_at) == (Account.SUSPENDED, "expiry", None)
    assert company.sync().counts == {}


def test_a_suspension_by_hand_stays_through_the_end_and_a_return(company: Company) -> None:
    execute(company, "UPDATE learners SET account = 'suspended', suspended_by = 'hand'")
    company.now += YEAR
    assert company.sync().counts == {"expire": 2}
    assert company.learner("ann").suspended_by == "hand"
    company.people.disable("id-ann")
    company.sync()
    company.people.enable("id-ann")
    company.sync()
    ann = company.learner("ann")
    assert (ann.suspended_by, ann.left_at) == ("hand", None)


def test_the_guard_lets_contracts_end(company: Company) -> None:
    company.policy = replace(company.policy, limits=replace(UNGUARDED, floor=0))
    company.now += YEAR
    assert company.sync().counts == {"expire": 2}


def test_a_crash_in_the_middle_is_finished_by_the_next_run(company: Company) -> None:
    company.now += YEAR
    run = company.plan().run
    (batch, *_) = company.register.journal.batches(run, 1)
    company.register.recorder.record(run, batch, company.now)
    assert company.sync().counts == {"expire": 1}
    assert states(company, "ann") == states(company, "bob") == [("expired", True)]


def test_a_platform_is_told(database_url: str) -> None:
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        company.order(1)
        company.hire("ann")
        company.sync()
        company.now += YEAR
        company.sync()
        (there,) = platform.learners.values()
        assert (there.active, there.ends_at) == (False, None)
        writes = len(platform.writes)
        company.sync()
        assert len(platform.writes) == writes


def test_who_left_before_the_platform_refused_them_is_not_put_in_line(database_url: str) -> None:
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        company.order(1)
        company.hire("ann")
        platform.down()
        company.sync()
        company.people.disable("id-ann")
        company.sync()
        platform.mend()
        platform.refuse("ann@example.com", "domain not allowed")
        company.sync()
        assert company.learners("waiting") == []
        company.sync()
        assert company.free_seats() == 1
