"""`syncd runs`: what was run, and everything one run planned or did."""

from __future__ import annotations

import pytest

from tests.office import CONFIG, Office, person


def test_runs_are_listed_newest_first(office: Office) -> None:
    assert "There are no runs yet" in office.say("runs", "list", code=0).stdout
    office.say("plan")
    office.say("apply", "1", code=5)
    shown = office.say("runs", "list", code=0).stdout.splitlines()
    assert [line.split()[:3] for line in shown[1:]] == [["2", "apply", "1"], ["1", "plan", "superseded"]]
    assert shown[1].endswith("  3 wait"), "who waits is not told twice"
    assert [run["id"] for run in office.json("runs", "list", "--limit", "1")] == [2]
    office.say("sync", code=5)
    assert office.say("runs", "list", "--limit", "1").stdout.splitlines()[1].endswith("  3 people waiting")


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
    office.say("sync", code=0)
    office.say("plan", code=0)
    assert "→" not in office.say("runs", "show", "3", code=0).stdout, "there is nothing to apply"


def test_a_failed_run_says_why(office: Office) -> None:
    (office.folder / "people.csv").unlink()
    *_, next_step = office.say("sync").stderr.splitlines()
    shown = office.say("runs", "show", "1", code=0).stdout
    assert "people.csv" in shown
    assert next_step.startswith("→ ")
    assert f"{next_step}\n" in shown, "what to do, in the words of the sync"
    assert "people.csv" in office.say("runs", "list").stdout


def test_a_run_that_is_not_there_is_told(office: Office) -> None:
    assert "there is no run 9" in office.say("runs", "show", "9", code=2).stderr


@pytest.fixture
def held(office: Office) -> Office:
    """Run 1 is held."""
    office.configure(CONFIG.replace("max_creations: none", "max_creations: 1, floor: 0"))
    office.say("sync", code=3)
    return office


def test_what_to_do_about_a_held_plan_is_the_same_wherever_it_is_met(held: Office) -> None:
    for words, code in ((("sync",), 3), (("runs", "show", "1"), 0)):
        shown = held.say(*words, code=code).stdout
        steps = [line for line in shown.splitlines() if line.startswith("→")][-3:]
        assert [step.partition(":")[0] for step in steps[:2]] == ["→ if it is right", "→ if it is wrong"]
        assert "correct the directory or the configuration" in steps[1]
        for command in ("apply 1`", "runs approve 1`", "runs reject 1`", "sync --allow creations`"):
            assert command in "\n".join(steps)


def test_a_superseded_plan_names_the_run_in_its_place(held: Office) -> None:
    held.employ(person("ann", last_name="Roe"), person("bob"))
    held.say("sync", code=3)
    held.employ(person("ann", last_name="Poe"), person("bob"))
    held.say("sync", code=3)
    listed = held.say("runs", "list", code=0).stdout.splitlines()[1:]
    assert ["superseded by 3" in listed[1], "superseded by 2" in listed[2]] == [True, True]
    shown = held.say("runs", "show", "1", code=0).stdout
    assert "→ run 3 has taken its place and is held" in shown
    assert "runs show 3`" in shown
    for words in (("runs", "approve", "1"), ("runs", "reject", "1"), ("apply", "1")):
        errors = held.say(*words, code=2).stderr
        assert "run 1 is superseded: run 3 has taken its place and is held" in errors
        assert "→ look at that one: `syncd runs show 3`" in errors


def test_an_approved_plan_says_who_applies_it(held: Office) -> None:
    held.say("runs", "approve", "1", code=0)
    by = held.json("runs", "list")[0]["decided_by"]
    shown = held.say("runs", "show", "1", code=0).stdout
    assert "→ a daemon at work applies it within seconds; without one: `syncd" in shown
    again = held.say("runs", "reject", "1", code=2).stderr
    assert f"run 1 is approved (by {by}): there is nothing left to decide" in again
    assert "without one: `syncd apply 1`" in again
    synced = held.say("sync", code=3).stdout
    assert f"Run 1 is approved by {by}, and not applied yet; nothing was changed" in synced
    assert "--allow" not in synced


def test_a_rejected_plan_says_who_said_no_and_what_is_left_to_do(held: Office) -> None:
    assert "correct the directory" in held.say("runs", "reject", "1", code=0).stdout
    by = held.json("runs", "list")[0]["decided_by"]
    synced = held.say("sync", code=3).stdout
    assert f"Run 1, which does the same, was rejected by {by}, " in synced
    for shown in (synced, held.say("runs", "show", "1", code=0).stdout):
        assert "→ it is never applied; for 30 days nobody is asked again" in shown
        assert "sync --allow creations` plans anew" in shown
        assert "apply 1`" not in shown
    assert f"run 1 is rejected (by {by}): it has no plan to apply" in held.say("apply", "1", code=2).stderr


def test_a_plan_that_is_held_still_is_shown_as_it_was(held: Office) -> None:
    """`apply` does what is shown, not what has come since."""
    held.employ(*(person(handle) for handle in ("ann", "bob", "cem", "dan", "eve")))
    shown = held.say("sync", code=3).stdout
    assert "Run 1 is held still, since " in shown
    assert "Newer than that plan, and left to a later sync: 2 wait" in shown
    assert held.json("sync", code=3)["still_held"] is True


def test_a_plan_that_failed_says_why_nobody_can_apply_it(held: Office) -> None:
    held.employ(person("ann"))
    held.say("apply", "1", code=3)
    again = held.say("apply", "1", code=2).stderr
    assert "run 1 is failed (the world has moved on since run 1: 2 of its" in again
