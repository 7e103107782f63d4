"""What notices keep of people who are deleted: that they were sent, and to nobody by name."""

from __future__ import annotations

from dataclasses import replace

from syncd.licensing.notices import Event, PostingState
from syncd.plan.leavers import Grace
from tests.company import DAY
from tests.notify.conftest import EVERYBODY, Town

PERSONAL = """\
learners: { welcome: true, expiry: [30] }
"""
TRACES = ("ann@example.com", "ann.roe@example.com", "'Ann", '"Ann', "Ann Doe", "Ann Roe")


def delete_leavers(town: Town) -> None:
    town.company.policy = replace(town.company.policy, grace=Grace(release_after=0, delete_after=60 * DAY))
    town.later(61 * DAY)
    assert town.company.sync().counts["delete"] == 1


def test_deleted_people_are_in_no_notice_and_what_was_sent_stays_recorded(each_town: Town) -> None:
    town = each_town
    town.notify = f"{EVERYBODY}{PERSONAL}"
    town.company.order(1)
    town.company.hire("ann")
    town.company.sync()
    town.company.hire("bob", "cem")
    town.company.sync()
    town.tell()  # Ann is welcome, and the others wait
    town.company.people.change("id-ann", email="ann.roe@example.com", last_name="Roe")
    town.company.sync()
    town.later(340 * DAY)
    town.tell()  # her license ends
    before = town.postings()
    assert {p.key.event for p in before if "ann" in p.address.recipient} == {
        *(Event.WELCOME, Event.LEARNER_EXPIRY)
    }
    assert any(trace in town.company.everything() for trace in TRACES)
    town.company.people.remove("id-ann")
    town.company.sync()
    delete_leavers(town)
    number = next(p.facts["id"] for p in town.postings() if p.key.event is Event.WELCOME)
    assert [trace for trace in TRACES if trace in town.company.everything()] == []
    assert [(p.id, p.key, p.state, p.sent_at) for p in town.postings()] == [
        (p.id, p.key, p.state, p.sent_at) for p in before
    ], "that they were sent"
    assert {p.address.recipient for p in town.postings() if p.key.event is Event.WELCOME} >= {
        f"deleted-{number}"
    }
    assert "Bob Doe" in town.company.everything()


def test_who_waits_in_a_notice_is_counted_and_not_named_any_more(each_town: Town) -> None:
    town = each_town
    town.company.hire("ann", "bob")
    town.company.sync()
    town.tell()
    town.company.people.remove("id-ann")
    town.company.sync()
    delete_leavers(town)
    (shortfall,) = [p for p in town.postings() if p.key.event is Event.SHORTFALL]
    assert shortfall.facts["people"] == [["Bob Doe", "bob@example.com"]]
    assert shortfall.facts["waiting"] == 2


def test_what_has_not_reached_them_never_will(each_town: Town) -> None:
    """Nor a manager who was told as one; a colleague who has her address by now is left alone."""
    town = each_town
    town.notify = f"to: [{{ mail: managers }}]\n{PERSONAL}"
    town.company.order(3)
    town.company.hire("ann", role="manager")
    town.company.hire("bob", role="manager")
    town.company.sync()
    for handle in ("ann", "bob"):
        town.mail.answers[f"{handle}@example.com"] = "450 later"
    town.tell()
    waiting = [p.address.recipient for p in town.postings("pending")]
    assert {"ann@example.com", "bob@example.com"} <= set(waiting)
    town.company.people.remove("id-ann")
    town.company.sync()
    delete_leavers(town)
    town.mail.answers.clear()
    town.company.register.notices.hurry(town.company.now)
    town.tell()
    assert not town.mail.to("ann@example.com")
    assert town.mail.to("bob@example.com")
    assert {p.state for p in town.postings()} == {PostingState.SENT}
