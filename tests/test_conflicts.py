"""Who may be more than one learner is named, with everybody concerned, and nobody is changed by a guess."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.facts import RunFacts
from syncd.model import Account, Kind
from syncd.plan.policy import Matching
from tests.company import Company, opened
from tests.contracts.memory import MemoryDirectory
from tests.truth import Truth


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """Two directories, the second swept after the first, with a license for everybody."""
    directories = [MemoryDirectory("ad", page_size=1), MemoryDirectory("cloud", page_size=1)]
    with opened(database_url, directories=directories) as company:
        company.order(20)
        for directory in directories:
            directory.add("keeper", email="keeper@example.com")
            directory.disable("keeper")
        yield company


def add(company: Company, name: str, id: str, email: str, *links: str) -> None:
    directory = next(one for one in company.directories if one.name == name)
    directory.add(id, email=email, first_name=id.title(), last_name="Doe", links=links)


def turn(company: Company) -> None:
    """The order in which a directory gives its people is of no account."""
    for directory in company.directories:
        directory.entries = dict(reversed(directory.entries.items()))


def only_links(company: Company) -> None:
    company.policy = replace(company.policy, matching=Matching(by_email=False))


def conflicts(company: Company, *skipped: str, facts: RunFacts | None = None) -> list[str]:
    """Sync twice, the second time the other way round: these are skipped, by their keys; why."""
    facts = facts or company.sync()
    assert facts.refused == 0
    found = company.changes(facts, Kind.SKIP)
    assert facts.conflicts == sum("conflict" in change.data for change in found)
    assert facts.skipped.get("conflict", 0) == facts.conflicts
    assert "by_hand" not in facts.skipped
    assert [change.key for change in found] == list(skipped)
    turn(company)
    again = company.sync()
    assert again.counts == {"skip": len(skipped)}, "nothing but the same again"
    assert [change.key for change in company.changes(again, Kind.SKIP)] == list(skipped)
    return [change.why for change in found]


@pytest.mark.parametrize("turned", [False, True])
def test_link_values_that_lead_to_two_learners(company: Company, turned: bool) -> None:
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "ad", "bob", "bob@example.com", "sid:2")
    company.sync()
    truth = Truth(company)
    before = truth.everything()
    add(company, "cloud", "eve", "eve@example.com", "guid:1", "sid:2")
    if turned:
        turn(company)
    (why,) = conflicts(company, "cloud/eve")
    assert why == (
        "its link values lead to two people: guid:1 to learner 1 (Ann Doe, ann@example.com), "
        "sid:2 to learner 2 (Bob Doe, bob@example.com); "
        "correct it in the directory, or exclude one of them from the scope"
    )
    assert truth.everything() == before
    truth.close()


@pytest.mark.parametrize("turned", [False, True])
def test_link_values_that_lead_to_two_newcomers(company: Company, turned: bool) -> None:
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "ad", "bob", "bob@example.com", "sid:2")
    add(company, "cloud", "eve", "eve@example.com", "guid:1", "sid:2")
    if turned:
        turn(company)
    (why,) = conflicts(company, "cloud/eve")
    assert "guid:1 to Ann Doe (ad/ann), sid:2 to Bob Doe (ad/bob)" in why
    assert company.learners("live") == ["ann", "bob"]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_a_link_value_that_colleagues_share_tells_nobody(company: Company, known: bool, turned: bool) -> None:
    add(company, "ad", "ann", "ann@example.com", "value:7")
    add(company, "ad", "admin", "admin@example.com", "value:7")
    if known:
        company.sync()
    add(company, "cloud", "eve", "eve@example.com", "value:7")
    if turned:
        turn(company)
    (why,) = conflicts(company, "cloud/eve")
    assert "value:7" in why
    assert "Ann Doe" in why
    assert "Admin Doe" in why
    assert company.learners("live") == ["admin", "ann"]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_of_colleagues_with_one_link_value_neither_is_the_other_directorys(
    company: Company, known: bool, turned: bool
) -> None:
    add(company, "ad", "ann", "ann@example.com", "value:7")
    if known:
        company.sync()
    add(company, "cloud", "eve", "eve@example.com", "value:7")
    add(company, "cloud", "fay", "fay@example.com", "value:7")
    if turned:
        turn(company)
    first, second = conflicts(company, "cloud/eve", "cloud/fay")
    assert "Ann Doe" in first
    assert "Fay Doe" in first
    assert "cloud/eve" in second
    assert company.learners("live") == ["ann"]
    assert len(company.register.learners.identities(company.learner("ann").id)) == 1


@pytest.mark.parametrize("known", [False, True])
def test_the_link_says_one_and_the_address_another(company: Company, known: bool) -> None:
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "ad", "bob", "bob@example.com", "guid:2")
    if known:
        company.sync()
    add(company, "cloud", "eve", "bob@example.com", "guid:1")
    (why,) = conflicts(company, "cloud/eve")
    assert "the link value guid:1 leads to" in why
    assert "the e-mail address bob@example.com to" in why
    assert "Ann Doe" in why
    assert "Bob Doe" in why
    assert company.learners("live") == ["ann", "bob"]


def test_the_link_alone_counts_where_addresses_tell_nothing(company: Company) -> None:
    only_links(company)
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "ad", "bob", "bob@example.com", "guid:2")
    company.sync()
    add(company, "cloud", "eve", "bob@example.com", "guid:1")
    assert company.sync().counts == {"link": 1}
    assert company.learner("ann").profile.first_name == "Ann"


def test_an_address_that_would_count_and_is_a_colleagues_is_a_conflict(company: Company) -> None:
    matching = Matching(by_email=False, precedence={"email": ["cloud"]})
    company.policy = replace(company.policy, matching=matching)
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "ad", "bob", "bob@example.com", "guid:2")
    company.sync()
    add(company, "cloud", "eve", "bob@example.com", "guid:1")
    (why,) = conflicts(company, "cloud/eve")
    assert "the e-mail address bob@example.com belongs to learner 2 (Bob Doe, bob@example.com)" in why


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_two_people_of_one_directory_with_the_address_of_one_in_another(
    company: Company, turned: bool, known: bool
) -> None:
    add(company, "ad", "ann", "ann@example.com")
    if known:
        company.sync()
    add(company, "cloud", "eve", "ann@example.com")
    add(company, "cloud", "fay", "ann@example.com")
    if turned:
        turn(company)
    first, second = conflicts(company, "cloud/eve", "cloud/fay")
    assert "ann@example.com" in first
    assert "cloud/fay" in first
    assert "cloud/eve" in second
    assert company.learners("live") == ["ann"]
    assert len(company.register.learners.identities(company.learner("ann").id)) == 1


@pytest.mark.parametrize("turned", [False, True])
def test_a_link_goes_before_an_address(company: Company, turned: bool) -> None:
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "cloud", "eve", "ann@example.com")
    add(company, "cloud", "fay", "fay@example.com", "guid:1")
    if turned:
        turn(company)
    (why,) = conflicts(company, "cloud/eve")
    assert "Fay Doe (cloud/fay) already" in why or "cloud/fay already" in why
    assert company.learners("live") == ["ann"]
    owned = company.register.learners.identities(company.learner("ann").id)
    assert [entry.key for entry in owned] == ["ann", "fay"]


@pytest.mark.parametrize("turned", [False, True])
def test_two_directories_claim_different_humans_for_one_address(company: Company, turned: bool) -> None:
    only_links(company)
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "cloud", "eve", "ann@example.com", "guid:2")
    if turned:
        turn(company)
    whys = conflicts(company, "ad/ann", "cloud/eve")
    assert whys[0].startswith("shares the address ann@example.com with Eve Doe (cloud/eve), and match.by")
    assert whys[1].startswith("shares the address ann@example.com with Ann Doe (ad/ann), and match.by")
    assert company.learners() == []


def test_only_links_never_merge_by_address(company: Company) -> None:
    only_links(company)
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    company.sync()
    add(company, "cloud", "eve", "ann@example.com", "guid:2")
    (why,) = conflicts(company, "cloud/eve")
    assert "match.by has no email" in why


def test_two_learners_who_turn_out_to_be_one_human_are_named(company: Company) -> None:
    only_links(company)
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "cloud", "ann2", "ann@cloud.example.com")
    company.sync()
    add(company, "cloud", "ann2", "ann@cloud.example.com", "guid:1")
    (why,) = conflicts(company, "cloud/ann2")
    assert why.startswith(
        "is learner 2 (Ann2 Doe, ann@cloud.example.com), but the link value guid:1 leads to "
        "learner 1 (Ann Doe, ann@example.com): two learners, two licenses"
    )
    assert company.learners("live") == ["ann", "ann"]
    company.directories[1].disable("ann2")
    assert company.sync().counts["suspend"] == 1, "as the message says, it ends with one license"


@pytest.mark.parametrize("turned", [False, True])
def test_a_link_to_a_learner_who_has_somebody_in_that_directory_already(
    company: Company, turned: bool
) -> None:
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "cloud", "ann2", "ann@example.com", "guid:1")
    company.sync()
    add(company, "cloud", "eve", "eve@example.com", "guid:1")
    if turned:
        turn(company)
    (why,) = conflicts(company, "cloud/eve")
    assert "learner 1 (Ann Doe, ann@example.com)" in why
    assert "cloud/ann2 already" in why
    assert company.learners("live") == ["ann"]


@pytest.mark.parametrize("turned", [False, True])
def test_whoever_is_the_same_person_as_somebody_left_out_is_left_out_too(
    company: Company, turned: bool
) -> None:
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "ad", "bob", "ann@example.com")
    add(company, "cloud", "eve", "eve@example.com", "guid:1")
    if turned:
        turn(company)
    whys = conflicts(company, "ad/ann", "ad/bob", "cloud/eve")
    assert whys[2] == "is Ann Doe (ad/ann) by the link value guid:1, and that one is left out: see why there"
    assert company.learners() == []


@pytest.mark.parametrize("names", [("ad", "cloud"), ("cloud", "ad")])
def test_a_newcomer_is_the_learner_who_gets_the_same_link_in_the_same_run(
    company: Company, names: tuple[str, str]
) -> None:
    """Somebody of the cloud gets an account on the premises, and Entra Connect joins the two."""
    here, there = names
    only_links(company)
    add(company, there, "ann", "ann@there.example.com")
    company.sync()
    add(company, here, "ann", "ann@here.example.com", "guid:1")
    add(company, there, "ann", "ann@there.example.com", "guid:1")
    facts = company.sync()
    assert facts.counts["link"] == 1
    assert "create" not in facts.counts
    assert len(company.learners("live")) == 1
    assert company.free_seats() == 19
    assert company.sync().counts == {}


@pytest.mark.parametrize("names", [("ad", "cloud"), ("cloud", "ad")])
def test_a_newcomer_is_the_learner_who_gets_the_same_address_in_the_same_run(
    company: Company, names: tuple[str, str]
) -> None:
    here, there = names
    add(company, there, "ann", "maiden@example.com")
    company.sync()
    add(company, here, "ann", "ann@example.com")
    company.directories[there == "cloud"].change("ann", email="ann@example.com")
    facts = company.sync()
    assert facts.counts["link"] == 1
    assert company.learners("live") == ["ann"]
    assert company.sync().counts == {}


@pytest.mark.parametrize("turned", [False, True])
def test_a_newcomer_found_to_be_a_learner_leaves_who_joined_them_behind(
    company: Company, turned: bool
) -> None:
    """The account on the premises shares one value with a learner of the cloud, another with a colleague."""
    only_links(company)
    add(company, "cloud", "ann", "ann@cloud.example.com")
    company.sync()
    add(company, "ad", "ann", "ann@ad.example.com", "guid:1", "value:7")
    add(company, "cloud", "eve", "eve@cloud.example.com", "value:7")
    add(company, "cloud", "ann", "ann@cloud.example.com", "guid:1")
    if turned:
        turn(company)
    (why,) = conflicts(company, "cloud/eve")
    assert "Ann Doe" in why
    assert "cloud/ann" in why
    assert company.learners("live") == ["ann"]
    assert len(company.register.learners.identities(1)) == 2


def test_a_directory_that_shows_somebody_without_a_name_loses_no_newcomer(company: Company) -> None:
    """Nobody can be known to be gone from it; the newcomer is named, and not forgotten."""
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "ad", "bob", "bob@example.com")
    company.sync()
    company.directories[0].remove("ann")
    company.directories[0].spoil("bob", nameless=True)
    add(company, "ad", "new", "new@example.com", "guid:1")
    facts = company.sync()
    keys = {change.key for change in company.changes(facts, Kind.CREATE, Kind.SKIP)}
    assert "ad/new" in keys


def test_a_conflict_ends_when_the_directory_is_corrected(company: Company) -> None:
    add(company, "ad", "ann", "ann@example.com", "guid:1")
    add(company, "ad", "bob", "bob@example.com", "guid:2")
    add(company, "cloud", "eve", "bob@example.com", "guid:1")
    conflicts(company, "cloud/eve")
    add(company, "cloud", "eve", "ann@example.com", "guid:1")
    assert company.sync().counts == {"link": 1}
    assert company.learner("ann").account is Account.ACTIVE
    assert company.sync().counts == {}
