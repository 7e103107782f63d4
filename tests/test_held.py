"""What the guard holds, and reviewed plans, on both databases: nothing unusual happens unseen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from syncd import approval
from syncd.errors import ConfigError, Held
from syncd.model import Account, RunState
from syncd.plan.guard import Limit, Limits
from syncd.plan.policy import Policy
from tests.company import DAY, UNGUARDED, Company, opened
from tests.contracts.memory import MemoryDirectory


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company


def test_a_renamed_directory_is_held_and_then_everybody_keeps_their_license(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob")
    company.sync()
    company.people.name = "renamed"
    facts = company.sync()
    assert facts.exit_code == 3
    assert [objection["override"] for objection in facts.objections] == ["directory_removed"]
    assert company.sync("directory_removed").counts == {"link": 2, "note": 2}
    assert company.learners("live") == ["ann", "bob"]
    company.people.remove("id-ann")
    assert company.sync().counts["suspend"] == 1, "leavers are noticed under the new name"


def test_taking_a_directory_away_is_held_before_anybody_is_suspended(database_url: str) -> None:
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(3)
        company.hire("ann")
        company.hire("cem", directory=1)
        company.sync()
        company.directories.pop()
        assert company.sync().exit_code == 3
        assert company.learner("cem").account is Account.ACTIVE
        assert company.sync("directory_removed").counts["suspend"] == 1
        assert company.sync().counts == {}


def test_an_emptied_directory_holds_the_plan_and_nothing_is_written(company: Company) -> None:
    company.policy = Policy(limits=Limits(suspensions=Limit(), floor=1))
    company.order(5)
    company.hire("ann", "bob", "cem")
    company.sync("creations")
    for handle in ("ann", "bob", "cem"):
        company.people.remove(f"id-{handle}")
    facts = company.sync()
    assert (facts.state, facts.exit_code) == (RunState.HELD, 3)
    assert [objection["override"] for objection in facts.objections] == ["directory_size"]
    assert facts.objections[0]["message"] == "directory head-office has nobody in it"
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert company.sync("directory_size").counts == {"suspend": 3, "note": 3}


def test_a_first_sync_is_held_until_somebody_has_looked(company: Company) -> None:
    company.policy = Policy(limits=Limits(floor=2))
    company.order(5)
    company.hire("ann", "bob", "cem")
    facts = company.sync()
    assert facts.exit_code == 3
    assert company.learners() == []
    assert company.sync(reviewed=facts.run).exit_code == 0
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert company.register.runs.state(facts.run) is RunState.SUPERSEDED


def test_a_reviewed_plan_is_refused_when_the_world_moved_on(company: Company) -> None:
    company.order(5)
    company.hire("ann", "bob")
    reviewed = company.plan().run
    company.people.change("id-bob", last_name="Roe")
    with pytest.raises(Held, match="world has moved on since run 1: 1 of its 2 changes"):
        company.sync(reviewed=reviewed)
    assert company.learners() == []


def test_a_reviewed_plan_applies_what_was_reviewed_and_nothing_else(company: Company) -> None:
    company.order(5)
    company.hire("ann")
    reviewed = company.plan().run
    company.hire("bob")
    company.sync(reviewed=reviewed)
    assert company.learners() == ["ann"]
    with pytest.raises(ConfigError, match="run 1 is superseded: run 2 has taken its place and is done"):
        company.sync(reviewed=reviewed)
    with pytest.raises(ConfigError, match="there is no run 99"):
        company.sync(reviewed=99)


def test_a_plan_nobody_applied_is_dropped_after_a_month(company: Company) -> None:
    company.order(5)
    company.hire("ann")
    old = company.plan()
    company.now += 31 * DAY
    applied = company.sync()
    assert company.changes(old) == []
    assert company.register.runs.state(old.run) is RunState.FAILED
    company.now += 31 * DAY
    company.sync()
    assert company.changes(applied), "what was applied stays"


def test_too_many_suspensions_are_held_by_percent_and_by_count(company: Company) -> None:
    company.policy = Policy(limits=Limits(suspensions=Limit(count=2, percent=50), floor=0, creations=Limit()))
    company.order(9)
    company.hire(*"abcdefgh")
    company.sync()
    for handle in "abc":
        company.people.disable(f"id-{handle}")
    facts = company.sync()
    assert facts.objections[0]["message"] == (
        "would suspend 3 people; the limit is 2 and 50% (the register knows 8)"
    )
    assert company.sync("suspensions").counts["suspend"] == 3


def test_the_guard_leaves_the_many_small_alone(company: Company) -> None:
    company.policy = replace(company.policy, limits=UNGUARDED)
    company.hire("ann")
    assert company.sync().state is RunState.DONE


def test_the_log_says_what_is_held_for_what_and_what_to_do(company: Company) -> None:
    company.policy = Policy(limits=Limits(floor=2))
    company.hire("ann", "bob", "cem")
    with capture_logs() as logged:
        held = company.sync().run
        company.sync()
        approval.decide(company.register, held, RunState.REJECTED, by="root@desk", now=company.now)
        company.sync()
    told = [entry for entry in logged if entry["event"] in ("plan_held", "plan_still_held")]
    assert [(entry["event"], entry["state"], entry.get("since_run")) for entry in told] == [
        ("plan_held", "held", None),
        ("plan_still_held", "held", held),
        ("plan_still_held", "rejected", held),
    ]
    for entry in told:
        assert entry["log_level"] == "warning"
        assert entry["objections"] == ["would add 3 people; the limit is 20% (this is the first sync)"]
        assert f"syncd runs show {held}" in entry["next_step"]
    assert ["approve" in entry["next_step"] for entry in told] == [True, True, False]
