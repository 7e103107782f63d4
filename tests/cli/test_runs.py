"""`syncd runs`: what was run, and everything one run planned or did."""

from __future__ import annotations

from tests.office import Office


def test_runs_are_listed_newest_first(office: Office) -> None:
    assert "There are no runs yet" in office.say("runs", "list", code=0).stdout
    office.say("plan")
    office.say("apply", "1", code=5)
    shown = office.say("runs", "list", code=0).stdout.splitlines()
    assert [line.split()[:3] for line in shown[1:]] == [["2", "apply", "1"], ["1", "plan", "superseded"]]
    assert "3 wait" in shown[1]
    assert [run["id"] for run in office.json("runs", "list", "--limit", "1")] == [2]


def test_a_run_is_shown_with_what_became_of_each_change(office: Office) -> None:
    office.order(2)
    office.say("sync", code=5)
    shown = office.say("runs", "show", "1", code=0).stdout
    assert "Run 1: sync, done" in shown
    assert [line.split()[0] for line in shown.splitlines() if "@example.com" in line] == ["done"] * 3
    only = office.say("runs", "show", "1", "--kind", "wait").stdout
    assert "cem@example.com" in only
    assert "ann@example.com" not in only
    assert len(office.json("runs", "show", "1")["changes"]) == 3


def test_a_plan_can_be_applied_from_where_it_is_shown(office: Office) -> None:
    office.order(3)
    office.say("plan", code=0)
    assert "apply 1` does exactly this" in office.say("runs", "show", "1").stdout


def test_a_failed_run_says_why(office: Office) -> None:
    (office.folder / "people.csv").unlink()
    office.say("sync")
    assert "people.csv" in office.say("runs", "show", "1", code=0).stdout
    assert "people.csv" in office.say("runs", "list").stdout


def test_a_run_that_is_not_there_is_told(office: Office) -> None:
    assert "there is no run 9" in office.say("runs", "show", "9", code=2).stderr
