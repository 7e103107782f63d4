"""Learners who live on a platform of its own: what commands say of it, and of one person there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.office import CONFIG, Office, person


@pytest.fixture
def drop(office: Office) -> Path:
    """The folder that is the platform; everybody has a license."""
    folder = office.folder / "drop"
    folder.mkdir()
    office.configure(CONFIG + "platform: { type: csv_handoff, name: academy, folder: drop }\n")
    office.order(3)
    return folder


def told(office: Office, who: str) -> dict[str, Any]:
    """What `explain` says of the platform."""
    (answer,) = office.json("explain", who)["people"]
    (stop,) = [stop for stop in answer["stops"] if stop["name"] == "platform"]
    return {name: stop[name] for name in ("ok", "verdict")}


@pytest.mark.usefixtures("drop")
def test_somebody_is_explained_up_to_the_platform(office: Office) -> None:
    office.employ(person("ann"))
    office.say("sync", code=0)
    assert told(office, "ann@example.com") == {
        "ok": True,
        "verdict": "has been told; their account there is ann@example.com",
    }
    assert "academy/ann@example.com" in office.say("learners", "show", "ann@example.com", code=0).stdout


def test_what_is_recorded_and_not_delivered_is_said_everywhere(office: Office, drop: Path) -> None:
    drop.rmdir()
    office.employ(person("ann"))
    done = " ".join(office.say("sync", code=4).stdout.split())
    assert "The platform could not be used: the folder" in done
    assert "→ 1 change is recorded and delivered by the next sync; create it, mount it" in done
    assert told(office, "ann@example.com") == {
        "ok": False,
        "verdict": "has yet to be told; the next sync does that first",
    }
    shown = " ".join(office.say("runs", "show", "1", code=0).stdout.split())
    assert "platform could not be used: the folder" in shown
    drop.mkdir()
    office.say("sync", code=0)
    assert told(office, "ann@example.com")["ok"] is True


@pytest.mark.usefixtures("drop")
def test_whom_it_refuses_is_named_with_the_reason(office: Office) -> None:
    office.employ(person("ann", email="=ann@example.com"), person("bob"))
    done = " ".join(office.say("sync", code=1).stdout.split())
    assert "Refused" in done
    assert "=ann@example.com" in done
    found = told(office, "=ann@example.com")
    assert found["ok"] is False
    assert found["verdict"].startswith("refused them: ")


@pytest.mark.usefixtures("drop")
def test_somebody_who_waits_has_no_account_there(office: Office) -> None:
    office.employ(*map(person, ("ann", "bob", "cem", "dan")))
    office.say("sync", code=5)
    assert told(office, "dan@example.com") == {"ok": None, "verdict": "has no account of theirs"}
