"""Which learner is this person? The table in `syncd.plan.matching`, row by row, on facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from syncd.model import Account, Change, DirectoryUser, Identity, Kind, Presence, Profile
from syncd.plan import candidate
from syncd.plan.mapping import FieldRule
from syncd.plan.matching import Matcher
from syncd.plan.policy import Matching, Policy
from syncd.plan.roster import KnownIdentity, KnownLearner, Roster
from syncd.plan.sight import Sight

NOW = 1000
RULES = {"email": FieldRule(first_of=("mail",)), "first_name": FieldRule(first_of=("name",))}
POLICY = Policy(mapping={"ad": RULES, "cloud": RULES})


def person(id: str, email: str, *, directory: str = "ad", name: str = "", **facts: Any) -> DirectoryUser:
    attributes = {"mail": (email,), "name": (name,)}
    return DirectoryUser(
        Identity(directory, id), f"CN={id}", **{"enabled": True, "attributes": attributes, **facts}
    )


def learner(number: int, email: str, *owned: KnownIdentity, **facts: Any) -> KnownLearner:
    values = {"account": Account.ACTIVE, "activated": True, "identities": owned, **facts}
    return KnownLearner(number, Profile(email, "Ann"), **values)


def known(number: int, id: str, directory: str = "ad", learner: int = 1) -> KnownIdentity:
    return KnownIdentity(number, Identity(directory, id), learner, Presence.PRESENT, 0)


def match(
    people: Sequence[DirectoryUser],
    learners: Sequence[KnownLearner] = (),
    *,
    matching: Matching | None = None,
    links: dict[str, int] | None = None,
) -> tuple[list[Change], Matcher]:
    """One run over `people`, directory by directory, a person a page, with these learners in the register."""
    policy = replace(POLICY, matching=matching or Matching())
    by_id = {entry.id: entry for entry in learners}
    roster = Roster(
        {owned.identity: entry for entry in learners for owned in entry.identities},
        {entry.profile.email: entry for entry in learners},
        {value: [by_id[number]] for value, number in (links or {}).items()},
    )
    sight = Sight(9)
    matcher = Matcher(policy, ["ad", "cloud"], sight, count(100), NOW)
    changes: list[Change] = []
    for directory in ("ad", "cloud"):
        for user in people:
            if user.identity.directory == directory:
                changes += matcher.decide([candidate.judge(policy, user, b"f")], roster).changes
        sight.complete.add(directory)
    changes += matcher.decide(matcher.put_off(), roster).changes
    return changes, matcher


def only(people: Sequence[DirectoryUser], learners: Sequence[KnownLearner] = (), **options: Any) -> Change:
    (change,) = match(people, learners, **options)[0]
    return change


def test_a_known_identity_is_that_learner_whatever_their_address() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    change = only([person("a", "roe@example.com", name="Ann")], [ann])
    assert (change.kind, change.learner) == (Kind.UPDATE, 1)
    assert change.data["set"] == {"email": "roe@example.com"}
    assert change.data["was"] == {"email": "ann@example.com"}


def test_nothing_new_but_the_fingerprint_is_a_note() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    assert only([person("a", "ann@example.com", name="Ann")], [ann]).kind is Kind.NOTE


@pytest.mark.parametrize(
    ("facts", "kind", "asks"),
    [
        ({}, Kind.REACTIVATE, True),
        ({"lot": 1, "seat_ends_at": NOW + 1}, Kind.REACTIVATE, False),
        ({"license_over": True}, Kind.REACTIVATE, False),
        ({"suspended_by": "hand"}, Kind.NOTE, False),
    ],
)
def test_who_is_back_gets_a_license_unless_theirs_lasts_or_ran_out(
    facts: dict[str, Any], kind: Kind, asks: bool
) -> None:
    gone = {"account": Account.SUSPENDED, "suspended_by": "sync", "left_at": 5, **facts}
    change = only(
        [person("a", "ann@example.com", name="Ann")], [learner(1, "ann@example.com", known(1, "a"), **gone)]
    )
    assert change.kind is kind
    assert ("priority" in change.data) is asks


def test_a_link_in_common_is_the_same_human_in_a_second_directory() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    there = person("a", "ann@example.com", name="Ann")
    new = person("b", "ann@cloud.example", directory="cloud", links=("guid:1",))
    (_, change), _ = match([there, new], [ann], links={"guid:1": 1})
    assert (change.kind, change.learner, change.email) == (Kind.LINK, 1, "ann@example.com")


def test_whoever_is_linked_in_the_only_directory_that_has_them_brings_their_address() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    new = person("b", "ann@cloud.example", directory="cloud", links=("guid:1",))
    (link, update), _ = match([new], [ann], links={"guid:1": 1})
    assert (link.kind, link.learner) == (Kind.LINK, 1)
    assert update.data["set"] == {"email": "ann@cloud.example"}


def test_a_link_in_common_within_one_directory_is_two_people() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    there = person("a", "ann@example.com", name="Ann")
    new = person("b", "b@example.com", links=("guid:1",))
    for people in ([there, new], [new, there]):
        changes, _ = match(people, [ann], links={"guid:1": 1})
        assert sorted(change.kind for change in changes) == [Kind.CREATE, Kind.NOTE]


def test_an_account_made_anew_is_linked_by_what_it_shares_with_the_one_that_is_gone() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    change = only([person("b", "ann@example.com", links=("guid:1",))], [ann], links={"guid:1": 1})
    assert (change.kind, change.learner) == (Kind.LINK, 1)


def test_links_are_ignored_where_match_by_has_none() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    new = person("b", "b@example.com", directory="cloud", links=("guid:1",))
    assert only([new], [ann], links={"guid:1": 1}, matching=Matching(by_link=False)).kind is Kind.CREATE


@pytest.mark.parametrize(("by_email", "kind"), [(True, Kind.LINK), (False, Kind.SKIP)])
def test_the_address_of_a_learner_known_from_another_directory(by_email: bool, kind: Kind) -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    there = person("a", "ann@example.com", name="Ann")
    new = person("b", "Ann@Example.com", directory="cloud")
    changes, _ = match([there, new], [ann], matching=Matching(by_email=by_email))
    assert [change.kind for change in changes] == [Kind.NOTE, kind]


@pytest.mark.parametrize(("adopt", "kind"), [(True, Kind.LINK), (False, Kind.SKIP)])
def test_the_address_of_a_learner_nobody_manages(adopt: bool, kind: Kind) -> None:
    change = only(
        [person("a", "ann@example.com")],
        [learner(1, "ann@example.com")],
        matching=Matching(adopt_by_email=adopt),
    )
    assert change.kind is kind
    assert change.why.startswith(
        "adopted:" if adopt else "the address ann@example.com belongs to learner 1, added"
    )


@pytest.mark.parametrize(("adopt", "kind"), [(True, Kind.LINK), (False, Kind.SKIP)])
def test_the_address_of_a_learner_whose_identity_is_gone(adopt: bool, kind: Kind) -> None:
    ann = learner(1, "ann@example.com", known(1, "old"))
    change = only([person("new", "ann@example.com")], [ann], matching=Matching(adopt_by_email=adopt))
    assert change.kind is kind
    assert adopt or "whose account is gone" in change.why


def test_the_address_of_somebody_who_is_there_is_never_adopted() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    people = [person("b", "ann@example.com"), person("a", "ann@example.com", name="Ann")]
    changes, _ = match(people, [ann], matching=Matching(adopt_by_email=True))
    assert [(change.kind, change.key) for change in changes] == [(Kind.NOTE, "ad/a"), (Kind.SKIP, "ad/b")]


def test_one_newcomer_in_two_directories_is_one_learner() -> None:
    people = [person("a", "ann@example.com"), person("b", "ann@example.com", directory="cloud")]
    changes, _ = match(people)
    assert [(change.kind, change.learner) for change in changes] == [(Kind.CREATE, 100), (Kind.JOIN, 100)]


def test_of_two_newcomers_with_one_address_nobody_guesses() -> None:
    decisions, _ = match([person("a", "ann@example.com"), person("b", "ANN@example.com")])
    assert [(change.kind, change.key) for change in decisions] == [(Kind.CREATE, "ad/a"), (Kind.SKIP, "ad/b")]


def test_everybody_else_is_new() -> None:
    change = only([person("a", "Ann@Example.com", name="Ann")])
    assert (change.kind, change.key, change.learner) == (Kind.CREATE, "ad/a", 100)
    assert change.data["profile"] == Profile("ann@example.com", "Ann")


@pytest.mark.parametrize(
    ("facts", "seen"), [({"enabled": False}, Presence.DISABLED), ({"attributes": {}}, Presence.PRESENT)]
)
def test_who_cannot_be_used_is_left_alone_and_who_is_disabled_is_noted(
    facts: dict[str, Any], seen: Presence
) -> None:
    ann = learner(1, "ann@example.com", known(1, "a"))
    changes, matcher = match([person("a", "ann@example.com", **facts)], [ann])
    disabled = seen is Presence.DISABLED
    assert [change.kind for change in changes] == [Kind.NOTE if disabled else Kind.SKIP]
    assert list(matcher.left) == ([1] if disabled else [])


def test_who_is_disabled_and_unknown_is_nobody() -> None:
    assert match([person("a", "ann@example.com", enabled=False)])[0] == []


def test_of_a_learner_in_two_directories_only_the_address_is_decided_at_once() -> None:
    ann = learner(1, "ann@example.com", known(1, "a"), known(2, "b", "cloud"))
    cloud = person("b", "anna@example.com", directory="cloud", name="Anna")
    both, _ = match([person("a", "ann@example.com", name="Ann"), cloud], [ann])
    assert [change.kind for change in both] == [Kind.NOTE, Kind.NOTE]
    assert both[1].data["identity"]["said"][:2] == ["anna@example.com", "Anna"]
    assert only([cloud], [ann]).data["set"] == {"email": "anna@example.com"}
