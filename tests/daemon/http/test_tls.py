"""The certificate the daemon shows: a wrong one is told at the start, a renewed one shown after a reload."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from syncd import settings
from syncd.app import App, assembled
from syncd.daemon.http.server import HttpServer
from syncd.daemon.queue import Queue
from syncd.daemon.status import Status
from syncd.errors import ConfigError
from syncd.licensing.due import Rules, decide
from syncd.licensing.notices import Event, Situation
from syncd.settings import Settings
from syncd.telemetry.calls import CallCounts
from tests.office import CONFIG, Office, person
from tests.servers.certificates import Authority, ServerCertificate
from tests.servers.tcp import free_port


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "tls", "Contoso")


@contextmanager
def answering(office: Office, ours: ServerCertificate) -> Iterator[tuple[HttpServer, Settings, App]]:
    tls = f"tls: {{ certificate: {ours.certificate}, key: {ours.key} }}"
    office.configure(f"{CONFIG}http: {{ listen: '127.0.0.1:{free_port()}', {tls} }}\n")
    found = settings.load(office.config)
    with assembled(found) as app:
        server = HttpServer(found.http, app, Queue(), Status(), CallCounts())
        server.start()
        try:
            yield server, found, app
        finally:
            server.stop()


def locked(key: Path) -> bytes:
    """The same key, behind a passphrase."""
    found = load_pem_private_key(key.read_bytes(), None)
    return found.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda ours, other: other.key.rename(ours.key), "the key is that of another certificate"),
        (lambda ours, _: ours.certificate.write_text("none\n"), "one of them is not what it should be"),
        (lambda ours, _: ours.key.write_bytes(locked(ours.key)), "its key has a passphrase"),
    ],
)
def test_a_certificate_that_cannot_be_shown_is_told_at_the_start(
    tmp_path: Path, authority: Authority, spoil: Callable[..., object], why: str
) -> None:
    ours = authority.issue("127.0.0.1")
    spoil(ours, authority.issue("127.0.0.1", stem="other"))
    with pytest.raises(ConfigError, match=why) as caught, answering(Office(tmp_path), ours):
        pass
    assert str(ours.certificate) in caught.value.message
    assert "PEM" in caught.value.next_step


def test_a_renewed_certificate_is_shown_after_a_reload(tmp_path: Path, authority: Authority) -> None:
    ours = authority.issue("127.0.0.1")
    with answering(Office(tmp_path), ours) as (server, found, app):

        def shown() -> str:
            return ssl.get_server_certificate((found.http.host, found.http.port))

        before, earlier_key = shown(), ours.key.read_bytes()
        authority.issue("127.0.0.1")
        assert shown() == before, "not before it is asked to"
        server.follow(found.http, app)
        renewed = shown()
        assert renewed != before
        ours.key.write_bytes(earlier_key)
        with pytest.raises(ConfigError, match="another certificate"):
            server.follow(found.http, app)
        assert shown() == renewed


def test_the_end_of_the_certificate_is_told_before_it_comes(tmp_path: Path, authority: Authority) -> None:
    ours = authority.issue("127.0.0.1", lifetime=timedelta(days=20))
    office = Office(tmp_path)
    office.employ(person("ann"))
    with answering(office, ours) as (_, found, app):
        assert "✓ http.tls: the certificate" in office.say("check", code=0).stdout
        (ending,) = app.inputs().credentials or ()
        assert ending[:2] == ("", f"certificate {ours.certificate}")
        assert ending.ends_at == pytest.approx(time.time() + 20 * 86_400, abs=60)
        decision = decide(Situation(), app.inputs(), Rules(), (), app.clock(), found.zone)
    (told,) = [notice for notice in decision.new if notice.told]
    assert (told.key.event, told.key.threshold) == (Event.CREDENTIALS, "30d")
    assert told.key.subject.startswith(f"daemon certificate {ours.certificate}, ")


def test_a_certificate_that_has_ended_does_not_work(tmp_path: Path, authority: Authority) -> None:
    ours, office = authority.expired("127.0.0.1"), Office(tmp_path)
    office.employ(person("ann"))
    with answering(office, ours):
        told = office.say("check", code=4).stdout
    assert f"✗ http.tls: the certificate {ours.certificate} ended on" in " ".join(told.split())
    assert "→ replace it, and reload the daemon" in told
