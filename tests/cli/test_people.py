"""`syncd learners` and `syncd explain`: whoever asks about somebody gets an answer, or the choice."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.company import DAY
from tests.office import CONFIG, Office, person


@pytest.fixture
def busy(office: Office) -> Office:
    """Ann has a license, Bob waits; Cem shares Bob's name."""
    office.order(1)
    office.employ(person("ann"), person("bob"), person("cem", first_name="Bobby"))
    office.say("sync", code=5)
    return office


def stops(office: Office, who: str) -> dict[str, Any]:
    (answer,) = office.json("explain", who)["people"]
    return {stop["name"]: stop for stop in answer["stops"]}


def test_learners_are_listed_by_license_account_and_search(busy: Office) -> None:
    def listed(*words: str) -> list[str]:
        return [learner["profile"]["first_name"] for learner in busy.json("learners", "list", *words)]

    assert listed() == ["Ann", "Bob", "Bobby"]
    assert listed("--license", "live") == ["Ann"]
    assert listed("--license", "waiting") == ["Bob", "Bobby"]
    assert listed("--account", "planned", "bobby") == ["Bobby"]
    assert listed("--limit", "1") == ["Ann"]


def test_a_list_of_nobody_says_so(busy: Office) -> None:
    assert busy.say("learners", "list", "zzz", code=0).stdout == "Nobody.\n"


def test_a_learner_is_shown_in_full(busy: Office) -> None:
    shown = busy.say("learners", "show", "ann@example.com", code=0).stdout
    for fact in ("Ann Doe", "people.csv, id ann", "active", "live, ends 2"):
        assert fact in shown
    facts = busy.json("learners", "show", "ann@example.com")
    assert [entry["state"] for entry in facts["allocations"]] == ["live"]
    assert [entry["key"] for entry in facts["identities"]] == ["ann"]


def test_part_of_a_name_is_enough_when_it_means_one(busy: Office) -> None:
    assert busy.json("learners", "show", "bobby")["profile"]["email"] == "cem@example.com"
    found = busy.say("learners", "show", "bob", code=2)
    assert "bob@example.com" in found.stderr
    assert "cem@example.com" in found.stderr
    assert "explain" in busy.say("learners", "show", "nobody", code=2).stderr


def test_a_licensed_person_is_explained_stop_by_stop(busy: Office) -> None:
    found = stops(busy, "ann@example.com")
    assert list(found) == [
        "directory",
        "enabled",
        "scope",
        "profile",
        "learner",
        "account",
        "license",
        "next sync",
    ]
    assert all(stop["ok"] for name, stop in found.items() if name != "next sync")
    assert found["profile"]["details"]["email"] == "ann@example.com ← email"
    assert found["profile"]["details"]["department"] == "nothing ← department"
    assert found["next sync"]["verdict"] == "changes nothing for them"


def test_a_profile_is_explained_in_one_order_whatever_is_mapped(busy: Office) -> None:
    busy.configure(CONFIG + "mapping: { last_name: last_name, email: email }\n")
    shown = busy.say("explain", "ann@example.com", code=0).stdout
    fields = [line.split()[0] for line in shown.splitlines() if " ← " in line]
    assert fields[:4] == ["email", "first_name", "last_name", "department"]


def test_a_waiting_person_learns_their_place(busy: Office) -> None:
    found = stops(busy, "bob@example.com")
    assert found["license"]["ok"] is False
    assert found["license"]["verdict"].endswith("place 1 of 2 in line")


def test_a_newcomer_learns_what_the_next_sync_does(office: Office) -> None:
    office.order(3)
    found = stops(office, "ann")
    assert found["learner"]["verdict"] == "a newcomer: nobody syncd knows"
    assert found["next sync"]["verdict"].startswith("create: everybody is in scope (license until 2")
    office.configure(CONFIG.replace("max_creations: none", "max_creations: 1, floor: 1"))
    assert "but it is held: would add 3 people" in stops(office, "ann")["next sync"]["verdict"]


@pytest.mark.parametrize(
    ("facts", "stop", "verdict"),
    [
        ({"status": "left"}, "enabled", "status is left"),
        ({"status": "service"}, "scope", "excluded by: status is service"),
        ({"email": ""}, "profile", "has no e-mail address (looked in: email)"),
        ({"email": "bob@example.com"}, "learner", "shares the address bob@example.com"),
    ],
)
def test_the_stop_that_keeps_somebody_out_is_named(
    office: Office, facts: dict[str, str], stop: str, verdict: str
) -> None:
    office.employ(person("x-1", **facts), person("bob"))
    found = stops(office, "x-1")
    assert found[stop]["ok"] is False
    assert found[stop]["verdict"].startswith(verdict)


def test_who_left_is_explained_from_the_register(busy: Office) -> None:
    busy.employ(person("bob"), person("cem"))
    busy.say("sync")
    found = stops(busy, "ann@example.com")
    assert found["directory"]["verdict"] == "in none of them: looked at 2 people in people"
    assert found["account"]["verdict"] == "suspended, by the sync"


def test_until_when_who_left_keeps_their_license_is_told(busy: Office) -> None:
    busy.employ(person("bob"), person("cem"))
    busy.say("sync")
    left = datetime.fromisoformat(busy.json("learners", "show", "ann@example.com")["left_at"])
    then = datetime.fromtimestamp(left.timestamp() + 14 * DAY, ZoneInfo("Europe/London"))
    freed = f"; for somebody else from {then:%Y-%m-%d %H:%M}, unless they are back before"
    assert stops(busy, "ann@example.com")["license"]["verdict"].endswith(freed)
    assert f"{freed}\n" in busy.say("learners", "show", "ann@example.com", code=0).stdout
    busy.employ(person("ann"), person("bob"), person("cem"))
    busy.say("sync")
    assert "somebody else" not in stops(busy, "ann@example.com")["license"]["verdict"]
    busy.employ(person("bob"), person("cem"))
    busy.configure(CONFIG + "licenses: { max_moves_per_year: 1 }\n")
    busy.say("sync")
    assert "somebody else" not in stops(busy, "ann@example.com")["license"]["verdict"], "it may have to stay"


def test_an_exact_answer_goes_before_a_likely_one(busy: Office) -> None:
    assert stops(busy, "bob")["learner"]["ok"]


def test_several_are_a_choice_and_nobody_says_where_we_looked(busy: Office) -> None:
    found = busy.say("explain", "doe", code=2)
    assert "3 people may be meant by doe" in found.stdout
    found = busy.say("explain", "nobody@example.com", code=2)
    assert "nobody found for nobody@example.com: looked at 3 people in people" in found.stderr
    busy.say("explain", " ", code=2)


def test_explaining_while_a_sync_runs_still_explains_the_rest(busy: Office) -> None:
    from syncd.register.database import connect
    from syncd.register.locking import lock

    with lock(connect(f"sqlite:///{busy.database}"), "sync"):
        found = stops(busy, "bob@example.com")
    assert found["license"]["verdict"].endswith("place 1 of 2 in line")
    assert found["next sync"]["verdict"] == "cannot be told: another run is in progress"
