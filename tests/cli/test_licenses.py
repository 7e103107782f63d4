"""`syncd licenses`: an order travels from request to lot, and the line is told by name."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from syncd.register.renewable import Renewable
from tests.office import Office


def test_an_order_is_requested_and_assigned(office: Office) -> None:
    shown = office.say("licenses", "request", "20", "--note", "autumn", "--reference", "PO-7", code=0).stdout
    assert "Order 1: 20 premium licenses requested." in shown
    assert f"syncd -c {office.config} licenses assign 1`" in shown
    shown = office.say("licenses", "assign", "1", code=0).stdout
    assert "Order 1: 20 premium licenses assigned; they end on 2" in shown
    assert "waiting" not in shown
    (order,) = office.json("licenses", "list")
    assert (order["state"], order["assigned"], order["reference"]) == ("assigned", 20, "PO-7")
    assert "@" in order["requested_by"]
    assert "PO-7; autumn" in office.say("licenses", "list").stdout


def test_another_number_needs_a_reason(office: Office) -> None:
    office.say("licenses", "request", "20", code=0)
    found = office.say("licenses", "assign", "1", "--quantity", "15", code=2)
    assert "order 1 asks for 20 licenses, not 15\n→ say why with --reason" in found.stderr
    office.say("licenses", "assign", "1", "--quantity", "15", "--reason", "budget", code=0)
    assert "20 were asked for; budget" in office.say("licenses", "list").stdout


@pytest.mark.parametrize(("word", "state"), [("reject", "rejected"), ("cancel", "cancelled")])
def test_an_order_may_come_to_nothing(office: Office, word: str, state: str) -> None:
    office.say("licenses", "request", "20", code=0)
    assert f"Order 1 is {state}." in office.say("licenses", word, "1", "--reason", "too late", code=0).stdout
    assert "it cannot be assigned" in office.say("licenses", "assign", "1", code=2).stderr
    assert office.json("licenses", "list")[0]["reason"] == "too late"


@pytest.mark.parametrize("words", [["request", "0"], ["request", "many"], ["assign", "9"], ["reject", "1"]])
def test_what_cannot_be_ends_with_2(office: Office, words: list[str]) -> None:
    assert office.say("licenses", *words, code=2).stderr


def test_assigning_tells_of_those_who_wait(office: Office) -> None:
    office.order(1)
    office.say("sync", code=5)
    office.say("licenses", "request", "2", code=0)
    shown = office.say("licenses", "assign", "2", code=0).stdout
    assert f"2 people are waiting; `syncd -c {office.config} sync` gives them their license" in shown
    office.say("sync", code=0)
    assert office.json("licenses", "waiting") == []


def test_the_status_adds_up(office: Office) -> None:
    office.order(2)
    office.order(3)
    office.say("sync", code=0)
    status = office.json("licenses", "status")
    assert (status["quantity"], status["allocated"], status["available"], status["waiting"]) == (5, 3, 2, 0)
    assert [lot["allocated"] for lot in status["lots"]] == [2, 1]
    assert "total" in office.say("licenses", "status").stdout


def test_days_left_are_counted_as_notices_do(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(moment: str) -> None:
        now = datetime.fromisoformat(f"{moment}+00:00").timestamp()
        monkeypatch.setattr("syncd.app.time", SimpleNamespace(time=lambda: now))

    at("2027-03-10T15:00")
    office.order(2)
    assert "2028-03-10  in 366 days\n" in office.say("licenses", "status", code=0).stdout
    at("2028-03-09T23:00")
    assert "2028-03-10  in 1 day\n" in office.say("licenses", "status", code=0).stdout


def test_licenses_with_a_year_left_are_no_warning(office: Office) -> None:
    number = office.json("licenses", "request", "3", "--type", "premium")["id"]
    office.say("licenses", "assign", str(number), code=0)
    office.say("sync", code=0)
    assert "order their renewal" not in office.say("licenses", "status").stdout


def test_whose_license_has_ended_is_told_for_as_long_as_nobody_renews_it(ended: Office) -> None:
    shown = ended.say("licenses", "status", code=0).stdout
    assert "3 people are here whose license has ended: no log-in until it is renewed\n" in shown
    assert "licenses renew --all --expiring 60d --dry-run`" in shown
    assert ended.json("licenses", "status")["ended"] == 3
    with patch.object(Renewable, "ending", side_effect=AssertionError("nobody is to be named")):
        assert ended.json("licenses", "status")["ended"] == 3
    ended.say("licenses", "renew", "--all", code=0)
    assert "has ended" not in ended.say("licenses", "status", code=0).stdout


def test_trial_licenses_end_soon_enough_to_be_warned_of(office: Office) -> None:
    office.configure(office.config.read_text() + "licenses: { type: trial }\n")
    office.order(3)
    office.say("sync", code=0)
    shown = office.say("licenses", "status", code=0).stdout
    assert "3 people lose their license on 2" in shown
    assert "and get another one only if somebody renews it" in shown
    assert "licenses renew --all --expiring 60d --dry-run`" in shown
    office.configure(office.config.read_text().replace("type: trial", "type: trial, renew: automatic"))
    assert "by the sync, while there are free ones" in office.say("licenses", "status").stdout


def test_the_line_is_told_in_order(office: Office) -> None:
    office.order(1)
    office.say("sync", code=5)
    line = office.json("licenses", "waiting")
    assert [(entry["place"], entry["email"]) for entry in line] == [
        (1, "bob@example.com"),
        (2, "cem@example.com"),
    ]
    assert "2 people waiting for a license" in office.say("licenses", "waiting").stdout


def test_nothing_yet_says_how_to_begin(office: Office) -> None:
    assert "licenses request 20`" in office.say("licenses", "list", code=0).stdout
    assert "licenses request 20`" in office.say("licenses", "status", code=0).stdout
    assert "Nobody waiting" in office.say("licenses", "waiting", code=0).stdout
