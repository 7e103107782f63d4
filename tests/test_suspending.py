"""Learners shut out by hand, on both databases: nothing but a hand lets them in again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.model import Account, Kind
from tests.company import DAY, Company, opened
from tests.contracts.memory_platform import MemoryPlatform
from tests.life import Cut, Failing


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann and Bob have licenses, and Cem waits for one."""
    with opened(database_url) as company:
        company.order(2)
        company.hire("ann", "bob")
        company.sync()
        company.hire("cem")
        company.sync()
        yield company
        company.check_books()


def stands(company: Company, handle: str) -> tuple[Account, str, str]:
    learner = company.learner(handle)
    return learner.account, learner.suspended_by, learner.license


SHUT_OUT = (Account.SUSPENDED, "hand", "live")


def test_no_sync_lets_them_in_and_the_license_stays_theirs(company: Company) -> None:
    assert company.suspend("ann").counts == {"suspend": 1}
    *_, change = company.register.trail.read(learner=company.learner("ann").id)
    assert (change.action, change.actor, change.why) == ("suspend", "test", "by hand: a reason")
    company.people.change("id-ann", last_name="Roe")
    for _ in range(2):
        company.now += DAY
        company.sync()
        assert stands(company, "ann") == SHUT_OUT
    company.people.disable("id-ann")
    company.sync()
    company.people.enable("id-ann")
    company.sync()
    assert stands(company, "ann") == SHUT_OUT, "being back is no reason"
    company.suspend("ann", lifted=True)
    assert stands(company, "ann") == (Account.ACTIVE, "", "live")


def test_who_leaves_meanwhile_gives_the_license_back_and_is_not_let_in(company: Company) -> None:
    company.suspend("ann")
    company.people.remove("id-ann")
    company.sync()
    company.now += 15 * DAY
    company.sync()
    assert stands(company, "ann") == (Account.SUSPENDED, "hand", "none")
    assert stands(company, "cem") == (Account.ACTIVE, "", "live")
    facts = company.suspend("ann", lifted=True)
    assert [change.why for change in company.changes(facts, Kind.SKIP)] == [
        "has left: resume them once they are back"
    ]
    company.hire("ann")
    company.sync()
    company.suspend("ann", lifted=True)
    assert stands(company, "ann") == (Account.ACTIVE, "", "waiting"), "as others who come back"
    company.order(1)
    company.sync()
    assert stands(company, "ann") == (Account.ACTIVE, "", "live")


def test_who_waits_leaves_the_line_and_comes_back_to_its_end(company: Company) -> None:
    company.suspend("cem")
    assert company.learners("waiting") == []
    company.order(1)
    company.sync()
    assert stands(company, "cem") == (Account.SUSPENDED, "hand", "none")
    company.suspend("cem", lifted=True)
    assert stands(company, "cem") == (Account.ACTIVE, "", "live")


def test_a_license_that_ended_meanwhile_is_what_shuts_them_out_then(company: Company) -> None:
    company.suspend("ann")
    company.now += 366 * DAY
    company.sync()
    assert stands(company, "ann") == (Account.SUSPENDED, "hand", "expired")
    company.suspend("ann", lifted=True)
    assert stands(company, "ann") == (Account.SUSPENDED, "expiry", "expired")
    company.order(5)
    company.renew("ann")
    assert stands(company, "ann") == (Account.ACTIVE, "", "live")


def test_there_is_nothing_to_decide_twice(company: Company) -> None:
    assert company.suspend("ann", lifted=True).counts == {"skip": 1}
    company.suspend("ann")
    assert company.suspend("ann").counts == {"skip": 1}


@pytest.mark.parametrize("lifted", [False, True])
def test_what_a_crash_left_the_next_sync_does(company: Company, lifted: bool) -> None:
    if lifted:
        company.suspend("ann")
    real = company.register.recorder
    company.register.recorder = Failing(real, 1, recorded=False)  # type: ignore[assignment]
    with pytest.raises(Cut):
        company.suspend("ann", lifted=lifted)
    company.register.recorder = real
    company.sync()
    assert stands(company, "ann") == ((Account.ACTIVE, "", "live") if lifted else SHUT_OUT)
    assert set(company.sync().counts) <= {"skip"}


def test_a_platform_is_told(database_url: str) -> None:
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        company.order(1)
        company.add("zoe")
        for lifted in (False, True):
            company.suspend("zoe", lifted=lifted)
            found = platform.by_email("zoe@example.com")
            assert found is not None
            assert found.active is lifted
