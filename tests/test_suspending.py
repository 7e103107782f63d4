"""Learners shut out by hand, on both databases: nothing but a hand lets them in again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from syncd.facts import RunFacts
from syncd.model import Account, Kind
from syncd.plan.leavers import Grace
from syncd.plan.suspensions import Suspension
from syncd.run import Task, run
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


def test_who_is_gone_for_good_gives_the_license_to_the_next_in_line(company: Company) -> None:
    company.order(1)
    company.sync()
    company.add("zoe")
    company.suspend("bob", release=True)
    assert company.register.learners.allocations(company.learner("bob").id)[0].ended_because == "by hand"
    company.sync()
    assert stands(company, "zoe") == (Account.ACTIVE, "", "live"), "whom no directory would ever miss"
    assert stands(company, "bob") == (Account.SUSPENDED, "hand", "none")
    company.people.remove("id-bob")
    company.now += 15 * DAY
    company.sync()
    company.suspend("zoe", release=True)
    assert company.free_seats() == 1


def test_a_license_that_may_not_move_any_more_stays(company: Company) -> None:
    company.policy = replace(company.policy, seats=replace(company.policy.seats, max_moves=0))
    facts = company.suspend("ann", release=True)
    assert facts.counts == {"suspend": 1, "skip": 1}
    assert stands(company, "ann") == SHUT_OUT


def test_there_is_nothing_to_decide_twice(company: Company) -> None:
    assert company.suspend("ann", lifted=True).counts == {"skip": 1}
    company.suspend("ann")
    assert company.suspend("ann").counts == {"skip": 1}


@pytest.mark.parametrize("leaves", [False, True])
def test_what_a_crash_left_of_a_release_the_next_sync_does(company: Company, leaves: bool) -> None:
    """Also where the person has left meanwhile, so that the sync would release their license itself."""
    real = company.register.recorder
    company.register.recorder = Failing(real, 1, recorded=False)  # type: ignore[assignment]
    with pytest.raises(Cut):
        company.suspend("ann", release=True)
    company.register.recorder = real
    if leaves:
        company.policy = replace(company.policy, grace=Grace(release_after=0))
        company.people.remove("id-ann")
    company.sync()
    assert stands(company, "ann") == (Account.SUSPENDED, "hand", "none")
    assert stands(company, "cem") == (Account.ACTIVE, "", "live"), "in the same run"


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


def test_of_two_tries_that_crashed_the_last_is_done_once(company: Company) -> None:
    real = company.register.recorder
    for release in (False, True):
        company.register.recorder = Failing(real, 1, recorded=False)  # type: ignore[assignment]
        with pytest.raises(Cut):
            company.suspend("ann", release=release)
    company.register.recorder = real
    assert company.sync().counts["suspend"] == 1
    assert stands(company, "ann") == (Account.SUSPENDED, "hand", "none")
    assert stands(company, "cem") == (Account.ACTIVE, "", "live")


def cut_off(company: Company, work: Callable[[], RunFacts]) -> None:
    real = company.register.recorder
    company.register.recorder = Failing(real, 1, recorded=False)  # type: ignore[assignment]
    with pytest.raises(Cut):
        work()
    company.register.recorder = real


@pytest.mark.parametrize("died_early", [False, True])
@pytest.mark.parametrize("cut_short", [False, True])
@pytest.mark.parametrize("lifted", [False, True])
def test_what_somebody_asked_last_wins_over_what_a_crash_left(
    company: Company, monkeypatch: pytest.MonkeyPatch, *, lifted: bool, cut_short: bool, died_early: bool
) -> None:
    if lifted:
        company.suspend("ann")
    cut_off(company, lambda: company.suspend("ann", lifted=lifted))
    if died_early:
        monkeypatch.setattr("syncd.suspending.overrule", lambda *_: None)
    if cut_short or died_early:
        cut_off(company, lambda: company.suspend("ann", lifted=not lifted))
    else:
        company.suspend("ann", lifted=not lifted)
    company.sync()
    assert stands(company, "ann") == (SHUT_OUT if lifted else (Account.ACTIVE, "", "live"))
    assert company.register.runs.interrupted() == []


def test_a_suspension_done_after_all_and_lifted_again_stays_lifted(company: Company) -> None:
    cut_off(company, lambda: company.suspend("ann"))
    company.suspend("ann", release=True)
    company.suspend("ann", lifted=True)
    company.suspend("bob")
    company.sync()
    assert stands(company, "ann")[:2] == (Account.ACTIVE, "")
    assert stands(company, "bob") == SHUT_OUT


def test_a_reviewed_suspension_that_was_cut_short_is_overruled_as_well(company: Company) -> None:
    decided = Suspension(company.learner("ann").id, "a reason")
    plan = run(company.engine, Task("learners suspend --dry-run", "test", suspension=decided))
    cut_off(company, lambda: run(company.engine, Task("apply", "test", apply=True, reviewed=plan.run)))
    company.suspend("ann", lifted=True)
    company.sync()
    assert stands(company, "ann") == (Account.ACTIVE, "", "live")


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
