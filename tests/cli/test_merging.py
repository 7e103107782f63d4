"""`syncd learners merge`: shown first, done once, and never in a way that costs somebody their license."""

from __future__ import annotations

import pytest

from tests.office import Office, person


@pytest.fixture
def twice(office: Office) -> Office:
    """Ann's account was made anew under another address: the old learner is suspended, the new one waits."""
    office.order(2)
    office.employ(person("ann"), person("bob"))
    office.say("sync", code=0)
    office.employ(person("ann", status="left"), person("bob"), person("new", first_name="Ann"))
    office.say("sync", code=5)
    return office


def test_it_is_shown_first_and_done_by_its_number(twice: Office) -> None:
    words = ("learners", "merge", "ann@example.com", "new@example.com", "--reason", "she married")
    shown = " ".join(twice.say(*words, "--dry-run", code=0).stdout.split())
    assert "Merge: 1 person" in shown
    assert "You are short" not in shown, "it is what ends that"
    assert "the same person as ann@example.com (learner 1): she married" in shown
    gone = twice.json("learners", "show", "new@example.com")["id"]
    number = twice.json("runs", "list")[0]["id"]
    twice.say("apply", str(number), code=0)
    assert [entry["id"] for entry in twice.json("learners", "list")] == [1, 2]
    twice.say("sync", code=0)
    found = twice.json("learners", "show", "1")
    assert (found["profile"]["email"], found["account"], found["license"]) == (
        *("new@example.com", "active"),
        "live",
    )
    shown = twice.say("learners", "show", str(gone), code=0).stdout
    assert "merged into learner 1" in " ".join(shown.split())
    assert twice.json("learners", "show", str(gone))["merged_into"] == 1
    told = twice.say("audit", "--learner", "1", code=0).stdout
    assert "she married" in told
    twice.say("licenses", "reconcile", code=0)


@pytest.mark.parametrize(
    ("keep", "gone", "complaint"),
    [
        ("new", "ann", ") has no license, and learner 1 has: keep that one"),
        ("bob", "new", "are both present in people: take one of the two accounts away there"),
        ("bob", "bob", "is one learner already"),
        ("bob", "nobody", "there is no learner nobody"),
    ],
)
def test_what_cannot_be_ends_with_2_and_writes_nothing(
    twice: Office, keep: str, gone: str, complaint: str
) -> None:
    runs = twice.json("runs", "list")
    names = [f"{name}@example.com" if name != "nobody" else name for name in (keep, gone)]
    found = twice.say("learners", "merge", *names, code=2)
    assert complaint in found.stderr
    assert "→ " in found.stderr
    assert twice.json("runs", "list") == runs


def test_who_was_merged_is_none_to_merge_again(twice: Office) -> None:
    gone = twice.json("learners", "show", "new@example.com")["id"]
    done = twice.say("learners", "merge", "1", "new@example.com", code=0)
    assert "sync` puts together what their directories say" in done.stdout
    found = twice.say("learners", "merge", "2", str(gone), code=2)
    assert f"learner {gone} has been deleted, or merged with another" in found.stderr
