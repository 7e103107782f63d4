"""`syncd learners suspend` and `resume`: shut out by hand, shown first where that is asked; let in again."""

from __future__ import annotations

from unittest.mock import patch

from syncd.register.recorder import Recorder
from tests.office import Office


def test_one_is_shut_out_by_hand_and_let_in_again(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    assert "--reason" in office.say("learners", "suspend", "ann", code=2).stderr
    shown = office.say("learners", "suspend", "ann", "--reason", "long leave", code=0).stdout
    assert "suspend 1 the account is suspended" in " ".join(shown.split())
    assert "suspended (by hand)" in office.say("learners", "show", "ann", code=0).stdout
    assert "by hand; the sync leaves that alone" in office.say("explain", "ann", code=0).stdout
    told = office.say("audit", "--learner", "ann", code=0).stdout
    assert "by hand: long leave" in told
    complaint = office.say("learners", "suspend", "ann", "--reason", "again", code=2).stderr
    assert "ann@example.com is suspended by hand already" in complaint
    office.say("sync", code=0)
    assert "reactivate" in office.say("learners", "resume", "ann", code=0).stdout
    assert office.json("learners", "show", "ann")["account"] == "active"
    assert "is not suspended by hand" in office.say("learners", "resume", "ann", code=2).stderr
    assert "there is no learner nobody" in office.say("learners", "resume", "nobody", code=2).stderr


def test_a_suspension_that_was_cut_short_can_be_taken_back(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    words = ["learners", "suspend", "ann", "--reason", "a mistake"]
    with patch.object(Recorder, "record", side_effect=KeyboardInterrupt):
        office.say(*words, code=130)
    told = office.say("learners", "resume", "ann", code=0).stdout
    assert "What a run that was cut short had left to do about that is given up." in told
    office.say("sync", code=0)
    assert office.json("learners", "show", "ann")["account"] == "active"
    assert "is not suspended by hand" in office.say("learners", "resume", "ann", code=2).stderr


def test_one_may_look_first(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    words = ["learners", "suspend", "ann", "--reason", "gone for good", "--release"]
    shown = " ".join(office.say(*words, "--dry-run", code=0).stdout.split())
    assert "Suspend: 1 person" in shown
    assert "by hand: gone for good" in shown
    assert "Release: 1 person" in shown
    assert office.json("learners", "show", "ann")["account"] == "active", "it was only shown"
    (number,) = [run["id"] for run in office.json("runs", "list") if run["command"].endswith("--dry-run")]
    office.say("apply", str(number), code=0)
    assert office.json("learners", "show", "ann")["account"] == "suspended"
    assert office.json("licenses", "status")["lots"][0]["available"] == 1
    assert "Reactivate: 1 person" in office.say("learners", "resume", "ann", "--dry-run", code=0).stdout
    assert office.json("learners", "resume", "ann", "--dry-run")["counts"] == {"reactivate": 1}
    assert office.json("learners", "show", "ann")["account"] == "suspended"


def test_what_was_shown_and_holds_no_more_is_looked_at_anew(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)
    office.say("learners", "suspend", "ann", "--reason", "long leave", "--dry-run", code=0)
    office.say("learners", "suspend", "ann", "--reason", "long leave", code=0)
    found = office.say("apply", "2", code=3).stderr
    assert "`syncd learners suspend --dry-run`" in found
