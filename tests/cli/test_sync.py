"""`syncd sync` and `syncd apply`: what was done, who was left out by name, and an exit code that says so."""

from __future__ import annotations

from tests.office import CONFIG, Office, person


def test_a_sync_tells_what_was_done(office: Office) -> None:
    office.order(3)
    shown = office.say("sync", code=0).stdout
    assert "Run 1 for Contoso: done in " in shown
    assert "3  gets an account and a license" in shown
    assert len(office.json("learners", "list", "--license", "live")) == 3


def test_a_second_sync_has_nothing_to_do(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    assert "nothing to do" in office.say("sync", code=0).stdout


def test_those_who_wait_are_named_in_line_and_the_order_is_one_command_away(office: Office) -> None:
    office.order(1)
    shown = office.say("sync", code=5).stdout
    assert "Waiting for a license: 2 people" in shown
    assert [
        line.split()[:2]
        for line in shown.splitlines()
        if "an account and a license" in line and "Doe" in line
    ] == [
        ["1", "Bob"],
        ["2", "Cem"],
    ]
    assert f"syncd -c {office.config} licenses request 2`" in shown


def test_a_person_who_cannot_be_used_is_named_and_stops_nobody(office: Office) -> None:
    office.order(3)
    office.employ(person("ann"), person("bob", email="nonsense"))
    shown = office.say("sync", code=0).stdout
    assert "'nonsense' is not an e-mail address; correct it in the directory" in shown
    assert len(office.json("learners", "list")) == 1


def test_a_held_sync_changes_nothing_and_ends_with_3(office: Office) -> None:
    office.configure(CONFIG.replace("max_creations: none", "max_creations: 1, floor: 1"))
    shown = office.say("sync", code=3).stdout
    assert "Run 1 is held; nothing was changed" in shown
    assert office.json("learners", "list") == []
    office.order(3)
    office.say("sync", "--allow", "creations", code=0)


def test_a_held_plan_is_applied_when_somebody_looked_at_it(office: Office) -> None:
    office.configure(CONFIG.replace("max_creations: none", "max_creations: 1, floor: 1"))
    office.order(3)
    office.say("plan", code=3)
    office.say("apply", "1", code=0)
    assert len(office.json("learners", "list")) == 3


def test_a_reviewed_plan_is_held_when_the_world_moved_on(office: Office) -> None:
    office.order(3)
    office.say("plan", code=0)
    office.employ(person("ann", last_name="Roe", email="roe@example.com"), person("bob"), person("cem"))
    found = office.say("apply", "1", code=3)
    assert "the world has moved on since run 1" in found.stderr
    assert "→ look at what holds now with `syncd plan`" in found.stderr


def test_a_plan_that_is_not_there_cannot_be_applied(office: Office) -> None:
    assert "there is no run 7" in office.say("apply", "7", code=2).stderr


def test_a_dry_run_is_a_plan(office: Office) -> None:
    office.order(3)
    shown = office.say("sync", "--dry-run", code=0).stdout
    assert "Plan 1 for Contoso" in shown
    assert office.json("learners", "list") == []


def test_json_names_the_line_and_the_skipped(office: Office) -> None:
    office.order(1)
    office.employ(person("ann"), person("bob"), person("cem", email=""))
    facts = office.json("sync", code=5)
    assert [entry["email"] for entry in facts["line"]] == ["bob@example.com"]
    assert [entry["key"] for entry in facts["skips"]] == ["people/cem"]
    assert (facts["state"], facts["recorded"], facts["refusals"]) == ("done", 3, [])


def test_a_word_the_guard_does_not_know_is_a_usage_error(office: Office) -> None:
    found = office.say("sync", "--allow", "everything", code=2)
    assert "directory_size" in found.stderr
