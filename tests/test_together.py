"""What two directories say of one learner, run after run: nothing is forgotten, nothing done twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from syncd.model import Entry, Kind
from syncd.plan.policy import Matching
from syncd.plan.scope import Rule
from tests.company import Company, opened
from tests.contracts.memory import MemoryDirectory
from tests.truth import Truth


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Ann, in `ad` and in `cloud`; `ad` is listed first."""
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.order(9)
        for directory in company.directories:
            directory.add("keeper", email="keeper@example.com")
            directory.disable("keeper")
        company.hire("ann", department="Sales")
        company.hire("ann", directory=1)
        yield company


def prefer(company: Company, **precedence: Sequence[str]) -> None:
    """As the configuration does: another salt looks at everybody again."""
    company.policy = replace(company.policy, matching=Matching(precedence=precedence))
    company.salt = repr(precedence).encode()


@pytest.fixture
def truth(company: Company) -> Iterator[Truth]:
    truth = Truth(company)
    yield truth
    truth.close()


def test_an_empty_field_gives_way_and_takes_over_when_it_is_filled(company: Company) -> None:
    prefer(company, department=["cloud"])
    company.sync()
    assert company.learner("ann").profile.department == "Sales", "the cloud has none"
    company.directories[1].change("id-ann", department="Sales EMEA")
    assert company.sync().counts == {"note": 2, "update": 1}, "both words are remembered from now on"
    assert company.learner("ann").profile.department == "Sales EMEA"
    company.people.change("id-ann", department="Marketing")
    assert company.sync().counts == {"note": 1}, "remembered, though it does not count"
    company.directories[1].change("id-ann", department="")
    company.sync()
    assert company.learner("ann").profile.department == "Marketing"
    assert company.sync().counts == {}


def test_another_precedence_counts_from_the_next_run_on(company: Company) -> None:
    company.directories[1].change("id-ann", department="Cloud")
    company.sync()
    assert company.learner("ann").profile.department == "Sales"
    prefer(company, department=["cloud"])
    assert company.sync().counts["update"] == 1
    assert company.learner("ann").profile.department == "Cloud"
    prefer(company)
    company.sync()
    assert company.learner("ann").profile.department == "Sales"


@pytest.mark.parametrize("how", ["disable", "remove"])
def test_whoever_leaves_one_directory_is_what_the_other_says_in_the_same_run(
    company: Company, how: str
) -> None:
    company.directories[1].change("id-ann", email="ann@cloud.example.com", last_name="Cloud")
    company.people.change("id-ann", email="ann@ad.example.com")
    for directory in company.directories:
        directory.entries["id-ann"] = replace(directory.entries["id-ann"], links=("guid:1",))
    company.sync()
    kept = company.people.entries["id-ann"]
    getattr(company.people, how)("id-ann")
    facts = company.sync()
    assert (facts.counts["update"], "suspend" in facts.counts) == (1, False)
    assert company.register.learners.get("ann@cloud.example.com", company.now) is not None
    assert company.sync().counts == {}
    company.people.entries["id-ann"] = kept
    assert company.sync().counts["update"] == 1
    assert company.register.learners.get("ann@ad.example.com", company.now) is not None
    assert company.sync().counts == {}


def test_whoever_cannot_be_used_in_one_directory_says_what_they_said_last(company: Company) -> None:
    company.directories[1].change("id-ann", department="Cloud")
    company.sync()
    company.people.spoil("id-ann")
    company.directories[1].change("id-ann", department="Clouds")
    assert company.sync().counts == {"skip": 1, "note": 1}
    assert company.learner("ann").profile.department == "Sales"


def test_an_address_that_would_count_now_and_is_somebody_elses_is_named_until_it_is_free(
    company: Company,
) -> None:
    prefer(company)
    for number, directory in enumerate(company.directories):
        entry = directory.entries["id-ann"]
        directory.entries["id-ann"] = replace(entry, links=("guid:1",))
        directory.change("id-ann", email=f"ann{number}@example.com")
    company.sync()
    company.hire("bob", email="ann1@example.com")
    company.sync()
    company.people.remove("id-ann")
    for _ in range(2):
        facts = company.sync()
        (skip,) = company.changes(facts, Kind.SKIP)
        assert skip.key == "cloud/id-ann"
        assert facts.skipped == {"address_taken": 1}
        assert skip.why == "the new address ann1@example.com belongs to learner 2 (Bob Doe)"
        assert company.learner("ann0").account == "active"
    company.people.change("id-bob", email="bob@example.com")
    company.sync()
    company.sync()
    assert company.learner("ann1").profile.first_name == "Ann"
    assert company.sync().counts == {}


def test_a_reviewed_plan_does_not_forget_what_it_did_not_do(company: Company) -> None:
    prefer(company, department=["cloud"])
    company.sync()
    company.hire("bob")
    reviewed = company.plan()
    company.directories[1].change("id-ann", department="Cloud")
    company.sync(reviewed=reviewed.run)
    assert company.learner("ann").profile.department == "Sales", "nobody has looked at that"
    assert company.sync().counts["update"] == 1
    assert company.learner("ann").profile.department == "Cloud"


def test_an_update_the_register_refuses_is_tried_again(company: Company, truth: Truth) -> None:
    """Somebody was given the address by hand while the plan was applied."""
    company.sync()
    real = company.register.recorder

    class Overtaken:
        def record(self, run: int, batch: Sequence[Entry], now: int, **options: bool) -> object:
            truth.add_by_hand("roe@example.com")
            return real.record(run, batch, now, **options)

    company.register.recorder = Overtaken()  # type: ignore[assignment]
    company.people.change("id-ann", email="roe@example.com", last_name="Roe")
    assert company.sync().refused == 1
    company.register.recorder = real
    assert company.sync().counts == {"skip": 1, "note": 1}
    assert company.sync().counts == {"skip": 1}
    truth.rows_changed("UPDATE learners SET email = 'other@example.com' WHERE id >= 1000000")
    assert company.sync().counts["update"] == 1
    assert company.learner("roe").profile.last_name == "Roe"


def test_a_manager_by_a_rule_about_either_directory_is_a_manager(company: Company) -> None:
    boss = Rule("cloud bosses", directory="cloud", attribute="department", equals=frozenset({"board"}))
    company.policy = replace(company.policy, managers=(boss,))
    company.sync()
    assert company.learner("ann").profile.role == "learner"
    company.directories[1].change("id-ann", department="Board")
    company.sync()
    assert (company.learner("ann").profile.role, company.learner("ann").profile.department) == (
        "manager",
        "Sales",
    )


def test_whoever_waits_does_so_at_the_best_place_either_directory_gives_them(database_url: str) -> None:
    starters = Rule("new in the cloud", directory="cloud", attribute="department", equals=frozenset({"new"}))
    with opened(database_url, directories=[MemoryDirectory("ad"), MemoryDirectory("cloud")]) as company:
        company.policy = replace(company.policy, priority=(starters,))
        company.hire("abe", "zoe", "yve")
        company.hire("zoe", directory=1, department="new")
        company.hire("yve", directory=1)
        company.sync()
        company.people.change("id-zoe", department="Sales")
        company.directories[1].change("id-yve", department="new")
        company.sync()
        company.order(2)
        company.sync()
        assert company.learners("live") == ["yve", "zoe"]
        assert company.learners("waiting") == ["abe"]


def test_one_directory_alone_remembers_nobodys_word(database_url: str) -> None:
    with opened(database_url) as company:
        company.order(2)
        company.hire("ann", "bob")
        company.sync()
        company.people.change("id-ann", last_name="Roe")
        company.sync()
        truth = Truth(company)
        assert truth.rows("SELECT count(*) FROM identities WHERE said IS NOT NULL") == [(0,)]
        truth.close()
