"""Held plans: they wait under one number, are decided once, and expire when the world moves on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from syncd import approval
from syncd.errors import ConfigError, Held
from syncd.model import RunState
from syncd.plan.guard import Limits
from syncd.plan.policy import Policy
from syncd.run import Task, run
from tests.company import DAY, Company, opened


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url, policy=Policy(limits=Limits(floor=2))) as company:
        company.order(9)
        company.hire("ann", "bob", "cem")
        yield company


def decide(company: Company, run: int, state: RunState) -> None:
    approval.decide(company.register, run, state, by="ann@office", now=company.now)


def older(company: Company) -> int:
    """A plan that was held before one at a time was: nothing has taken its place."""
    number = company.register.runs.begin("sync", "test", company.now)
    company.register.runs.end(number, RunState.HELD, company.now, {})
    return number


def test_the_same_plan_keeps_waiting_under_its_number(company: Company) -> None:
    held = company.sync()
    again = company.sync()
    assert (held.state, again.state, again.run) == (RunState.HELD, RunState.HELD, held.run)
    assert [record.id for record in company.register.runs.latest(9)] == [held.run]
    assert [entry.key for entry in company.changes(again)] == [entry.key for entry in company.changes(held)]


def test_a_number_stands_for_one_run_only(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that of a run which gave way to the plan that is held: the log has named it."""
    begin, begun = company.register.runs.begin, []

    def noted(*words: Any) -> int:
        begun.append(begin(*words))
        return begun[-1]

    monkeypatch.setattr(company.register.runs, "begin", noted)
    held = company.sync()
    company.sync()
    company.sync()
    company.people.remove("id-ann")
    last = company.sync("creations")
    assert (begun[0], begun[-1], len(set(begun))) == (held.run, last.run, 4)
    assert [record.id for record in company.register.runs.latest(9)] == [last.run, held.run]


def test_a_number_is_not_given_again_when_a_later_one_is_forgotten_first(company: Company) -> None:
    runs = company.register.runs
    first, second = runs.begin("explain", "test", company.now), runs.begin("explain", "test", company.now)
    runs.discard(second)
    runs.discard(first)
    assert runs.begin("sync", "test", company.now) > second


def test_a_plan_that_has_grown_keeps_waiting_as_it_was(company: Company) -> None:
    """Whoever is deciding on it looks at that; the others come after."""
    held = company.sync()
    company.hire("dan")
    assert company.sync().run == held.run
    assert company.sync(reviewed=held.run).state is RunState.DONE
    assert company.learners("live") == ["ann", "bob", "cem"]


def test_a_plan_that_no_longer_holds_gives_way_to_the_one_that_does(company: Company) -> None:
    held = company.sync()
    company.people.change("id-ann", last_name="Roe")
    again = company.sync()
    assert again.run > held.run
    assert company.register.runs.state(again.run) is RunState.HELD
    first = company.register.runs.get(held.run)
    assert first is not None
    assert (first.state, first.superseded_by) == (RunState.SUPERSEDED, again.run)
    assert company.changes(held) == [], "its changes take no room any more"
    with pytest.raises(ConfigError, match="is superseded"):
        company.sync(reviewed=held.run)


@pytest.mark.parametrize("state", [RunState.HELD, RunState.DONE])
def test_whoever_comes_too_late_is_told_which_run_to_look_at(company: Company, state: RunState) -> None:
    first = company.sync()
    company.people.change("id-ann", last_name="Roe")
    company.sync()
    company.people.change("id-ann", last_name="Poe")
    last = company.sync(*(["creations"] if state is RunState.DONE else []))
    assert (last.state, last.run) == (state, first.run + 2)
    told = rf"run {first.run} is superseded: run {last.run} has taken its place and is {state}"
    for act in (
        lambda: company.sync(reviewed=first.run),
        lambda: decide(company, first.run, RunState.APPROVED),
        lambda: decide(company, first.run, RunState.REJECTED),
    ):
        with pytest.raises(ConfigError, match=told) as caught:
            act()
        assert caught.value.next_step == f"look at that one: `syncd runs show {last.run}`"


def test_a_plan_that_waits_on_ends_what_an_older_version_left_waiting(company: Company) -> None:
    left = [older(company), older(company)]
    held = company.sync()
    found = [company.register.runs.get(run) for run in left]
    assert [(run.state, run.superseded_by) for run in found if run] == [(RunState.SUPERSEDED, held.run)] * 2


def test_one_that_waits_on_under_its_number_ends_them_too(company: Company) -> None:
    first = older(company)
    held = company.sync()
    company.register.runs.enter(first, RunState.HELD)
    assert company.sync().run == held.run
    assert company.register.runs.state(first) is RunState.SUPERSEDED


def test_an_approved_plan_is_not_held_once_more_whatever_was_held_since(company: Company) -> None:
    approved = company.sync()
    decide(company, approved.run, RunState.APPROVED)
    company.people.change("id-ann", last_name="Roe")
    since = company.sync()
    assert since.run > approved.run
    company.people.change("id-ann", last_name="Doe")
    assert company.sync().run == approved.run
    assert company.register.runs.approved() == [(approved.run, "ann@office")]
    record = company.register.runs.get(since.run)
    assert record is not None
    assert (record.state, record.superseded_by) == (RunState.SUPERSEDED, approved.run)


def test_an_approved_preview_is_not_held_once_more(company: Company) -> None:
    looked = company.plan()
    decide(company, looked.run, RunState.APPROVED)
    assert company.sync().run == looked.run


def test_nobody_is_asked_again_about_a_rejected_plan_whatever_was_held_since(company: Company) -> None:
    rejected = company.sync()
    decide(company, rejected.run, RunState.REJECTED)
    company.hire("dan")
    grown = company.sync()
    assert grown.run > rejected.run, "that one somebody may say yes to"
    company.people.remove("id-dan")
    assert company.sync().run == rejected.run
    assert company.register.runs.state(grown.run) is RunState.SUPERSEDED


def test_what_is_held_by_hand_and_by_sync_wait_side_by_side(company: Company) -> None:
    synced = company.sync()
    added = company.add("eve", "fay", "gus")
    assert added.run > synced.run
    assert company.sync().run == synced.run
    assert company.register.runs.state(added.run) is RunState.HELD
    assert company.register.runs.state(synced.run) is RunState.HELD


def test_a_plan_that_is_held_for_another_reason_too_is_told_anew(company: Company) -> None:
    company.sync("creations")
    company.hire("dan", "eve", "fay")
    held = company.sync()
    for name in ("ann", "bob", "cem"):
        company.people.remove(f"id-{name}")
    again = company.sync()
    assert again.run > held.run
    assert {entry["override"] for entry in again.objections} >= {"creations", "suspensions"}


def test_once_a_run_has_gone_through_nobody_can_approve_what_was_held_before(company: Company) -> None:
    held = company.sync()
    company.people.remove("id-ann")
    assert company.sync("creations").state is RunState.DONE
    with pytest.raises(ConfigError, match="is superseded"):
        decide(company, held.run, RunState.APPROVED)


def test_what_is_approved_is_not_held_once_more_by_a_sync_in_between(company: Company) -> None:
    held = company.sync()
    decide(company, held.run, RunState.APPROVED)
    assert company.sync().run == held.run
    assert company.register.runs.approved() == [(held.run, "ann@office")]


def test_an_approved_plan_that_was_cut_short_and_finished_is_not_applied_again(company: Company) -> None:
    held = company.sync()
    decide(company, held.run, RunState.APPROVED)

    def cut_off(stage: str, _done: int, _total: int | None) -> None:
        if stage == "recording":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(replace(company.engine, progress=cut_off), Task("serve", "test", apply=True, reviewed=held.run))
    assert company.sync().state is RunState.DONE
    assert company.register.runs.approved() == []
    assert company.register.runs.state(held.run) is RunState.SUPERSEDED
    assert company.learners("live") == ["ann", "bob", "cem"]


def test_a_preview_is_a_plan_of_its_own(company: Company) -> None:
    held = company.sync()
    assert company.plan().run > held.run


def test_a_rejected_plan_is_never_applied_and_asks_nobody_again(company: Company) -> None:
    held = company.sync()
    decide(company, held.run, RunState.REJECTED)
    assert company.sync().run == held.run
    assert company.register.runs.state(held.run) is RunState.REJECTED
    with pytest.raises(ConfigError, match="is rejected"):
        company.sync(reviewed=held.run)
    assert company.learners() == []


def test_a_rejected_plan_is_dropped_a_month_after_the_no_and_then_somebody_is_asked_anew(
    company: Company,
) -> None:
    rejected = company.sync()
    company.now += 20 * DAY
    decide(company, rejected.run, RunState.REJECTED)
    company.now += 29 * DAY
    assert company.sync().run == rejected.run
    assert company.changes(rejected)
    company.now += 2 * DAY
    asked = company.sync()
    assert asked.run > rejected.run
    assert company.changes(asked)
    assert company.changes(rejected) == []
    assert [company.register.runs.state(run.run) for run in (rejected, asked)] == ["rejected", "held"]


def test_a_rejected_plan_without_changes_stands_for_a_month_as_well(company: Company) -> None:
    for handle in ("ann", "bob", "cem"):
        company.people.remove(f"id-{handle}")
    rejected = company.sync()
    assert (rejected.counts, rejected.objections[0]["override"]) == ({}, "directory_size")
    decide(company, rejected.run, RunState.REJECTED)
    company.now += 30 * DAY
    assert company.sync().run == rejected.run
    company.now += 1
    assert company.sync().run > rejected.run


def test_an_approved_plan_is_applied_once(company: Company) -> None:
    held = company.sync()
    decide(company, held.run, RunState.APPROVED)
    assert company.register.runs.approved() == [(held.run, "ann@office")]
    assert company.sync(reviewed=held.run).state is RunState.DONE
    assert company.register.runs.approved() == []
    assert company.learners("live") == ["ann", "bob", "cem"]


def test_a_plan_the_world_has_overtaken_expires(company: Company) -> None:
    held = company.sync()
    decide(company, held.run, RunState.APPROVED)
    company.people.remove("id-ann")
    with pytest.raises(Held, match="moved on"):
        company.sync(reviewed=held.run)
    assert company.register.runs.approved() == []
    record = company.register.runs.get(held.run)
    assert record is not None
    assert (record.state, record.decided_by) == (RunState.FAILED, "ann@office")
    assert "moved on" in record.error


@pytest.mark.parametrize("state", [RunState.APPROVED, RunState.REJECTED])
def test_only_what_waits_can_be_decided(company: Company, state: RunState) -> None:
    with pytest.raises(ConfigError, match="there is no run 7"):
        decide(company, 7, state)
    done = company.sync("creations")
    with pytest.raises(ConfigError, match=f"run {done.run} is done"):
        decide(company, done.run, state)
