"""A reviewed plan that was cut short and is applied again: it is finished, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest

from syncd.errors import Held
from syncd.facts import RunFacts
from syncd.model import RunState
from syncd.plan.guard import Limits
from syncd.plan.leavers import Grace
from syncd.plan.policy import Policy
from tests.company import DAY, Company, opened
from tests.hybrid import Humans, directories
from tests.life import Cut, Failing


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url, policy=Policy(limits=Limits(floor=2))) as company:
        company.order(20)
        yield company


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncd.run._BATCH", 1)


def cut_off(company: Company, at: int, work: Callable[[], RunFacts], *, recorded: bool = True) -> None:
    """`work` is cut off at its n-th change, before or after that is recorded."""
    failing = Failing(company.register.recorder, at, recorded=recorded)
    with patch.object(company.register, "recorder", failing), pytest.raises(Cut):
        work()


def history(company: Company, *runs: int) -> list[tuple[str, str, str]]:
    """Every change of these runs that was made, as kind, key and lot."""
    made = [
        entry.change
        for run in runs
        for entry in company.register.journal.read(run)
        if entry.state == "delivered" and entry.change.kind.name not in ("NOTE", "SKIP")
    ]
    return sorted((change.kind.name, change.key, str(change.lot)) for change in made)


def busy_day(company: Company) -> RunFacts:
    """A plan of nearly every kind of change."""
    company.policy = replace(company.policy, grace=Grace(release_after=0))
    company.hire("ann", "bob", "cem", "dan", "eve")
    company.sync("creations")
    company.people.disable("id-eve")
    company.sync()
    company.people.remove("id-ann")
    company.people.change("id-bob", last_name="Roe")
    company.people.enable("id-eve")
    company.hire("fay", "gus", "hal")
    held = company.sync()
    assert held.state is RunState.HELD
    return held


@pytest.mark.parametrize("at", range(1, 8))
def test_tried_again_as_such_it_is_finished_wherever_it_was_cut(company: Company, at: int) -> None:
    held = busy_day(company)
    whole = sorted(
        (change.kind.name, change.key, str(change.lot))
        for change in company.changes(held)
        if change.kind.name not in ("NOTE", "SKIP")
    )
    assert len(whole) == 7
    cut_off(company, at, lambda: company.sync(reviewed=held.run))
    (first,) = company.register.runs.interrupted()
    again = company.sync(reviewed=held.run)
    assert (again.state, again.refused) == (RunState.DONE, 0)
    assert history(company, first, again.run) == whole
    assert company.register.runs.interrupted() == []
    assert company.register.runs.state(held.run) is RunState.SUPERSEDED
    assert company.sync().counts == {}
    company.check_books()


@pytest.mark.parametrize("seats", [9, 2])
@pytest.mark.parametrize("at", range(1, 7))
def test_somebody_in_two_directories_is_one_learner_wherever_it_was_cut(
    database_url: str, at: int, seats: int
) -> None:
    with opened(database_url, directories=directories()) as company:
        company.order(seats)
        humans = Humans(company)
        for human in (1, 2, 3):
            for name in ("ad", "cloud"):
                humans.put(human, name, first_name="Ann")
        reviewed = company.plan()
        cut_off(company, at, lambda: company.sync(reviewed=reviewed.run))
        again = company.sync(reviewed=reviewed.run)
        assert (again.state, again.refused) == (RunState.DONE, 0)
        assert len(company.learners()) == 3
        assert len(company.learners("live")) == min(seats, 3)
        for human in (1, 2, 3):
            known = company.register.learners.get(f"h{human}@ad.example.com", company.now)
            assert known is not None
            assert len(company.register.learners.identities(known.id)) == 2
        company.check_books()


def test_cut_short_twice_it_is_finished_all_the_same(company: Company) -> None:
    held = busy_day(company)
    cut_off(company, 2, lambda: company.sync(reviewed=held.run))
    cut_off(company, 2, lambda: company.sync(reviewed=held.run), recorded=False)
    assert company.sync(reviewed=held.run).superseded[-1] == held.run
    assert company.register.runs.interrupted() == []
    assert company.sync().counts == {}
    company.check_books()


def test_what_is_left_of_it_must_still_hold(company: Company) -> None:
    held = busy_day(company)
    cut_off(company, 5, lambda: company.sync(reviewed=held.run))
    company.people.remove("id-hal")
    with pytest.raises(Held, match=f"moved on since run {held.run}: 1 of its 2 changes"):
        company.sync(reviewed=held.run)
    assert company.register.runs.state(held.run) is RunState.FAILED
    assert company.sync().state is RunState.DONE, "what had been approved by then does not count again"


@pytest.mark.parametrize("recorded", [False, True])
def test_people_added_by_hand_are_added_once(company: Company, recorded: bool) -> None:
    plan = company.add("ann", "bob", "cem", apply=False)
    cut_off(company, 2, lambda: company.add(reviewed=plan.run), recorded=recorded)
    again = company.add(reviewed=plan.run)
    assert (again.state, again.counts) == (RunState.DONE, {"create": 1 if recorded else 2})
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert company.register.runs.interrupted() == []
    company.check_books()


def test_licenses_are_renewed_once(company: Company) -> None:
    company.hire("ann", "bob")
    company.sync()
    company.now += 366 * DAY
    company.sync()
    company.order(2)
    plan = company.plan_renewal("ann", "bob")
    assert plan.counts == {"renew": 2}
    cut_off(company, 1, lambda: company.renew(reviewed=plan.run))
    again = company.renew(reviewed=plan.run)
    assert (again.state, again.counts) == (RunState.DONE, {"renew": 1})
    assert company.register.runs.interrupted() == []
    company.check_books()
