"""Mail as a server sees it: encrypted, authenticated, complete; and what its answers come to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from syncd.notify.mail import Mail
from syncd.notify.message import Answer, Fate, Message
from syncd.settings.notify import SmtpSection
from tests.servers.certificates import Authority
from tests.servers.smtp import MailServer, html_of, text_of
from tests.servers.tcp import LoopbackServer, silent_server

NOW = 1_800_000_000
MESSAGE = Message("0123abc", "ann@example.com", "Größe: 5 €", "Grüße\n", "<p>Grüße</p>\n", ())


def smtp(port: int, **options: object) -> SmtpSection:
    plain = {
        "server": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "Größe <training@contoso.com>",
    }
    return SmtpSection.model_validate({**plain, "timeout": "2s", **options})


def sent(section: SmtpSection, *messages: Message) -> list[Answer]:
    mail = Mail(section, lambda: NOW)
    try:
        return [mail.send(message) for message in messages or (MESSAGE,)]
    finally:
        mail.close()


@contextmanager
def running(server: MailServer) -> Iterator[MailServer]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def secret(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "password").write_text("s3cret-word\n")
    return {"file": str(tmp_path / "password")}


def test_a_mail_has_what_mails_have(mail: MailServer) -> None:
    assert sent(smtp(mail.port)) == [Answer(Fate.SENT)]
    (got,) = mail.received
    assert (got["From"], got["To"], got["Subject"]) == (
        "Größe <training@contoso.com>",
        "ann@example.com",
        "Größe: 5 €",
    )
    assert got["Message-ID"] == "<0123abc@contoso.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(got["Date"]) == datetime.fromtimestamp(NOW, UTC)
    assert got.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in got.iter_parts()] == ["text/plain", "text/html"]
    assert (text_of(got), html_of(got)) == ("Grüße\n", "<p>Grüße</p>\n")


def test_many_mails_are_one_connection(mail: MailServer) -> None:
    others = [MESSAGE._replace(to=f"p{number}@example.com") for number in range(20)]
    assert {answer.fate for answer in sent(smtp(mail.port), *others)} == {Fate.SENT}
    assert (len(mail.received), mail.connections) == (20, 1)


@pytest.mark.parametrize("trusted", [True, False])
def test_starttls_and_a_password(certificates: Authority, secret: dict[str, str], trusted: bool) -> None:
    certificate = certificates.issue()
    with running(MailServer(certificate, "svc-syncd", "s3cret-word")) as server:
        options = {"security": "starttls", "user": "svc-syncd", "password": secret, "server": "localhost"}
        if trusted:
            options["ca_file"] = str(certificate.ca)
        (answer,) = sent(smtp(server.port, **options))
        assert (answer.fate, len(server.received)) == ((Fate.SENT, 1) if trusted else (Fate.DEFERRED, 0)), (
            answer.why
        )
        assert trusted or "certificate verify failed" in answer.why


def test_a_certificate_for_another_host_is_none(certificates: Authority) -> None:
    certificate = certificates.wrong_host()
    with running(MailServer(certificate)) as server:
        (answer,) = sent(smtp(server.port, security="starttls", ca_file=str(certificate.ca)))
    assert answer.fate is Fate.DEFERRED
    assert answer.down
    assert "verify failed" in answer.why


def test_a_wrong_password_is_named_and_not_repeated(certificates: Authority, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wr0ng-word")
    certificate = certificates.issue()
    with running(MailServer(certificate, "svc-syncd", "s3cret-word")) as server:
        password = {"file": str(tmp_path / "wrong")}
        options = {"user": "svc-syncd", "password": password, "ca_file": str(certificate.ca)}
        first, second = sent(smtp(server.port, security="starttls", **options), MESSAGE, MESSAGE)
    assert first.fate is second.fate is Fate.DEFERRED
    assert first.down
    assert "wr0ng" not in first.why + second.why
    assert "127.0.0.1" in first.why


def test_a_secret_that_is_not_there_is_said(mail: MailServer, tmp_path: Path) -> None:
    password = {"file": str(tmp_path / "nowhere")}
    (answer,) = sent(smtp(mail.port, security="starttls", user="u", password=password))
    assert answer.down
    (answer,) = sent(smtp(mail.port, security="tls", user="u", password=password))
    assert answer.down


def test_a_server_without_starttls_gets_nothing(mail: MailServer) -> None:
    (answer,) = sent(smtp(mail.port, security="starttls"))
    assert (answer.fate, answer.down, mail.received) == (Fate.DEFERRED, True, [])
    assert "STARTTLS" in answer.why


@pytest.mark.parametrize(
    ("said", "fate"),
    [("550 5.1.1 unknown", Fate.REFUSED), ("451 4.2.0 busy", Fate.DEFERRED), ("252 perhaps", Fate.DEFERRED)],
)
def test_what_is_said_to_a_recipient_is_about_that_recipient(mail: MailServer, said: str, fate: Fate) -> None:
    mail.answers["ann@example.com"] = said
    first, second = sent(smtp(mail.port), MESSAGE, MESSAGE._replace(to="bob@example.com"))
    assert first == Answer(fate, said)
    assert second == Answer(Fate.SENT)
    assert mail.connections == 1


@pytest.mark.parametrize(("said", "fate"), [("554 no spam", Fate.REFUSED), ("452 full", Fate.DEFERRED)])
def test_what_is_said_to_a_text_is_about_that_text(mail: MailServer, said: str, fate: Fate) -> None:
    mail.verdict = said
    assert sent(smtp(mail.port)) == [Answer(fate, said)]


def test_a_server_that_says_nothing_is_down() -> None:
    with silent_server() as port:
        (answer,) = sent(smtp(port, timeout="1s"))
    assert (answer.fate, answer.down) == (Fate.DEFERRED, True)
    assert "did not answer within 1 s" in answer.why


def test_a_text_nobody_answered_for_may_have_been_sent(mail: MailServer) -> None:
    mail.deaf = True
    (answer,) = sent(smtp(mail.port, timeout="1s"))
    assert (answer.fate, answer.down, len(mail.received)) == (Fate.UNKNOWN, True, 1)


def test_a_connection_lost_between_two_mails_is_made_anew(mail: MailServer) -> None:
    channel = Mail(smtp(mail.port), lambda: NOW)
    assert channel.send(MESSAGE).fate is Fate.SENT
    mail.stop()
    mail.start()
    assert channel.send(MESSAGE).fate is Fate.SENT
    channel.close()
    assert len(mail.received) == 2


def test_421_ends_it_for_this_round() -> None:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := await reader.readline():
            busy = line.upper().startswith(b"MAIL")
            writer.write(b"421 come back later\r\n" if busy else b"250 fine\r\n")

    with LoopbackServer(closing, host="127.0.0.1") as server:
        assert sent(smtp(server.port)) == [Answer(Fate.DEFERRED, "421 come back later", down=True)]


def test_an_address_with_other_letters_goes_to_a_server_that_takes_them(mail: MailServer) -> None:
    message = MESSAGE._replace(to="jürgen@example.com")
    assert sent(smtp(mail.port), message, MESSAGE) == [Answer(Fate.SENT), Answer(Fate.SENT)]
    assert [got["To"] for got in mail.received] == ["jürgen@example.com", "ann@example.com"]


def test_an_address_with_other_letters_is_refused_where_no_server_takes_it() -> None:
    async def ascii_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while await reader.readline():
            writer.write(b"250 fine\r\n")

    with LoopbackServer(ascii_only, host="127.0.0.1") as server:
        (answer,) = sent(smtp(server.port), MESSAGE._replace(to="jürgen@example.com"))
    assert (answer.fate, answer.down) == (Fate.REFUSED, False)
