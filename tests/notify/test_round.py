"""Rounds against a real mail server: everybody is told once, in one mail, however often and badly it goes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from syncd.licensing.notices import PostingState
from syncd.model import RunState
from tests.company import DAY
from tests.notify.conftest import Town
from tests.servers.smtp import text_of

ROOT = Path(__file__).parents[2]


def test_a_day_without_a_mail_server_loses_and_doubles_nothing(each_town: Town) -> None:
    town = each_town
    town.company.order(1)
    town.company.hire("ann")
    town.company.sync()
    town.mail.stop()
    for hour in range(24):
        if hour == 5:
            town.company.hire("bob")
            town.company.sync()
        if hour == 9:
            town.company.order(4)
        tally = town.tell()
        assert tally.sent == 0
        town.later(3600)
    assert "Connection refused" in town.postings()[0].error
    town.mail.start()
    town.tell()
    town.later(3600)
    town.tell()
    assert len(town.mail.to("ada@contoso.com")) == 1
    text = text_of(town.mail.received[0])
    for what in ("Every premium license is in use", "1 person waits", "4 premium licenses are ready"):
        assert text.count(what) == 1
    assert {posting.state for posting in town.postings()} == {PostingState.SENT}
    ids = [(posting.key, posting.address) for posting in town.postings()]
    assert len(ids) == len(set(ids))


def test_tries_grow_rarer_and_end_after_days(town: Town) -> None:
    town.company.order(1)
    town.mail.stop()
    waits = []
    for _ in range(9):
        town.tell()
        (posting,) = town.postings()
        waits.append(posting.next_try_at - town.company.now)
        town.company.now = posting.next_try_at
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    town.later(5 * DAY)
    assert town.tell().given_up == 1
    assert town.postings()[0].state is PostingState.GIVEN_UP
    town.mail.start()
    assert town.tell().sent == 0
    assert town.company.register.notices.again(town.company.now) == 1
    assert town.tell().sent == 1


def test_a_refused_recipient_keeps_nobody_else_from_being_told(each_town: Town) -> None:
    town, addresses = each_town, [f"{name}@contoso.com" for name in "abcd"]
    town.notify = f"to: [{{ audience: company_managers, mail: [{', '.join(addresses)}] }}]"
    town.mail.answers = {"a@contoso.com": "550 no such user", "b@contoso.com": "451 mailbox busy"}
    town.company.order(1)
    tally = town.tell()
    assert (tally.sent, tally.refused, tally.deferred) == (2, 1, 1)
    states = {posting.address.recipient: (posting.state, posting.error) for posting in town.postings()}
    assert states["a@contoso.com"] == (PostingState.REFUSED, "550 no such user")
    assert states["b@contoso.com"] == (PostingState.PENDING, "451 mailbox busy")
    town.mail.answers.clear()
    town.later(3600)
    town.tell()
    assert sorted(str(mail["To"]) for mail in town.mail.received) == addresses[1:]


ROUND = """
import sys
from pathlib import Path
from syncd import settings
from syncd.licensing.notices import Inputs
from syncd.notify.round import Round
from syncd.register import database
from syncd.register.register import Register

path, url, now = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
register = Register(database.connect(url))
round_ = Round(settings.load(path), register.notices, register.situations, lambda: now)
"""
AT_ONCE = (
    ROUND
    + """
print("ready", flush=True)
sys.stdin.readline()
round_.run(Inputs())
"""
)


def test_several_processes_at_once_tell_once(each_town: Town) -> None:
    town = each_town
    town.company.order(1)
    town.company.hire("ann", "bob")
    town.company.sync()
    with ExitStack() as stack:
        command = [sys.executable, "-c", AT_ONCE, *arguments(town)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
        started = [stack.enter_context(subprocess.Popen(command, **pipes)) for _ in range(3)]
        for process in started:
            assert process.stdout.readline() == "ready\n"
        for process in started:
            process.stdin.write("go\n")
            process.stdin.close()
        assert [process.wait(60) for process in started] == [0, 0, 0]
    town.tell()  # what the last of them found after the sender had looked
    told = [text_of(mail).count("1 person waits") for mail in town.mail.to("ada@contoso.com")]
    assert sum(told) == 1
    assert {posting.state for posting in town.postings()} == {PostingState.SENT}


def arguments(town: Town) -> list[str]:
    """What a process needs to do a round for the town."""
    return [str(town.settings.path), town.company.url, str(town.company.now)]


KILLED = (
    ROUND
    + """
import os, signal
from syncd.notify import mail

send, when = mail.Mail.send, sys.argv[4]
def killed(self, message):
    if when == "after":
        send(self, message)
        self.close()
    os.kill(os.getpid(), signal.SIGKILL)
mail.Mail.send = killed
round_.run(Inputs())
"""
)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_the_sending_costs_a_repetition_that_can_be_told(each_town: Town, when: str) -> None:
    town = each_town
    town.company.order(1)
    command = [sys.executable, "-c", KILLED, *arguments(town), when]
    ended = subprocess.run(command, cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == -9
    assert town.tell().sent == 0, "not before its time"
    town.later(60)
    assert town.tell().sent == 1
    mails = town.mail.to("ada@contoso.com")
    assert len(mails) == (2 if when == "after" else 1)
    assert len({mail["Message-ID"] for mail in mails}) == 1
    assert [posting.state for posting in town.postings()] == [PostingState.SENT]


def test_a_mail_nobody_answered_for_goes_out_again_as_it_was(town: Town) -> None:
    town.company.order(1)
    town.mail.deaf = True
    tally = town.tell()
    assert (tally.sent, tally.deferred) == (0, 1)
    town.mail.deaf = False
    town.company.hire("ann", "bob")
    town.company.sync()
    town.later(60)
    town.tell()
    first, again, new = town.mail.to("ada@contoso.com")
    assert first["Message-ID"] == again["Message-ID"] != new["Message-ID"]
    assert text_of(first).partition("-- ")[0] == text_of(again).partition("-- ")[0]
    assert "1 person waits" in text_of(new)


def test_half_of_a_run_is_no_situation_to_tell_of(each_town: Town) -> None:
    town, register = each_town, each_town.company.register
    number = register.runs.begin("sync", "test", town.company.now)
    register.runs.enter(number, RunState.APPLYING)
    town.company.order(1)
    with register.one_at_a_time():
        assert town.tell().found == 0
    assert town.tell().found == 1, "whoever held the lock has died"


def test_a_slow_server_does_not_keep_a_run_for_ever(town: Town) -> None:
    names = ", ".join(f"p{number}@contoso.com" for number in range(9))
    town.notify = f"to: [{{ audience: company_managers, mail: [{names}] }}]"
    town.mail.on_text = lambda: town.later(50)
    town.company.order(1)
    tally = town.tell()
    assert (tally.sent, tally.deferred) == (3, 6)
    town.mail.on_text = None
    assert town.tell().sent == 6


def test_a_server_that_is_away_is_tried_once_a_round(town: Town) -> None:
    town.notify = "to: [{ audience: company_managers, mail: [a@contoso.com, b@contoso.com, c@contoso.com] }]"
    town.company.order(1)
    town.mail.stop()
    assert town.tell().deferred == 3
    assert sum(posting.attempts for posting in town.postings()) == 1
