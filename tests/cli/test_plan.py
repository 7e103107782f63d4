"""`syncd plan`: everything somebody needs to say yes, and nothing changed by looking."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.office import CONFIG, Office, person


def test_a_plan_names_who_gets_what_until_when_and_why(office: Office) -> None:
    office.order(3)
    shown = office.say("plan", code=0).stdout
    assert "3  gets an account and a license" in shown
    assert "3  wanted, 3 available" in shown
    (line,) = [line for line in shown.splitlines() if "ann@example.com" in line]
    assert line.split()[:3] == ["Ann", "Doe", "ann@example.com"]
    assert line.split()[-1].startswith("20")
    assert "everybody is in scope" in line


def test_a_plan_ends_with_what_to_do_next(office: Office) -> None:
    office.order(3)
    assert f"`syncd -c {office.config} apply 1` does exactly this" in office.say("plan").stdout


def test_a_plan_changes_nothing(office: Office) -> None:
    office.order(3)
    office.say("plan")
    assert office.json("learners", "list") == []
    assert office.json("licenses", "status")["available"] == 3


def test_a_shortage_is_told_by_name_and_place_with_exit_code_5(office: Office) -> None:
    office.order(1)
    shown = office.say("plan", code=5).stdout
    assert "Wait: 2 people" in shown
    assert [line.split()[-4:] for line in shown.splitlines() if "place" in line] == [
        ["place", "1", "in", "line"],
        ["place", "2", "in", "line"],
    ]
    assert "2 people wait for a license: 2 licenses are missing" in shown
    assert "licenses request 2`" in shown


def test_a_shortage_that_is_ordered_already_asks_for_the_assignment(office: Office) -> None:
    office.say("licenses", "request", "5", code=0)
    assert "licenses assign 1`" in office.say("plan", code=5).stdout


def test_those_who_wait_are_shown_as_they_stand_in_line(office: Office) -> None:
    office.configure(CONFIG + "licenses: { priority: [{ group: starters }] }\n")
    office.employ(person("ann"), person("bob"), person("zoe", groups="starters"))
    shown = office.say("plan", code=5).stdout
    names = [line.split()[0] for line in shown.splitlines() if "place" in line]
    assert names == ["Zoe", "Ann", "Bob"]


def test_who_cannot_be_used_is_shown_with_the_reason_and_what_to_do(office: Office) -> None:
    office.employ(person("ann", email=""))
    shown = office.say("plan").stdout
    assert "people.csv, id ann" in shown
    assert "has no e-mail address (looked in: email); give them one in the directory" in shown


def test_a_held_plan_says_why_and_which_word_lets_it_pass(office: Office) -> None:
    office.configure(CONFIG.replace("max_creations: none", "max_creations: 1, floor: 1"))
    office.order(3)
    shown = office.say("plan", code=3).stdout
    assert "Held: would add 3 people; the limit is 1 (this is the first sync)  (creations)" in shown
    assert "sync --allow creations`" in shown
    assert "apply 1` does exactly what is shown here" in shown


def test_nothing_to_do_says_so_and_reminds_of_the_shortage(office: Office) -> None:
    office.order(1)
    office.say("sync", code=5)
    shown = office.say("plan", code=5).stdout
    assert "Nothing to do." in shown
    assert "2 people wait for a license" in shown


def test_an_update_shows_before_and_after(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    office.employ(person("ann", department="Sales"), person("bob"), person("cem"))
    assert "department: — → Sales" in office.say("plan", code=0).stdout


def test_a_limit_leaves_people_out_and_says_where_they_are(office: Office) -> None:
    office.order(3)
    shown = office.say("plan", "--limit", "1").stdout
    assert "… and 2 more: syncd -c" in shown
    assert "runs show 1 --all" in shown
    assert "bob@example.com" not in shown
    assert "bob@example.com" in office.say("plan", "--limit", "1", "--all").stdout


def test_notes_are_shown_only_when_asked_for(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    office.configure(CONFIG + "leavers: { suspend_after: 7d }\n")
    office.employ(person("bob"), person("cem"))
    assert "Note" not in office.say("plan").stdout
    assert "Note: " in office.say("plan", "--verbose").stdout


def test_json_has_the_facts_and_every_change(office: Office) -> None:
    office.order(2)
    facts = office.json("plan", code=5)
    assert (facts["wanted"], facts["available"], facts["missing"], facts["exit_code"]) == (3, 2, 1, 5)
    assert [(change["kind"], change["email"]) for change in facts["changes"]] == [
        ("create", "ann@example.com"),
        ("create", "bob@example.com"),
        ("wait", "cem@example.com"),
    ]
    assert facts["changes"][0]["license_ends"].endswith("Z")


def test_json_of_an_empty_plan_is_json(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    assert office.json("plan")["changes"] == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_becomes_a_formula(office: Office, start: str) -> None:
    office.order(3)
    office.employ(person("ann", first_name=f'"x{start}cmd|calc"', department='"a"'), person("bob"))
    office.say("sync")
    office.employ(person("ann", id=f'"{start}1+1"', email=f'"{start}cmd@example.com"'), person("bob"))
    written = office.say("plan", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(written)))
    assert rows
    assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=+-@\t\r"]


def test_an_output_file_is_complete_and_private(office: Office, tmp_path: Path) -> None:
    office.order(3)
    written = tmp_path / "plan.json"
    shown = office.say("plan", "--format", "json", "--output", str(written), code=0).stdout
    assert shown == f"Run 1 is written to {written}\n"
    assert len(json.loads(written.read_text())["changes"]) == 3
    assert written.stat().st_mode & 0o077 == 0


def test_an_output_file_that_cannot_be_written_is_told(office: Office, tmp_path: Path) -> None:
    found = office.say("plan", "--output", str(tmp_path / "no" / "plan.csv"), code=2)
    assert "cannot be written: No such file or directory" in found.stderr
