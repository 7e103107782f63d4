"""One run after another in one company, on both databases: what design promises of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from syncd.model import Account, Kind, RunState
from syncd.plan.policy import Matching
from tests.company import DAY, Company, opened
from tests.contracts.memory import MemoryDirectory


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company


def test_newcomers_become_learners_with_a_license_each(company: Company) -> None:
    company.order(3)
    company.hire("ann", "bob", "cem")
    facts = company.sync()
    assert facts.counts == {"create": 3}
    assert (facts.state, facts.exit_code) == (RunState.DONE, 0)
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert company.learner("ann").ends_at == company.learner("cem").ends_at
    assert company.free_seats() == 0


def test_a_second_run_changes_nothing(company: Company) -> None:
    company.order(3)
    company.hire("ann", "bob")
    company.sync()
    facts = company.sync()
    assert facts.counts == {}
    assert facts.exit_code == 0


def test_a_preview_writes_nothing(company: Company) -> None:
    company.order(1)
    company.hire("ann", "bob")
    facts = company.plan()
    assert facts.counts == {"create": 1, "wait": 1}
    assert (facts.wanted, facts.available, facts.missing, facts.exit_code) == (2, 1, 1, 5)
    assert company.learners() == []
    assert company.free_seats() == 1


def test_a_rename_is_an_update_and_keeps_the_license(company: Company) -> None:
    company.order(1)
    company.hire("ann")
    company.sync()
    company.people.change("id-ann", last_name="Roe", email="roe@example.com")
    facts = company.sync()
    assert facts.counts == {"update": 1}
    assert company.learner("roe").license == "live"
    assert company.learners() == ["roe"]


def test_two_learners_swap_their_addresses(company: Company) -> None:
    company.order(2)
    company.hire("ann", "bob")
    company.sync()
    company.people.change("id-ann", email="bob@example.com")
    company.people.change("id-bob", email="ann@example.com")
    assert company.sync().counts == {"update": 2}
    assert company.learner("ann").profile.first_name == "Bob"
    assert company.sync().counts == {}


def test_an_expired_learner_is_never_licensed_again_by_itself(company: Company) -> None:
    company.order(2)
    company.hire("ann")
    company.sync()
    company.now += 366 * DAY
    company.order(5)
    assert company.sync().ended == 1, "somebody is told"
    company.people.disable("id-ann")
    company.sync()
    company.people.enable("id-ann")
    facts = company.sync()
    assert facts.counts == {"reactivate": 1}
    assert company.learner("ann").license == "expired"
    assert company.free_seats() == 5


def test_skipped_is_not_absent(company: Company) -> None:
    company.order(3)
    company.hire("ann", "bob", "cem")
    company.sync()
    company.people.change("id-ann", email="")
    company.people.change("id-bob", email="bob")
    company.people.spoil("id-cem")
    facts = company.sync()
    assert facts.counts == {"skip": 3}
    assert facts.skipped == {"no_address": 2, "unreadable": 1}
    assert company.learners("live") == ["ann", "bob", "cem"]
    assert {change.why for change in company.changes(facts, Kind.SKIP)} == {
        "has no e-mail address (looked in: email); give them one in the directory",
        "'bob' is not an e-mail address; correct it in the directory",
        "head-office:id-cem: a value cannot be decoded; correct it in the directory",
    }


def test_newcomers_who_share_an_address_are_all_skipped_whatever_the_order(company: Company) -> None:
    company.order(9)
    company.hire("ann", "bob")
    company.hire("abe", "zoe", "eve", email="ANN@Example.com")
    facts = company.sync()
    assert facts.counts == {"create": 1, "skip": 4}
    assert company.learners() == ["bob"]
    assert facts.skipped == {"address_taken": 4}
    assert all("shares the address ann@example.com" in c.why for c in company.changes(facts, Kind.SKIP))


def test_a_newcomer_with_a_learners_address_is_skipped_and_the_learner_untouched(company: Company) -> None:
    company.order(2)
    company.hire("ann")
    company.sync()
    company.hire("abe", email="Ann@example.com")
    assert company.sync().counts == {"skip": 1}
    assert company.learners() == ["ann"]


def test_a_recreated_account_is_linked_only_where_configured(company: Company) -> None:
    company.order(2)
    company.hire("ann")
    company.sync()
    company.people.remove("id-ann")
    company.people.add("id-new", email="ann@example.com", first_name="Ann", last_name="Doe")
    facts = company.plan()
    assert facts.counts == {"suspend": 1, "skip": 1, "note": 1}
    company.policy = replace(company.policy, matching=Matching(adopt_by_email=True))
    facts = company.sync()
    assert "link" in facts.counts
    assert "create" not in facts.counts
    assert company.learner("ann").account is Account.ACTIVE
    assert company.sync().counts == {}


def test_an_address_can_pass_on_in_one_run(company: Company) -> None:
    company.order(2)
    company.hire("zed")
    company.sync()
    company.people.change("id-zed", email="zed.old@example.com")
    company.people.add("id-aaa", email="zed@example.com", first_name="New", last_name="Zed")
    assert company.sync().counts == {"update": 1, "create": 1}
    assert company.learner("zed").profile.first_name == "New"


def test_one_human_in_two_directories_takes_one_seat(database_url: str) -> None:
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(3)
        company.people.add("id-ann", email="ann@example.com", first_name="Ann", links=["guid:1"])
        company.directories[1].add("id-2", email="ann@cloud.example.com", first_name="Anna", links=["guid:1"])
        company.hire("bob")
        company.hire("bob", directory=1)
        company.hire("cem", directory=1)
        facts = company.sync()
        assert facts.counts == {"create": 3, "join": 2}
        assert company.learners("live") == ["ann", "bob", "cem"]
        assert company.sync().counts == {}
        assert len(company.register.learners.identities(company.learner("ann").id)) == 2


def test_the_first_directory_speaks_for_the_person_and_the_last_one_keeps_them(database_url: str) -> None:
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(3)
        company.hire("ann", department="Sales")
        company.hire("bob")
        company.hire("ann", directory=1, department="Cloud")
        company.sync()
        company.directories[1].change("id-ann", department="Clouds")
        assert company.sync().counts == {"note": 1}
        assert company.learner("ann").profile.department == "Sales"
        company.people.remove("id-ann")
        assert company.sync().counts == {"update": 1, "note": 1}
        assert company.learner("ann").account is Account.ACTIVE, "still present in the other directory"
        assert company.learner("ann").profile.department == "Clouds", "which speaks for them now"
        assert company.sync().counts == {}
        company.directories[1].remove("id-ann")
        assert company.sync().counts["suspend"] == 1


def test_seats_nobody_wanted_are_not_counted_and_not_told(company: Company) -> None:
    company.order(3)
    company.hire("ann")
    with capture_logs() as told:
        company.sync()
        company.sync()
    first, second = (line for line in told if line["event"] == "run_finished")
    assert first["available"] == 3
    assert "available" not in second
