"""People added by hand, on both databases: in the line with all others, and out of every sync's reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest

from syncd.errors import ConfigError, Held
from syncd.facts import RunFacts
from syncd.model import Account, Kind, RunState
from syncd.plan.additions import Row
from syncd.plan.guard import Limits
from syncd.plan.policy import Matching
from syncd.plan.seats import OnShortfall
from syncd.run import Task, run
from tests.company import DAY, IMPORT, Company, opened
from tests.contracts.memory_platform import MemoryPlatform
from tests.life import Cut, Failing


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann and Bob are in the directory and have licenses."""
    with opened(database_url) as company:
        company.order(2)
        company.hire("ann", "bob")
        company.sync()
        yield company
        company.check_books()


def skipped(company: Company, number: int) -> dict[str, str]:
    return {change.name: change.why for change in company.changes(RunFacts(number), Kind.SKIP)}


def test_whoever_finds_a_license_has_it_and_the_rest_wait_in_the_order_of_the_file(company: Company) -> None:
    company.order(2)
    facts = company.add("zoe", "yan", "xia")
    assert (facts.state, facts.counts, facts.exit_code) == (RunState.DONE, {"create": 2, "wait": 1}, 5)
    assert company.learners("live") == ["ann", "bob", "yan", "zoe"]
    zoe, xia = company.learner("zoe"), company.learner("xia")
    assert (zoe.account, zoe.profile.first_name) == (Account.ACTIVE, "Zoe")
    assert (xia.account, xia.license) == (Account.PLANNED, "waiting")
    assert company.register.learners.identities(zoe.id) == []


def test_the_line_that_is_there_comes_first(company: Company) -> None:
    company.hire("cem")
    company.sync()
    company.now += 1
    company.order(1)
    facts = company.add("zoe")
    assert facts.counts == {"create": 1, "wait": 1}
    assert company.learners("waiting") == ["zoe"], "cem waited longer, and has it now"
    company.order(1)
    company.sync()
    assert company.learners("waiting") == []
    assert company.learner("zoe").account is Account.ACTIVE


@pytest.mark.parametrize(
    ("way", "counts"),
    [
        (OnShortfall.FILL, {"create": 1, "wait": 1}),
        (OnShortfall.HOLD, {"wait": 2}),
        (OnShortfall.CREATE_UNLICENSED, {"create": 2}),
    ],
)
def test_a_shortage_is_met_as_configured(company: Company, way: OnShortfall, counts: dict[str, int]) -> None:
    company.policy = replace(company.policy, seats=replace(company.policy.seats, on_shortfall=way))
    company.order(1)
    assert company.add("yan", "zoe").counts == counts


def test_who_cannot_be_added_is_named_and_the_others_are_added(company: Company) -> None:
    company.order(5)
    rows = [
        Row({"email": "ann@example.com"}, "f, line 2"),
        Row({"email": "Zoe@Example.com"}, "f, line 3"),
        Row({"email": "zoe@example.com"}, "f, line 4"),
        Row({"email": " "}, "f, line 5"),
        Row({"email": "no"}, "f, line 6"),
        Row({"email": "yan@example.com", "last_name": "=HYPERLINK(1)"}, "f, line 7"),
        Row({"email": "yan@example.com", "role": "king"}, "f, line 8"),
        Row({"email": "yan@example.com", "department": "x" * 300}, "f, line 9"),
        Row({"email": "yan@example.com"}, "f, line 10", "2 values where the header has 3 columns"),
        Row({"email": "yan@example.com", "department": "-", "role": "Manager"}, "f, line 11"),
    ]
    facts = run(company.engine, Task(IMPORT, "test", apply=True, additions=rows))
    ann = company.learner("ann").id
    assert skipped(company, facts.run) == {
        "f, line 2": f"is a learner already: number {ann}, Ann Doe",
        "f, line 4": "the same address as f, line 3",
        "f, line 5": "has no e-mail address",
        "f, line 6": "'no' is not an e-mail address",
        "f, line 7": "the last name '=HYPERLINK(1)' is a formula to a spreadsheet",
        "f, line 8": "the role 'king' is neither learner nor manager",
        "f, line 9": "the department has more than 256 characters",
        "f, line 10": "2 values where the header has 3 columns",
    }
    assert company.learners("live") == ["ann", "bob", "yan", "zoe"]
    assert company.learner("yan").profile.role == "manager"


@pytest.mark.parametrize("full_after", [0, 30 * DAY])
def test_no_sync_ever_touches_them(company: Company, full_after: int) -> None:
    company.full_after = full_after
    company.order(2)
    company.sync()
    company.add("zoe", department="Sales")
    zoe = company.learner("zoe")
    company.hire("cem")
    company.people.remove("id-bob")
    for days in (0, 1, 30, 300):
        company.now += days * DAY
        company.sync(full=days == 300)
        assert company.learner("zoe") == zoe
    assert company.learner("bob").account is Account.SUSPENDED


def test_their_license_ends_like_any_other_and_is_renewed(company: Company) -> None:
    company.order(1)
    company.add("zoe")
    company.now += 366 * DAY
    company.sync()
    assert (company.learner("zoe").account, company.learner("zoe").suspended_by) == (
        Account.SUSPENDED,
        "expiry",
    )
    company.order(1)
    company.renew("zoe")
    assert company.learner("zoe").license == "live"


@pytest.mark.parametrize("full_after", [0, 30 * DAY])
@pytest.mark.parametrize("adopts", [False, True])
def test_the_directory_takes_them_over_only_where_that_is_configured(
    company: Company, full_after: int, adopts: bool
) -> None:
    company.full_after = full_after
    company.policy = replace(company.policy, matching=Matching(adopt_by_email=adopts))
    company.order(1)
    company.sync()
    company.add("zoe", last_name="Old")
    company.hire("zoe")
    facts = company.sync()
    zoe = company.learner("zoe")
    assert bool(company.register.learners.identities(zoe.id)) is adopts
    company.sync()
    assert company.learner("zoe").profile.last_name == ("Doe" if adopts else "Old")
    if not adopts:
        (told,) = company.changes(facts, Kind.SKIP)
        assert "added by hand; match.adopt_by_email would link them" in told.why
    company.people.remove("id-zoe")
    company.sync()
    assert company.learner("zoe").account is (Account.SUSPENDED if adopts else Account.ACTIVE)


def test_many_at_once_are_held_until_somebody_has_looked(company: Company) -> None:
    company.policy = replace(company.policy, limits=Limits(floor=1))
    company.order(5)
    facts = company.add("xia", "yan", "zoe")
    assert (facts.state, [entry["override"] for entry in facts.objections]) == (RunState.HELD, ["creations"])
    assert company.learners() == ["ann", "bob"]
    company.add(reviewed=facts.run)
    assert company.learners("live") == ["ann", "bob", "xia", "yan", "zoe"]


def test_a_plan_is_applied_as_it_was_shown_or_not_at_all(company: Company) -> None:
    company.order(2)
    shown = company.add("yan", "zoe", apply=False)
    assert company.learners() == ["ann", "bob"]
    late = company.add("xia", "zoe", apply=False)
    facts = company.add(reviewed=shown.run)
    assert [change.key for change in company.changes(facts, Kind.CREATE)] == [
        f"hand/{shown.run}/0000001",
        f"hand/{shown.run}/0000002",
    ]
    with pytest.raises(Held, match="no longer hold"):
        company.add(reviewed=late.run)
    with pytest.raises(ConfigError):
        company.add(reviewed=shown.run)
    assert company.learners() == ["ann", "bob", "yan", "zoe"]


@pytest.mark.parametrize("recorded", [False, True])
def test_what_a_crash_left_the_next_sync_finishes(company: Company, recorded: bool) -> None:
    company.order(3)
    real = company.register.recorder
    company.register.recorder = Failing(real, 2, recorded=recorded)  # type: ignore[assignment]
    with patch("syncd.run._BATCH", 2), pytest.raises(Cut):
        company.add("uma", "val", "wes", "xia", "yan")
    company.register.recorder = real
    company.hire("yan")  # whom the file has, too: only one of the two is added, and the other is named
    company.policy = replace(company.policy, limits=Limits(floor=0))
    facts = company.sync("creations")
    assert facts.state is RunState.DONE
    assert company.learners() == ["ann", "bob", "uma", "val", "wes", "xia", "yan"]
    assert company.learners("live") == ["ann", "bob", "uma", "val", "wes"]
    told = [change.why for change in company.changes(facts, Kind.SKIP)]
    assert told == ["the same address as somebody in a directory"]
    assert set(company.sync().counts) <= {"skip"}


def test_a_platform_gets_them_too(database_url: str) -> None:
    platform = MemoryPlatform()
    with opened(database_url, platform=platform) as company:
        company.order(1)
        company.add("zoe")
        found = platform.by_email("zoe@example.com")
        assert found is not None
        assert company.learner("zoe").account is Account.ACTIVE
