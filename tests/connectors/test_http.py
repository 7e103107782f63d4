"""The one HTTP session: whom it trusts, which way it goes, how long it waits, what it says when it fails."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import responses
import structlog

from connectors.http import Http, _trust
from connectors.http_options import HttpOptions
from syncd.errors import ConfigError, Retriable, SyncdError, Unanswered, Unavailable
from syncd.ports import Answered
from tests.heard import Heard
from tests.servers.certificates import Authority, ServerCertificate
from tests.servers.connect_proxy import ConnectProxy
from tests.servers.tcp import LoopbackServer, free_port, silent_server

PASSWORD = "SYNCD_TEST_PROXY_PASSWORD"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        date = b"Date: Thu, 09 Oct 2025 08:53:20 GMT\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + date + b"\r\nhello")
        await writer.drain()


@pytest.fixture(scope="module")
def server(certificates: Authority) -> Iterator[LoopbackServer]:
    with LoopbackServer(_answer, host="127.0.0.1", tls=certificates.issue().server_context()) as running:
        yield running


@pytest.fixture
def url(server: LoopbackServer) -> str:
    return f"https://localhost:{server.port}/"


def get(url: str, **options: Any) -> str:
    with Http(HttpOptions.model_validate(options)) as http:
        return http.send("GET", url).text


def failure(url: str, **options: Any) -> SyncdError:
    with pytest.raises(SyncdError) as caught:
        get(url, **options)
    assert caught.value.next_step
    return caught.value


# -- trust -------------------------------------------------------------------------------------------------


def test_an_authority_of_ones_own_is_trusted_when_named(url: str, certificates: Authority) -> None:
    assert get(url, ca_file=certificates.ca) == "hello"
    found = failure(url)
    assert "unknown authority" in found.message
    assert "inspects TLS" in found.next_step
    assert not isinstance(found, Retriable)


def test_authorities_are_loaded_once_and_again_when_their_file_has_changed(
    url: str, certificates: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []
    monkeypatch.setattr("connectors.http._trust", lambda path: loaded.append(path) or _trust(path))
    ours = tmp_path / "ca.pem"
    ours.write_bytes(certificates.ca.read_bytes())
    with Http(HttpOptions(ca_file=ours)) as http:
        for _ in range(3):
            assert http.send("GET", url).text == "hello"
            http.close()
        assert len(loaded) == 1
        ours.write_bytes(Authority.create(tmp_path / "other").ca.read_bytes())
        os.utime(ours, (1, 1))
        with pytest.raises(Unavailable):
            http.send("GET", url)
        assert len(loaded) == 2


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_what_is_configured_goes_before_the_environment(
    url: str, certificates: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    other = Authority.create(tmp_path)
    monkeypatch.setenv(variable, str(other.ca))
    assert get(url, ca_file=certificates.ca) == "hello"
    monkeypatch.setenv(variable, str(certificates.ca))
    assert get(url) == "hello"
    assert "unknown authority" in failure(url, ca_file=other.ca).message


def test_an_authority_that_cannot_be_read_is_named(url: str, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("empty.pem", "none.pem"):
        found = failure(url, ca_file=tmp_path / name)
        assert isinstance(found, ConfigError)
        assert str(tmp_path / name) in found.message


def _served(certificate: ServerCertificate) -> LoopbackServer:
    return LoopbackServer(_answer, host="127.0.0.1", tls=certificate.server_context())


def test_a_certificate_that_does_not_hold_says_why(certificates: Authority) -> None:
    expired, elsewhere = certificates.expired("localhost"), certificates.wrong_host()
    for certificate, words in ((expired, "has expired"), (elsewhere, "another host")):
        with _served(certificate) as server:
            found = failure(f"https://localhost:{server.port}/", ca_file=certificates.ca)
        assert words in found.message


def test_a_bare_container_trusts_the_public_authorities(
    url: str, certificates: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.http._system_has_authorities", lambda: False)
    assert "unknown authority" in failure(url).message
    assert get(url, ca_file=certificates.ca) == "hello"


# -- the way -----------------------------------------------------------------------------------------------


def test_the_configured_proxy_is_used_whatever_the_environment_says(
    url: str, certificates: Authority, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "localhost")
    with ConnectProxy() as proxy:
        assert get(url, ca_file=certificates.ca, proxy=proxy.url) == "hello"
        assert proxy.targets == [f"localhost:{server.port}"]


def test_without_one_the_environment_decides(
    url: str, certificates: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert get(url, ca_file=certificates.ca) == "hello"
        assert len(proxy.targets) == 1
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert get(url, ca_file=certificates.ca) == "hello"
        assert len(proxy.targets) == 1


def test_a_proxy_that_asks_who_we_are_is_told(
    url: str, certificates: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "p@ss:wörd")
    named = {"user": "syncd", "password": {"env": PASSWORD}}
    with ConnectProxy(password="p@ss:wörd") as proxy:
        assert get(url, ca_file=certificates.ca, proxy={"url": proxy.url, **named}) == "hello"
        monkeypatch.setenv("HTTPS_PROXY", proxy.url_with_password.replace("p@ss:wörd", "p%40ss%3Aw%C3%B6rd"))
        assert "407" in failure(url, proxy=proxy.url).message
        monkeypatch.setenv(PASSWORD, "wrong")
        found = failure(url, proxy={"url": proxy.url, **named})
        assert not isinstance(found, Retriable), "a password is not tried twice"
        assert "407" in found.message
        assert proxy.refused == 2


def test_a_proxy_that_does_not_let_us_through_is_named() -> None:
    with ConnectProxy() as proxy:
        found = failure("https://graph.example/", proxy=proxy.url)
        assert found.message == "the proxy does not let us to graph.example (403)"
    found = failure("https://graph.example/", proxy=f"http://127.0.0.1:{free_port()}")
    assert isinstance(found, Retriable)
    assert "the proxy cannot be reached" in found.message


def test_a_redirection_is_not_followed() -> None:
    with responses.RequestsMock() as web:
        web.get("http://graph.test/", status=302, headers={"Location": "https://portal.test/login?u=1"})
        assert "sent us on to portal.test" in failure("http://graph.test/").message
        assert len(web.calls) == 1


def test_no_password_is_taken_from_a_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine graph.test login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with responses.RequestsMock() as web:
        web.get("http://graph.test/", body="hello")
        assert get("http://graph.test/") == "hello"
        assert "Authorization" not in web.calls[0].request.headers


# -- waiting and failing -----------------------------------------------------------------------------------


def test_silence_ends() -> None:
    with silent_server() as port:
        found = failure(f"http://127.0.0.1:{port}/", read_timeout="1s")
    assert found.message == f"127.0.0.1:{port} sent nothing for 1 s"
    assert isinstance(found, Unanswered)


@pytest.mark.parametrize(
    ("address", "words", "kind"),
    [
        ("https://127.0.0.1:{port}/", "refused the connection", Retriable),
        ("https://no-such-host.invalid/", "is not known here", Retriable),
    ],
)
def test_a_host_that_is_not_there_is_named(address: str, words: str, kind: type[SyncdError]) -> None:
    found = failure(address.format(port=free_port()))
    assert type(found) is kind
    assert words in found.message


def test_a_port_that_speaks_no_tls_is_told() -> None:
    with LoopbackServer(_answer, host="127.0.0.1") as plain:

        async def shout(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"SSH-2.0-not-tls\r\n" * 9)
            await writer.drain()

        plain._handler = shout
        found = failure(f"https://127.0.0.1:{plain.port}/")
    assert type(found) is Unavailable
    assert "does not speak TLS" in found.message


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_an_answer_that_breaks_off_is_no_answer(said: bytes) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    with LoopbackServer(hang_up, host="127.0.0.1") as server:
        found = failure(f"http://127.0.0.1:{server.port}/")
    assert isinstance(found, Unanswered)
    assert "before its answer was complete" in found.message


def test_it_knows_by_how_much_our_clock_is_off(url: str, certificates: Authority) -> None:
    with Http(HttpOptions.model_validate({"ca_file": certificates.ca})) as http:
        assert http.clock_ahead == 0
        http.send("GET", url)
        assert http.their_time == pytest.approx(1_760_000_000, abs=2)
        assert http.clock_ahead > 0


@pytest.fixture
def every_level() -> Iterator[None]:
    """Logging as it is before anybody has configured it; a command given by another test may have."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("every_level")
def test_nothing_of_what_we_send_is_logged(url: str, certificates: Authority) -> None:
    with (
        structlog.testing.capture_logs() as logged,
        Http(HttpOptions.model_validate({"ca_file": certificates.ca})) as http,
    ):
        http.send("GET", f"{url}people?who=ann", headers={"Authorization": "Bearer hunter2"})
    (event,) = logged
    assert (event["event"], event["status"], event["log_level"]) == ("http_answered", 200, "debug")
    assert "hunter2" not in str(event)
    assert "ann" not in str(event)


# -- who hears of it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "answered"),
    [
        (200, {}, Answered.OK),
        (204, {}, Answered.OK),
        (302, {"Location": "https://login.test/"}, Answered.REFUSED),
        (403, {}, Answered.REFUSED),
        (429, {}, Answered.THROTTLED),
        (503, {"Retry-After": "5"}, Answered.THROTTLED),
        (503, {}, Answered.FAILED),
    ],
)
@responses.activate
def test_every_answer_is_heard_of_once(status: int, headers: dict[str, str], answered: Answered) -> None:
    responses.get("https://graph.test/", status=status, headers=headers)
    calls = Heard()
    with Http(HttpOptions(), calls) as http, suppress(Unavailable):
        http.send("GET", "https://graph.test/", operation="read")
    assert calls.calls == [("read", answered)]
    assert 0 <= calls.seconds[0] < 5


def test_no_answer_is_heard_of_as_a_failure() -> None:
    calls = Heard()
    with Http(HttpOptions(), calls) as http, pytest.raises(Retriable):
        http.send("GET", f"http://127.0.0.1:{free_port()}/")
    assert calls.calls == [("request", Answered.FAILED)]
