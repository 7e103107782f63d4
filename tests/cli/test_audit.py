"""`syncd audit`, `licenses report`, `licenses reconcile`: who did what, who holds what, does it add up."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.register import database
from tests.cli.conftest import Travel
from tests.office import Office, person


def told(office: Office, *words: str) -> list[tuple[str, str, int]]:
    return [(e["action"], e["subject"], e["number"]) for e in office.json("audit", *words)]


def test_orders_and_runs_are_one_trail(office: Office) -> None:
    office.say("licenses", "request", "5", "--reference", "PO-1", code=0)
    office.say("licenses", "reject", "1", "--reason", "no budget", code=0)
    office.order(3)
    office.say("sync", code=0)
    assert told(office) == [
        ("requested", "order", 1),
        ("rejected", "order", 1),
        ("requested", "order", 2),
        ("assigned", "order", 2),
        ("create", "learner", 1),
        ("create", "learner", 2),
        ("create", "learner", 3),
    ]
    shown = office.say("audit", code=0).stdout
    assert "no budget" in shown
    assert "PO-1" in shown
    assert "lot 1, ends 2" in shown
    assert all(entry["actor"] for entry in office.json("audit"))


def test_who_approved_or_rejected_a_plan(office: Office) -> None:
    office.order(3)
    for word in ("approve", "reject"):
        office.say("plan", code=0)
        number = office.json("runs", "list")[0]["id"]
        office.say("runs", word, str(number), code=0)
    assert told(office)[2:] == [("approved", "run", 1), ("rejected", "run", 2)]


def test_one_learner_one_order_some_days(ended: Office) -> None:
    ended.say("licenses", "renew", "ann", code=0)
    assert told(ended, "--learner", "ann") == [
        ("create", "learner", 1),
        ("expire", "learner", 1),
        ("renew", "learner", 1),
    ]
    assert told(ended, "--order", "2") == [
        ("requested", "order", 2),
        ("assigned", "order", 2),
        ("renew", "learner", 1),
    ]
    (last, *_) = reversed(ended.json("audit"))
    day = last["time"][:10]
    assert ("renew", "learner", 1) in told(ended, "--since", day, "--until", day)
    assert told(ended, "--until", "2001-01-01") == []
    assert last["after"]["lot"] == 2


def test_a_file_for_an_auditor(office: Office, tmp_path: Path) -> None:
    office.order(3)
    office.employ(person("ann", first_name="=cmd"), person("bob"))
    office.say("sync", code=0)
    file = tmp_path / "audit.csv"
    office.say("audit", "--format", "csv", "--output", str(file), code=0)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert [row["action"] for row in rows] == ["requested", "assigned", "create", "create"]
    assert json.loads(rows[2]["after"])["lot"] == 1
    assert file.stat().st_mode & 0o777 == 0o600


def test_every_license_is_accounted_for_now_and_before(ended: Office, travel: Travel) -> None:
    ended.say("licenses", "renew", "ann", code=0)
    now = ended.json("licenses", "reconcile")
    assert now["total"] == {"quantity": 8, "available": 4, "allocated": 1, "expired": 3}
    assert now["discrepancies"] == []
    travel(0)
    day = ended.json("licenses", "list")[0]["requested_at"][:10]
    before = ended.json("licenses", "reconcile", "--at", day)
    assert before["total"] == {"quantity": 0, "available": 0, "allocated": 0, "expired": 0}
    travel(401)
    at = ended.json("runs", "list")[-1]["finished_at"][:10]
    before = ended.json("licenses", "reconcile", "--at", f"{at}T23:59:59")
    assert before["total"] == {"quantity": 3, "available": 0, "allocated": 3, "expired": 0}
    shown = ended.say("licenses", "reconcile", code=0).stdout
    assert "The audit trail, told again, comes to the same allocations." in shown


def test_what_the_trail_does_not_know_ends_with_1(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    engine = database.connect(f"sqlite:///{office.database}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE allocations SET state = 'released', ended_at = 5 WHERE id = 1"))
    engine.dispose()
    shown = office.say("licenses", "reconcile", code=1).stdout
    assert "learner 1, lot 1" in shown
    assert "0 in the register, 1 by the trail" in shown
    assert len(office.json("licenses", "reconcile", code=1)["discrepancies"]) == 2


@pytest.mark.parametrize(("by", "unit"), [("group", "HQ"), ("department", "Sales"), ("role", "learner")])
def test_licenses_by_unit_and_end(ended: Office, by: str, unit: str) -> None:
    ended.say("licenses", "renew", "bob", code=0)
    found = {row["unit"]: row for row in ended.json("licenses", "report", "--by", by) if row["licensed"]}
    assert (found[unit]["licensed"], found[unit]["expired"], found[unit]["renewed"]) == (1, 0, 0)
    shown = ended.say("licenses", "report", "--by", by, code=0).stdout
    assert by.upper() in shown
    assert sum(row["expired"] for row in ended.json("licenses", "report", "--by", by)) == 2


def test_nobody_has_a_license_yet(office: Office) -> None:
    assert office.say("licenses", "report", code=0).stdout == "Nobody has a license.\n"
