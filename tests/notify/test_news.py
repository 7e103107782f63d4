"""What a round tells of, to a real mail server: everything once, in one mail, in words one can act on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syncd.errors import Held, Unavailable
from syncd.licensing.notices import Credential, Event, Inputs, ShortfallAhead
from syncd.model import LicenseType, RunState
from syncd.plan.policy import Policy
from syncd.plan.scope import Rule
from syncd.run import Task, run
from tests.company import DAY, UNGUARDED
from tests.notify.conftest import Town
from tests.servers.smtp import text_of

ROOT = Path(__file__).parents[2]


def test_an_order_goes_to_whoever_assigns_and_then_to_whoever_asked(each_town: Town) -> None:
    town, licenses = each_town, each_town.company.register.licenses
    licenses.request(LicenseType.PREMIUM, 20, by="ada", now=town.company.now, reference="PO-7")
    assert town.tell().sent == 1
    (asked,) = town.mail.to("orders@vendor.example")
    assert asked["Subject"] == "Contoso: 20 premium licenses are requested"
    assert "syncd -c" in text_of(asked)
    assert "licenses assign 1" in text_of(asked)
    assert "Reference: PO-7." in text_of(asked)
    licenses.assign(1, by="grace", now=town.company.now, zone=town.settings.zone)
    town.tell()
    assert town.subjects("ada@contoso.com") == ["Contoso: 20 premium licenses are ready"]
    assert "They end on 15 January 2028" in text_of(town.mail.to("ada@contoso.com")[0])
    assert len(town.mail.received) == 2


def test_a_shortage_says_who_waits_since_when_and_which_command_orders(each_town: Town) -> None:
    town = each_town
    town.company.order(1)
    town.company.hire("ann", "bob", "cem")
    town.company.sync()
    town.tell()
    (mail,) = town.mail.to("ada@contoso.com")
    assert mail["Subject"] == "Contoso: 3 notices about your licenses"
    text = text_of(mail)
    assert "2 people wait for a license" in text
    assert "the first since 15 January 2027, 08:00." in " ".join(text.split())
    assert "Bob Doe <bob@example.com>\n  Cem Doe <cem@example.com>" in text
    assert "licenses request 2\n" in text
    assert text.index("2 people wait") < text.index("Every premium license is in use")


def test_a_second_round_tells_nothing(each_town: Town) -> None:
    town = each_town
    town.company.hire("ann", "bob")
    town.company.order(1)
    town.company.sync()
    assert town.tell().sent == 3
    town.later(600)
    tally = town.tell()
    assert (tally.found, tally.sent, len(town.mail.received)) == (0, 0, 1)


def test_a_shortage_that_comes_back_is_told_again(town: Town) -> None:
    town.company.hire("ann", "bob")
    town.company.order(1)
    town.company.sync()
    town.tell()
    town.company.order(1)
    town.company.sync()
    town.tell()
    town.company.hire("cem")
    town.company.sync()
    town.tell()
    waits = [p for p in town.postings() if p.key.event is Event.SHORTFALL]
    assert len(waits) == 2
    assert [len(town.mail.to("ada@contoso.com")), len({p.key for p in waits})] == [3, 1]


def test_five_hundred_expiring_learners_are_one_mail(each_town: Town) -> None:
    town = each_town
    town.company.order(500)
    town.company.hire(*(f"p{number:03}" for number in range(500)))
    town.company.sync()
    town.tell()
    town.mail.received.clear()
    town.later(358 * DAY)
    tally = town.tell()
    assert (tally.sent, len(town.mail.received)) == (1, 1)
    text = text_of(town.mail.received[0])
    assert "500 premium licenses of order 1 end in 7 days" in text
    assert "and 480 others" in text
    assert text.count("@example.com") == 20


def test_every_threshold_before_an_end_is_told_once(town: Town) -> None:
    town.company.order(2)
    town.company.hire("ann")
    town.company.sync()
    town.tell()
    town.mail.received.clear()
    for _ in range(60):  # the last month and the one after, day by day
        town.company.now += 335 * DAY if town.company.now < 1_800_000_000 + DAY else DAY
        town.tell()
        town.tell()
    subjects = [s for s in town.subjects("ada@contoso.com") if "of order 1" in s]
    assert subjects == [
        "Contoso: 2 premium licenses of order 1 end in 30 days",
        "Contoso: 2 premium licenses of order 1 end in 7 days",
        "Contoso: 2 premium licenses of order 1 end in 3 days",
    ]
    last = text_of(town.mail.received[-1])
    assert "2 premium licenses of order 1 end today" in last
    assert "1 learner is still here without a license" in last
    assert len(town.mail.received) == 4


def test_who_had_a_license_to_its_end_had_one(each_town: Town) -> None:
    """Also after a sync has ended it; the other license came free, and nobody had it."""
    town = each_town
    town.company.order(2)
    town.company.hire("ann")
    town.company.sync()
    town.later(366 * DAY)
    town.company.sync()
    town.tell()
    assert "1 learner had one of them and no later one; 1 was never allocated or came free." in " ".join(
        text_of(town.mail.received[-1]).split()
    )


def test_learners_are_told_themselves_a_few_a_round_and_in_their_language(town: Town) -> None:
    town.notify = "learners: { expiry: [3, 0], welcome: true, per_round: 2 }"
    town.company.order(3)
    town.company.hire("ann", "bob", "cem")
    town.company.sync()
    assert [town.tell().sent, town.tell().sent, town.tell().sent] == [2, 1, 0]
    assert town.subjects("ann@example.com") == ["Contoso: Welcome to the training of Contoso"]
    assert "Hello Ann Doe," in text_of(town.mail.to("ann@example.com")[0])
    town.mail.received.clear()
    town.later(362 * DAY)
    town.tell()
    assert town.subjects("ann@example.com") == ["Contoso: Your license ends in 3 days"]
    assert [mail["To"] for mail in town.mail.received] == ["ann@example.com", "bob@example.com"]


def test_somebody_who_joined_long_ago_is_not_welcomed(town: Town) -> None:
    town.company.order(1)
    town.company.hire("ann")
    town.company.sync()
    town.later(4 * DAY)
    town.notify = "learners: { welcome: true }"
    assert town.tell().sent == 0


def test_managers_are_those_of_the_register(town: Town) -> None:
    town.notify = "to: [{ audience: company_managers, mail: [managers, ADA@contoso.com, ada@contoso.com] }]"
    town.company.order(2)
    bosses = Rule("bosses", attribute="department", equals=frozenset({"bosses"}))
    town.company.policy = Policy(limits=UNGUARDED, managers=(bosses,))
    town.company.hire("ann", department="Bosses")
    town.company.hire("bob")
    town.company.sync()
    town.tell()
    assert sorted(str(mail["To"]) for mail in town.mail.received) == ["ADA@contoso.com", "ann@example.com"]


def test_a_failing_sync_is_told_to_admins_once_until_one_goes_through(town: Town) -> None:
    town.company.hire("ann")
    town.company.people.refuse(Unavailable("it is away", next_step="bring it back"))
    for _ in range(3):
        fail(town)
    assert town.subjects("it@contoso.com") == ["Contoso: The sync has failed"]
    told = text_of(town.mail.to("it@contoso.com")[0])
    assert "did not go through: it is away\n\nWhat to do: bring it back.\n" in told
    town.company.people.mend()
    town.company.sync()
    town.tell()
    town.company.people.refuse(Unavailable("it is away again"))
    fail(town)
    assert len(town.mail.to("it@contoso.com")) == 2
    assert "What to do" not in text_of(town.mail.to("it@contoso.com")[1]), "where nobody knows"
    town.company.people.refuse(Unavailable("it has no space"))
    fail(town)
    assert "did not go through: it has no space" in text_of(town.mail.to("it@contoso.com")[2])


def fail(town: Town) -> None:
    with pytest.raises(Unavailable):
        town.company.sync()
    town.tell()


def test_a_plan_made_by_hand_that_fails_is_told_as_what_it_is(town: Town) -> None:
    plan = town.company.add("ann", apply=False)
    town.company.add("ann")
    with pytest.raises(Held):
        town.company.sync(reviewed=plan.run)
    town.tell()
    (mail,) = town.mail.to("it@contoso.com")
    assert mail["Subject"] == f"Contoso: Plan {plan.run} (learners import) has failed"
    told = " ".join(text_of(mail).split())
    assert f"did not go through: the world has moved on since run {plan.run}" in told
    assert "next sync tries again" not in told
    assert "runs show 3" in told


def test_a_sync_that_somebody_stopped_is_nobodys_news(town: Town) -> None:
    def stop(_stage: str, _done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(replace(town.company.engine, progress=stop), Task("sync", "test", apply=True))
    assert town.company.register.runs.latest(1)[0].state is RunState.FAILED
    town.tell()
    assert town.postings() == []


def test_a_preview_that_is_held_is_nobodys_news(town: Town) -> None:
    town.company.policy = Policy()
    town.company.hire(*(f"p{number}" for number in range(30)))
    town.company.plan()
    town.tell()
    assert town.postings() == []
    town.company.sync()
    town.tell()
    (mail,) = town.mail.to("it@contoso.com")
    assert mail["Subject"] == "Contoso: The sync is held"
    for command in ("runs show 2", "apply 2", "runs approve 2", "runs reject 2", "sync --allow creations"):
        assert f"/syncd.yaml {command}\n" in text_of(mail)


def test_what_somebody_does_by_hand_is_no_sync_that_is_held_or_goes_through(town: Town) -> None:
    town.company.policy = Policy()
    assert town.company.add(*(f"new{number}" for number in range(30))).state is RunState.HELD
    town.tell()
    assert town.postings() == []
    town.company.hire(*(f"p{number}" for number in range(30)))
    town.company.sync()
    town.tell()
    assert town.company.add("ann").state is RunState.DONE
    town.company.sync(reviewed=town.company.add("bob", apply=False).run)
    town.tell()
    town.company.sync()
    town.tell()
    assert town.subjects("it@contoso.com") == ["Contoso: The sync is held"], "once, and not again"


def test_what_others_know_is_told_as_well(town: Town) -> None:
    now = town.company.now
    inputs = Inputs(
        forecast=[ShortfallAhead("premium", now + 20 * DAY, 14)],
        credentials=[Credential("cloud", "client secret", now + 6 * DAY)],
    )
    town.tell(inputs)
    assert town.subjects("ada@contoso.com") == [
        "Contoso: 14 premium licenses will be missing on 4 February 2027"
    ]
    assert town.subjects("it@contoso.com") == ["Contoso: cloud: client secret expires in 6 days"]
    town.tell()
    town.tell(inputs)
    assert len(town.mail.received) == 2
