"""A learner as a SCIM user and back; what is the server's own, and other people's, stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.platforms.scim.attributes import CORE, ENTERPRISE, differing, patch, whole
from connectors.platforms.scim.translate import Translator, email_of
from syncd.comparing import differences
from syncd.model import Profile
from tests.connectors.platforms.scim.conftest import options
from tests.contracts.platform import ENDS, delivery
from tests.servers.scim import LICENSED

TERM = {"schema": LICENSED, "ends_at": "licenseEnds"}
NAMES = ("first_name", "last_name", "department")


def translator(**changes: Any) -> Translator:
    return Translator(options("https://learn.example", **changes), NAMES)


def made(**changes: Any) -> dict[str, Any]:
    """The account of learner 1, as it is when it has just been made."""
    return {**whole(translator(**changes).wanted(delivery(1), {}), {}), "id": "a1"}


def test_a_user_in_full() -> None:
    assert made() == {
        "id": "a1",
        "schemas": [CORE, ENTERPRISE],
        "userName": "learner1@example.com",
        "externalId": "syncd-1",
        "displayName": "First1 Last1",
        "emails": [{"value": "learner1@example.com", "type": "work", "primary": True}],
        "active": True,
        "name": {"givenName": "First1", "familyName": "Last1"},
        ENTERPRISE: {"department": "Sales"},
    }


def test_nothing_differs_from_what_was_just_made() -> None:
    assert differing(translator().wanted(delivery(1), made()), made()) == {}


def test_a_patch_names_what_changes_and_removes_what_is_gone() -> None:
    changed = delivery(1, active=False, profile=Profile("learner1@example.com", "Ann", "Last1"))
    there = made()
    assert patch(differing(translator().wanted(changed, there), there))["Operations"] == [
        {"op": "replace", "path": "displayName", "value": "Ann Last1"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "name.givenName", "value": "Ann"},
        {"op": "remove", "path": f"{ENTERPRISE}:department"},
    ]


def test_a_put_keeps_what_is_there_and_leaves_out_what_is_the_servers_own() -> None:
    own = {"meta": {"version": "1"}, "groups": [{"value": "g"}], "password": "x"}
    there = {**made(), **own, "nickName": "Annie", "name": {"givenName": "Old", "honorificPrefix": "Dr."}}
    body = whole(differing(translator().wanted(delivery(1), there), there), there)
    assert not body.keys() & {"id", *own}
    assert body["nickName"] == "Annie"
    assert body["name"] == {"givenName": "First1", "familyName": "Last1", "honorificPrefix": "Dr."}
    assert there["name"]["givenName"] == "Old", "what was read is not touched"


def test_names_are_equal_in_any_case_and_booleans_may_be_text() -> None:
    spelt = {name[0].upper() + name[1:]: value for name, value in made().items()} | {"Active": "True"}
    spelt["Urn" + ENTERPRISE[3:]] = spelt.pop("Urn" + ENTERPRISE[3:])
    assert differing(translator().wanted(delivery(1), spelt), spelt) == {}
    found = translator().learner({**spelt, "id": "a1"}, ())
    assert differences(delivery(1), found, translator().keeps) == ()


def test_an_account_that_does_not_say_is_active() -> None:
    there = made()
    del there["active"]
    assert translator().learner(there, ()).active
    assert differing(translator().wanted(delivery(1), there), there) == {}
    assert differing(translator().wanted(delivery(1, active=False), there), there) != {}


@pytest.mark.parametrize(
    ("emails", "found"),
    [
        ([{"value": "a@x"}, {"value": "b@x", "primary": True}], "b@x"),
        ([{"value": "a@x", "type": "home"}, {"value": "b@x", "type": "work"}], "b@x"),
        ([{"value": "a@x", "primary": "true"}, {"value": "b@x", "type": "work"}], "a@x"),
        ([{"value": "a@x"}, {"value": "b@x"}], "a@x"),
        ([], "login@x"),
        (None, "login@x"),
        ("nonsense", "login@x"),
        ([{"type": "work"}], "login@x"),
    ],
)
def test_whose_address_counts(emails: Any, found: str) -> None:
    assert email_of({"userName": "login@x", "emails": emails}) == found


def test_an_address_that_differs_in_case_alone_is_the_same() -> None:
    there = made()
    there["emails"][0]["value"] = there["userName"] = "LEARNER1@example.com"
    assert differing(translator().wanted(delivery(1), there), there) == {}


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("2026-10-09T08:53:20Z", True),
        ("2026-10-09T10:53:20+02:00", True),
        ("2026-10-09T08:53:20.000Z", True),
        ("2026-10-09T08:53:20", True),
        ("2026-10-09", False),
        ("soon", False),
        (7, False),
    ],
)
def test_an_end_is_a_moment_however_it_is_written(written: Any, same: bool) -> None:
    there = made(license={"extension": TERM}) | {LICENSED: {"licenseEnds": written}}
    changes = differing(translator(license={"extension": TERM}).wanted(delivery(1), there), there)
    assert (changes == {}) is same
    found = translator(license={"extension": TERM}).learner(there, ())
    assert (found.ends_at == ENDS) is same


def test_a_flag_is_a_license_as_well() -> None:
    flag = {"extension": {"schema": LICENSED, "attribute": "premium", "value": True}}
    there = made(license=flag)
    assert there[LICENSED] == {"premium": True}
    assert translator(license=flag).learner(there, ()).licensed
    ended = delivery(1, ends_at=None)
    (change,) = patch(differing(translator(license=flag).wanted(ended, there), there))["Operations"]
    assert change == {"op": "remove", "path": f"{LICENSED}:premium"}


def test_of_several_values_only_ours_come_and_go() -> None:
    several = {"extension": {"schema": LICENSED, "attribute": "licenseTypes", "value": ["b", "c"]}}
    how = translator(license=several)
    there = made(license=several) | {LICENSED: {"licenseTypes": ["a", "b"]}}
    assert not how.learner(there, ()).licensed
    (held,) = differing(how.wanted(delivery(1), there), there).values()
    assert held == ["a", "b", "c"]
    (left,) = differing(how.wanted(delivery(1, ends_at=None), there), there).values()
    assert left == ["a"]
