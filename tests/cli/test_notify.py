"""`syncd notify`: what an admin sees of it; a mail server that is away costs no run its exit code."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from syncd.licensing.notices import Event
from tests.office import CONFIG, Office, events, person
from tests.servers.smtp import MailServer, text_of
from tests.servers.tcp import free_port, silent_server

NOTIFY = """\
notify:
  smtp: {{ server: 127.0.0.1, port: {port}, security: none, sender: training@contoso.com, timeout: 2s }}
  to:
    - {{ audience: company_managers, mail: ada@contoso.com }}
    - {{ audience: account_managers, mail: orders@vendor.example }}
    - {{ audience: admins, mail: it@contoso.com }}
"""


@pytest.fixture
def told(office: Office, mail: MailServer) -> Office:
    """An office that tells people."""
    office.configure(CONFIG + NOTIFY.format(port=mail.port))
    return office


@pytest.fixture
def unheard(office: Office) -> Office:
    """An office whose mail server is away."""
    office.configure(CONFIG + NOTIFY.format(port=free_port()))
    return office


def test_orders_and_runs_tell_whom_they_concern(told: Office, mail: MailServer) -> None:
    told.say("licenses", "request", "1", code=0)
    assert [got["To"] for got in mail.received] == ["orders@vendor.example"]
    told.say("licenses", "assign", "1", code=0)
    assert [got["To"] for got in mail.received[1:]] == ["ada@contoso.com"]
    told.say("sync", code=5)
    assert "2 people wait for a license" in text_of(mail.received[2])
    told.say("sync", code=5)
    assert len(mail.received) == 3
    told.say("plan")
    assert len(mail.received) == 3


def test_a_run_that_fails_is_told_and_its_exit_code_stays(told: Office, mail: MailServer) -> None:
    (told.folder / "people.csv").unlink()
    told.say("sync", code=4)
    assert [(got["To"], got["Subject"]) for got in mail.received] == [
        ("it@contoso.com", "Contoso: The sync has failed")
    ]
    assert "people.csv" in text_of(mail.received[0])


def test_a_server_that_is_away_fails_no_run(unheard: Office) -> None:
    unheard.order(3)
    found = unheard.run("sync")
    assert found.returncode == 0
    (event,) = events(found.stderr, "notices_not_sent")
    assert "Connection refused" in event["why"]
    assert "@" not in event["why"]
    shown = unheard.say("notify", "list", code=0).stdout
    assert "order_assigned" in shown
    assert "Connection refused" in shown
    assert "waits" in shown


def test_what_waits_is_sent_on_request(unheard: Office, mail: MailServer) -> None:
    unheard.order(3)
    found = unheard.say("notify", "send", code=4)
    assert "0 notices sent, 2 wait for another try." in found.stdout
    assert re.search(r"✗ mail: 127.0.0.1:\d+: Connection refused", found.stdout)
    unheard.configure(CONFIG + NOTIFY.format(port=mail.port))
    assert "2 notices sent." in unheard.say("notify", "send", code=0).stdout
    assert "0 notices sent." in unheard.say("notify", "send", code=0).stdout
    listed = unheard.json("notify", "list")
    assert {entry["state"] for entry in listed} == {"sent"}
    assert {entry["to"] for entry in listed} == {"ada@contoso.com", "orders@vendor.example"}
    assert unheard.json("notify", "send")["sent"] == 0


def test_what_was_refused_is_sent_once_it_is_repaired(told: Office, mail: MailServer) -> None:
    mail.answers["ada@contoso.com"] = "550 no such user"
    told.order(3)
    shown = told.say("notify", "list", code=0).stdout
    assert "refused" in shown
    assert "550 no such user" in shown
    assert "1 notice did not arrive; once that is repaired:" in shown
    mail.answers.clear()
    told.say("notify", "send", code=0)
    assert not mail.to("ada@contoso.com")
    told.say("notify", "send", "--failed", code=0)
    assert len(mail.to("ada@contoso.com")) == 1


def test_a_test_says_which_targets_took_it(told: Office, mail: MailServer) -> None:
    mail.answers["it@contoso.com"] = "550 no such user"
    found = told.say("notify", "test", code=4).stdout
    assert "✓ mail ada@contoso.com: took the test message" in found
    assert "✗ mail it@contoso.com: 550 no such user" in found
    assert "syncd notify test" in text_of(mail.to("ada@contoso.com")[0])
    mail.answers.clear()
    assert [entry["ok"] for entry in told.json("notify", "test")] == [True, True, True]
    assert told.json("notify", "list") == []


@pytest.mark.parametrize("event", [str(event) for event in Event])
def test_every_event_can_be_looked_at_beforehand(office: Office, event: str) -> None:
    assert event in office.say("notify", "preview", "--help", code=0).stdout
    shown = office.say("notify", "preview", event, code=0).stdout
    assert shown.startswith("Subject: Contoso: ")
    assert "<html" in office.say("notify", "preview", event, "--html", code=0).stdout


def test_a_preview_may_be_in_another_language_and_in_a_file(office: Office) -> None:
    path = office.folder / "mail.html"
    office.say("notify", "preview", "held", "--html", "--language", "de", "--output", str(path), code=0)
    assert "Der Abgleich ist angehalten" in path.read_text()


def test_nobody_to_tell_is_said(office: Office) -> None:
    assert "there is no target in notify.to" in office.say("notify", "send", code=2).stderr
    assert "there is no target in notify.to" in office.say("notify", "test", code=2).stderr
    assert "no notices are configured" in office.say("notify", "list", code=0).stdout
    office.say("licenses", "request", "3", code=0)
    assert office.json("notify", "list") == []


def test_a_mistake_in_a_template_is_found_by_config_check_and_costs_no_notice(
    told: Office, mail: MailServer
) -> None:
    folder = told.folder / "words"
    folder.mkdir()
    (folder / "section.txt").write_text("{{ title }}\n{{ tittle }}\n")
    told.configure(told.config.read_text() + "  templates: words\n")
    found = told.say("config", "check", code=2)
    assert f"{folder / 'section.txt'}:2: 'tittle' is undefined" in found.stderr
    assert told.json("config", "check", code=2)["problems"][0]["line"] == 2
    told.say("licenses", "request", "3", code=0)
    assert "premium licenses are requested" in text_of(mail.received[0])


def test_a_password_is_in_no_output(office: Office, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret-word")
    smtp = "smtp: { server: 127.0.0.1, port: 1, sender: a@b, user: u, password: { file: password } }"
    office.configure(f"{CONFIG}notify:\n  {smtp}\n  to: [{{ mail: ada@contoso.com }}]\n")
    found = office.run("licenses", "request", "3", "--note", "x")
    listed = office.run("notify", "list", "--json")
    assert "s3cret" not in found.stdout + found.stderr + listed.stdout + listed.stderr


def test_whoever_does_not_wait_for_a_silent_server_is_told_that_the_run_is_done(office: Office) -> None:
    with silent_server() as port:
        office.configure(CONFIG + NOTIFY.format(port=port).replace("timeout: 2s", "timeout: 100s"))
        office.employ(*(person(f"p{number}") for number in range(3)))
        process = office.start("--log-level", "info", "sync")
        assert process.stderr is not None
        lines = []
        while "run_finished" not in (line := process.stderr.readline()):
            lines.append(line)
            assert line, "".join(lines)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, 143)
    assert "run 1 is done, but not everybody was told" in errors
    assert "notify send" in errors
