"""Numbers, references, dates and files that cannot be, or are far too large: what is said; the exit code."""

from __future__ import annotations

import csv
import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tests.office import CONFIG, Office


@pytest.mark.parametrize(
    ("quantity", "complaint"),
    [
        ("0", "0 is not a number of licenses\n→ give a number from 1 to 1,000,000"),
        ("10000000", "10000000 is not a number of licenses\n→ give a number from 1 to 1,000,000"),
        ("-5", "No such option '-5'"),
        ("1.5", "'1.5' is not a valid integer"),
    ],
)
def test_no_such_number_is_ordered(office: Office, quantity: str, complaint: str) -> None:
    assert complaint in office.say("licenses", "request", quantity, code=2).stderr
    assert office.json("licenses", "list") == []


@pytest.mark.parametrize("words", [("--log-level", "error"), ("-c", "syncd.yaml"), ("--config=syncd.yaml",)])
def test_an_option_of_the_program_is_shown_its_place(office: Office, words: tuple[str, ...]) -> None:
    option = words[0].partition("=")[0]
    found = office.say("sync", *words, code=2).stderr
    assert f"{option} comes before the command: syncd {option} …" in found


@pytest.mark.parametrize("quantity", ["0", "-1", "10000000"])
def test_no_such_number_is_assigned(office: Office, quantity: str) -> None:
    office.say("licenses", "request", "5", code=0)
    words = ("licenses", "assign", "1", "--quantity", quantity, "--reason", "budget")
    assert f"{quantity} is not a number of licenses" in office.say(*words, code=2).stderr
    assert office.json("licenses", "list")[0]["state"] == "requested"


def test_an_order_is_assigned_once(office: Office) -> None:
    office.order(5)
    found = office.say("licenses", "assign", "1", code=2)
    assert "order 1 is assigned already; it cannot be assigned\n→ place a new order" in found.stderr
    assert office.json("licenses", "status")["quantity"] == 5


def test_a_reference_is_used_once(office: Office) -> None:
    office.say("licenses", "request", "5", "--reference", "PO-1", code=0)
    found = office.say("licenses", "request", "6", "--reference", "PO-1", code=2)
    assert "the reference 'PO-1' belongs to another order\n→ see `syncd licenses list`" in found.stderr
    assert [order["quantity"] for order in office.json("licenses", "list")] == [5]


@pytest.mark.parametrize(
    ("zone", "assigned", "type_", "end"),
    [
        pytest.param("UTC", "2028-02-29T12:00", "premium", "2029-02-28", id="from 29 February"),
        pytest.param("UTC", "2028-01-30T12:00", "trial", "2028-02-29", id="to 29 February"),
        pytest.param("Europe/London", "2027-03-28T12:00", "premium", "2028-03-28", id="from a clock change"),
        pytest.param("Europe/London", "2026-09-25T23:30", "trial", "2026-10-25", id="to a clock change"),
        pytest.param("America/Sao_Paulo", "2017-11-04T12:00", "premium", "2018-11-04", id="no midnight"),
        pytest.param("Pacific/Apia", "2010-12-30T12:00", "premium", "2011-12-31", id="to a skipped day"),
        pytest.param("Pacific/Apia", "2011-12-29T23:00", "trial", "2012-01-28", id="over a skipped day"),
    ],
)
def test_every_day_ends_where_the_company_is(
    office: Office, monkeypatch: pytest.MonkeyPatch, zone: str, assigned: str, type_: str, end: str
) -> None:
    office.configure(CONFIG.replace("Europe/London", zone) + f"licenses: {{ type: {type_} }}\n")
    now = datetime.fromisoformat(assigned).replace(tzinfo=ZoneInfo(zone)).timestamp()
    clock = SimpleNamespace(time=lambda: now, monotonic=time.monotonic)
    monkeypatch.setattr("syncd.app.time", clock)
    office.say("licenses", "request", "3", code=0)
    assert f"they end on {end}." in office.say("licenses", "assign", "1", code=0).stdout
    office.say("sync", code=0)
    (ends_at,) = {entry["ends_at"] for entry in office.json("learners", "list")}
    last = datetime.fromisoformat(ends_at).astimezone(ZoneInfo(zone))
    assert f"{last:%Y-%m-%d}" == end
    for moment, state in ((last.timestamp() - 1, "live"), (last.timestamp(), "expired")):
        now = moment
        assert {entry["license"] for entry in office.json("learners", "list")} == {state}


def test_a_file_of_200000_rows_is_shown_whole(office: Office, tmp_path: Path) -> None:
    office.order(150_000)
    file, report = tmp_path / "new.csv", tmp_path / "report.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("Email,Last name,Shoe size\n")
        out.writelines(f"p{number}@example.com,Doe,40\n" for number in range(200_000))
        out.write("P7@example.com,Doe,40\nzoe@example.com,=1+1,40\n")
    words = ("learners", "import", str(file), "--format", "csv", "--output", str(report))
    found = office.run(*words)
    assert found.returncode == 5, found.stderr
    assert "nothing is taken from the column shoe size" in found.stderr
    with report.open(encoding="utf-8-sig", newline="") as rows:
        kinds = [(row["kind"], row["where"], row["why"]) for row in csv.DictReader(rows)]
    assert [kind for kind, _, _ in kinds].count("create") == 150_000
    assert [kind for kind, _, _ in kinds].count("wait") == 50_000
    assert [(where, why) for kind, where, why in kinds if kind == "skip"] == [
        ("new.csv, line 200002", "the same address as new.csv, line 9"),
        ("new.csv, line 200003", "the last name '=1+1' is a formula to a spreadsheet"),
    ]
