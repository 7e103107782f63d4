"""Held plans: they wait under one number, are decided once, and expire when the world moves on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.errors import ConfigError, Held
from syncd.model import RunState
from syncd.plan.guard import Limits
from syncd.plan.policy import Policy
from tests.company import Company, opened


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url, policy=Policy(limits=Limits(floor=2))) as company:
        company.order(9)
        company.hire("ann", "bob", "cem")
        yield company


def decide(company: Company, run: int, state: RunState) -> None:
    company.register.runs.decide(run, state, by="ann@office", now=company.now)


def test_the_same_plan_keeps_waiting_under_its_number(company: Company) -> None:
    held = company.sync()
    again = company.sync()
    assert (held.state, again.state, again.run) == (RunState.HELD, RunState.HELD, held.run)
    assert [record.id for record in company.register.runs.latest(9)] == [held.run]
    assert [entry.key for entry in company.changes(again)] == [entry.key for entry in company.changes(held)]


def test_another_plan_is_held_under_another_number(company: Company) -> None:
    held = company.sync()
    company.hire("dan")
    again = company.sync()
    assert again.run > held.run
    assert company.register.runs.state(held.run) is RunState.HELD


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
