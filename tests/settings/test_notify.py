"""`notify`: who is told what, checked line by line; no password in it, and none sent in the clear."""

from __future__ import annotations

import pytest

from syncd.licensing.due import Rules
from syncd.licensing.notices import TO_LEARNERS, Event
from syncd.settings.notify import USUAL, Audience
from tests.settings.conftest import Loaded, Wrong

SMTP = "smtp: { server: smtp.contoso.com, sender: training@contoso.com }"


def test_nobody_is_told_unless_somebody_is_named(also: Loaded) -> None:
    notify = also("").notify
    assert (notify.is_on, notify.needs_mail, notify.rules()) == (False, False, Rules())


def test_everything_reaches_the_rules(also: Loaded) -> None:
    rules = also(
        f"""\
        notify:
          {SMTP}
          usage: [80%]
          expiry: [14]
          forecast: [60]
          credentials: [5]
          learners: {{ expiry: [3, 0], welcome: true }}
        """
    ).notify.rules()
    assert rules == Rules((80.0,), (14,), (60,), (5,), (3, 0), True)


def test_a_target_is_told_the_usual_the_named_or_everything(also: Loaded) -> None:
    notify = also(
        f"""\
        notify:
          {SMTP}
          to:
            - {{ audience: admins, mail: it@contoso.com }}
            - {{ audience: admins, mail: [a@contoso.com, managers, a@contoso.com], on: [shortfall] }}
            - {{ name: siem, webhook: https://x.contoso.com/in, secret: {{ env: KEY }} }}
        """
    ).notify
    assert [target.events for target in notify.to] == [
        {Event.HELD, Event.FAILED, Event.CREDENTIALS},
        {Event.SHORTFALL},
        set(Event) - set(TO_LEARNERS),
    ]
    assert notify.to[1].mail == ("a@contoso.com", "managers")


def test_every_event_is_usual_for_somebody() -> None:
    usual = [event for audience in Audience for event in USUAL[audience]]
    assert sorted(usual) == sorted(set(Event) - set(TO_LEARNERS))


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_ports_are_the_usual_ones(also: Loaded, security: str, port: int) -> None:
    notify = also(f"notify: {{ smtp: {{ server: x, sender: a@b, security: {security} }} }}").notify
    assert notify.smtp
    assert notify.smtp.port_number == port


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("to: [{ mail: a@b.com }]", "notify needs smtp: the mail server that takes the notices"),
        ("learners: { welcome: true }", "notify needs smtp: the mail server that takes the notices"),
        ("to: [{ audience: admins }]", "notify.to[0] must have exactly one of mail, chat or webhook"),
        (
            "to: [{ mail: 'Ann <a@b.com>' }]",
            "notify.to[0].mail must be e-mail addresses, or the word managers",
        ),
        ("to: [{ mail: boss }]", "notify.to[0].mail must be e-mail addresses, or the word managers"),
        (
            "to: [{ chat: { env: X } }]",
            "notify.to[0] must have a name, by which syncd remembers what it was told",
        ),
        (
            "to: [{ name: x, chat: 'slack://token' }]",
            "notify.to[0].chat must not be written here; say where it is kept: "
            "{ env: NAME } or { file: /path/to/it }",
        ),
        (
            "to: [{ name: x, webhook: 'http://x.com', secret: { env: X } }]",
            "notify.to[0].webhook must begin with https:// (http:// only on this machine)",
        ),
        (
            "to: [{ name: x, webhook: 'https://u:p@x.com', secret: { env: X } }]",
            "notify.to[0].webhook must not contain a password; it is signed with `secret`",
        ),
        (
            "to: [{ name: x, webhook: 'https://x.com' }]",
            "notify.to[0] must have a secret with its webhook, and only there",
        ),
        (
            "to: [{ name: x, chat: { env: X } }, { name: x, chat: { env: Y } }]",
            "notify.to[0].name is the name of another target, too",
        ),
        (
            "to: [{ name: x, chat: { env: X }, on: [shortfal] }]",
            "notify.to[0].on[0] must be one of order_requested, order_assigned, usage, shortfall, forecast, "
            "expiry, renewal_gap, held, failed, credentials; did you mean shortfall?",
        ),
        (
            "smtp: { server: x, sender: a@b, user: u, security: none, password: { env: X } }",
            "notify.smtp must have security starttls or tls: a password is not sent in the clear",
        ),
        (
            "smtp: { server: x, sender: a@b, user: u }",
            "notify.smtp must have both user and password, or neither",
        ),
        ("smtp: { server: x, sender: nobody }", "notify.smtp.sender must be an e-mail address, such as"),
        ("language: fr", "notify.language must be en or de, or have a language_file with its words"),
        ("usage: [75]", "notify.usage[0] must be a percentage from 0% to 100%, such as 5%"),
        ("expiry: [-1]", "notify.expiry[0] must be at least 0"),
    ],
)
def test_what_cannot_be_is_said(also_wrong: Wrong, text: str, problem: str) -> None:
    found = also_wrong(f"notify:\n  {text}\n")
    assert any(line.partition(": ")[2].startswith(problem) for line in found), found
    assert not any("slack://token" in line or ":p@" in line for line in found)


def test_silence_about_failures_is_warned_of(also: Loaded) -> None:
    settings = also(f"notify:\n  {SMTP}\n  to: [{{ audience: company_managers, mail: a@b.com }}]\n")
    assert [warning.message for warning in settings.warnings] == [
        "tells nobody when a sync is failed; add a target with audience: admins",
        "tells nobody when a sync is held; add a target with audience: admins",
    ]


@pytest.mark.parametrize(("server", "warned"), [("smtp.contoso.com", True), ("127.0.0.1", False)])
def test_mails_that_travel_readable_are_warned_of(also: Loaded, server: str, warned: bool) -> None:
    settings = also(f"notify:\n  smtp: {{ server: {server}, sender: a@b, security: none }}\n")
    assert [warning.where for warning in settings.warnings] == ["notify.smtp.security"] * warned


def test_notices_are_no_reason_to_look_at_people_again(also: Loaded) -> None:
    assert also("").salt == also(f"notify:\n  {SMTP}\n  usage: [50%]\n").salt
