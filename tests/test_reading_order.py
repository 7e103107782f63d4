"""The same facts give the same plan, in whatever order a directory gives its people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest

from syncd.model import Kind
from syncd.plan.policy import Matching, Policy
from tests.company import UNGUARDED, Company, opened
from tests.contracts.memory import MemoryDirectory


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        company.order(9)
        yield company


def plans(company: Company) -> set[tuple[tuple[Kind, str], ...]]:
    """Every plan there is to these facts, page by page of one or two people."""
    people, found = company.people, set()
    for order in permutations(people.entries.items()):
        for people.page_size in (1, 2):
            people.entries = dict(order)
            found.add(tuple((change.kind, change.key) for change in company.changes(company.plan())))
    return found


def test_a_learner_goes_before_a_newcomer_who_wants_the_same_address(company: Company) -> None:
    company.hire("ann", "bob")
    company.sync()
    company.people.change("id-ann", email="x@example.com")
    company.people.add("id-new", email="x@example.com")
    assert plans(company) == {
        ((Kind.UPDATE, "head-office/id-ann"), (Kind.SKIP, "head-office/id-new")),
    }
    assert company.sync().refused == 0
    assert company.sync().counts == {"skip": 1}


def test_addresses_handed_round_and_on_to_a_newcomer(company: Company) -> None:
    company.hire("ann", "bob", "cem")
    company.sync()
    company.people.change("id-ann", email="bob@example.com")
    company.people.change("id-bob", email="cem@example.com")
    company.people.change("id-cem", email="new@example.com")
    company.people.add("id-eve", email="ann@example.com")
    (plan,) = plans(company)
    assert [kind for kind, _ in plan] == [Kind.UPDATE] * 3 + [Kind.CREATE]
    assert company.sync().refused == 0
    assert company.sync().counts == {}


def test_a_chain_that_ends_at_somebody_who_stays_moves_nobody(company: Company) -> None:
    company.hire("ann", "bob", "cem")
    company.sync()
    company.people.change("id-ann", email="bob@example.com")
    company.people.change("id-bob", email="cem@example.com")
    company.people.add("id-eve", email="ann@example.com")
    (plan,) = plans(company)
    assert {kind for kind, _ in plan} == {Kind.SKIP}
    assert len(plan) == 3


def test_whoever_joined_a_newcomer_that_is_a_learner_after_all_is_named(database_url: str) -> None:
    """Ann of the first directory turns out to be Old of the second, who has moved to her address; the one who
    joined her by a link would be a second account of Old there."""
    directories = [MemoryDirectory("ad"), MemoryDirectory("cloud", page_size=1)]
    with opened(database_url, directories=directories) as company:
        company.order(9)
        company.hire("old", directory=1)
        company.hire("ann")
        company.people.remove("id-ann")
        company.people.add("id-ben", email="ben@example.com")
        company.sync()
        company.people.add("id-ann", email="ann@example.com", links=["guid:1"])
        cloud = company.directories[1]
        cloud.add("id-0", email="other@example.com", links=["guid:1"])
        cloud.change("id-old", email="ann@example.com")
        cloud.entries = dict(reversed(cloud.entries.items()))
        facts = company.sync()
        assert facts.refused == 0
        assert facts.counts == {"update": 1, "link": 1, "skip": 1}
        assert [change.key for change in company.changes(facts, Kind.LINK)] == ["ad/id-ann"]
        assert [change.key for change in company.changes(facts, Kind.SKIP)] == ["cloud/id-0"]


def test_an_address_given_up_in_one_directory_is_free_in_the_other(database_url: str) -> None:
    """Whose word counts has been read first; that the second directory still has Ann, too, keeps nothing."""
    directories = [MemoryDirectory("ad"), MemoryDirectory("cloud")]
    precedence = Policy(limits=UNGUARDED, matching=Matching(precedence={"email": ("cloud",)}))
    with opened(database_url, directories=directories, policy=precedence) as company:
        company.order(9)
        for directory in directories:
            directory.add("id-ann", email="old@example.com", links=["guid:1"])
        company.sync()
        for directory in directories:
            directory.change("id-ann", email="ann@example.com")
        company.people.add("id-bob", email="old@example.com")
        facts = company.sync()
        assert (facts.counts["update"], facts.counts["create"]) == (1, 1)
        assert company.learners("live") == ["ann", "old"]
        assert company.sync().counts == {}


def test_two_swap_addresses_though_another_directory_has_one_of_them_as_before(database_url: str) -> None:
    """Its word on the address does not count; that it says something else of her decides nothing."""
    directories = [MemoryDirectory("ad"), MemoryDirectory("cloud")]
    precedence = Policy(limits=UNGUARDED, matching=Matching(precedence={"email": ("cloud",)}))
    with opened(database_url, directories=directories, policy=precedence) as company:
        ad, cloud = directories
        company.order(9)
        cloud.add("id-bob", email="bob@example.com")
        for directory in directories:
            directory.add("id-ann", email="ann@example.com", links=["guid:1"])
        company.sync()
        cloud.change("id-bob", email="ann@example.com")
        cloud.change("id-ann", email="bob@example.com")
        ad.change("id-ann", last_name="Roe")
        facts = company.sync()
        assert (facts.counts["update"], facts.refused) == (2, 0)
        assert [company.learner(handle).profile.last_name for handle in ("ann", "bob")] == ["", "Roe"]


@pytest.mark.parametrize("order", list(permutations(["boss", "ann", "bob", "cem"])))
def test_of_two_who_want_one_address_the_other_gives_nothing_up(
    database_url: str, order: tuple[str, ...]
) -> None:
    """Ann and Bob want the boss's address; whoever does not get it keeps their own, which Cem wants."""
    with opened(database_url) as company:
        company.order(9)
        company.hire("boss", "ann", "bob", "cem")
        company.sync()
        wishes = {"boss": "chair", "ann": "boss", "bob": "boss", "cem": "bob"}
        for handle, wish in wishes.items():
            company.people.change(f"id-{handle}", email=f"{wish}@example.com")
        company.people.entries = {f"id-{handle}": company.people.entries[f"id-{handle}"] for handle in order}
        facts = company.sync()
        assert facts.refused == 0
        assert set(company.sync().counts) <= {"skip"}, "nothing is left to be done"
