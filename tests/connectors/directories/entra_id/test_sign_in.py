"""Signing in: by every kind of credential, renewed in time, and every refusal in words with Entra's code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.directories.entra_id.trouble import sign_in_refused
from syncd.errors import ConfigError, Retriable, SyncdError, Unavailable
from tests.connectors.directories.entra_reading import Pauses, entra, everybody
from tests.servers.entra import (
    ClientCertificate,
    EntraServer,
    ForeignIssuer,
    Kind,
    ManagedIdentity,
    Tenant,
    Trouble,
)
from tests.servers.entra.wire import Response
from tests.servers.tcp import free_port

PASSPHRASE = "SYNCD_TEST_PASSPHRASE"
SUBJECT = "system:serviceaccount:sync:syncd"


@pytest.fixture(autouse=True)
def somebody(tenant: Tenant) -> None:
    tenant.add_user(mail="ann@contoso.test")


@pytest.fixture
def passphrase(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(PASSPHRASE, "open sesame")
    return "open sesame"


def tokens_issued(server: EntraServer) -> int:
    return sum(one.path.endswith("/oauth2/v2.0/token") for one in server.log)


def failure(server: EntraServer, **changes: Any) -> SyncdError:
    with pytest.raises(SyncdError) as caught:
        everybody(entra(server, **changes))
    assert server.secret not in f"{caught.value!r} {caught.value.next_step} {caught.value.__cause__!r}"
    return caught.value


# -- credentials -------------------------------------------------------------------------------------------


def test_a_secret_lets_us_in(server: EntraServer) -> None:
    assert len(everybody(entra(server))) == 1


def test_a_tenant_may_be_named_by_its_domain(server: EntraServer) -> None:
    assert len(everybody(entra(server, tenant_id="contoso.test"))) == 1


def test_a_certificate_lets_us_in(server: EntraServer, tmp_path: Path) -> None:
    made = ClientCertificate.create(tmp_path, starts=server.now() - 60)
    server.add_certificate(made.certificate)
    for file in (made.pem, made.pfx):
        assert len(everybody(entra(server, credential={"certificate": {"file": file}}))) == 1


def test_a_certificate_and_its_key_may_be_apart_and_locked(
    server: EntraServer, tmp_path: Path, passphrase: str
) -> None:
    made = ClientCertificate.create(tmp_path, starts=server.now() - 60, passphrase=passphrase)
    server.add_certificate(made.certificate)
    locked = {"passphrase": {"env": PASSPHRASE}}
    for files in ({"file": made.public, "private_key": made.pem}, {"file": made.pfx}):
        assert len(everybody(entra(server, credential={"certificate": {**files, **locked}}))) == 1


def test_a_thumbprint_stands_in_for_a_certificate(server: EntraServer, tmp_path: Path) -> None:
    made = ClientCertificate.create(tmp_path, starts=server.now() - 60)
    server.add_certificate(made.certificate)
    key = tmp_path / "key.pem"
    key.write_text(made.pem.read_text().partition("-----BEGIN CERTIFICATE")[0])
    thumbprint = server.app.certificates[0].thumbprint
    credential = {"certificate": {"file": key, "thumbprint": thumbprint}}
    assert len(everybody(entra(server, credential=credential))) == 1


def test_a_federated_token_lets_us_in(
    server: EntraServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = ForeignIssuer()
    server.trust(issuer, SUBJECT)
    file = tmp_path / "token"
    file.write_text(issuer.assertion(SUBJECT, now=server.now()) + "\n")
    assert len(everybody(entra(server, credential={"federated_token_file": file}))) == 1
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    assert len(everybody(entra(server, credential={"federated": True}))) == 1
    file.write_text(issuer.assertion(SUBJECT, now=server.now() - 9_000, lifetime=60))
    assert "700024" in failure(server, credential={"federated": True}).message


@pytest.fixture
def azure(server: EntraServer) -> Iterator[ManagedIdentity]:
    with ManagedIdentity(server) as identity:
        yield identity


def test_a_managed_identity_lets_us_in(
    server: EntraServer, azure: ManagedIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (azure.on_a_machine, azure.on_app_service):
        with monkeypatch.context() as patch:
            for name, value in place.items():
                patch.setenv(name, value)
            patch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")  # never asked for this host
            for whose in ("system", azure.app.client_id):
                directory = entra(server, credential={"managed_identity": whose}, client_id=None)
                assert len(everybody(directory)) == 1


def test_a_machine_without_an_identity_says_so(
    server: EntraServer, azure: ManagedIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.url)
    azure.assigned = False
    found = failure(server, credential={"managed_identity": "system"})
    assert "Identity not found" in found.message
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{free_port()}")
    found = failure(server, credential={"managed_identity": "system"})
    assert "no managed identity answers here" in found.message
    assert "managed_identity" in found.next_step


# -- how long a token lasts --------------------------------------------------------------------------------


def test_one_token_serves_many_reads(server: EntraServer) -> None:
    directory = entra(server)
    for _ in range(3):
        everybody(directory)
    assert tokens_issued(server) == 1


def test_a_token_is_renewed_before_it_ends(server: EntraServer) -> None:
    server.login.lifetime = 200  # msal counts the last five minutes as over
    directory = entra(server)
    for _ in range(3):
        everybody(directory)
    assert tokens_issued(server) == 3


def test_a_token_that_is_refused_is_renewed_once(server: EntraServer) -> None:
    directory = entra(server)
    everybody(directory)
    server.weather.arm(Trouble(Kind.TOKEN_REFUSED, path="/users"))
    assert len(everybody(directory)) == 1
    assert tokens_issued(server) == 2
    server.weather.arm(Trouble(Kind.TOKEN_REFUSED, path="/users", times=None))
    with pytest.raises(Unavailable, match="InvalidAuthenticationToken") as caught:
        everybody(directory)
    assert not isinstance(caught.value, Retriable)
    assert tokens_issued(server) == 3


def test_a_changed_secret_is_noticed_without_a_restart(server: EntraServer, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(server.secret)
    directory = entra(server, credential={"secret": {"file": file}})
    everybody(directory)
    file.write_text(server.add_secret())
    del server.app.secrets[0]
    server.weather.arm(Trouble(Kind.TOKEN_REFUSED, path="/users"))
    assert len(everybody(directory)) == 1


# -- refusals ----------------------------------------------------------------------------------------------

NOBODY = "8d1b2b6e-0000-4000-8000-000000000000"


def block(server: EntraServer) -> dict[str, Any]:
    server.app.blocked = True
    return {}


def expire(server: EntraServer) -> dict[str, Any]:
    server.app.secrets[0] = server.app.secrets[0]._replace(ends_at=server.now() - 1)
    return {}


def mistype(server: EntraServer) -> dict[str, Any]:
    os.environ["SYNCD_TEST_WRONG"] = server.app.secrets[0].key_id
    return {"credential": {"secret": {"env": "SYNCD_TEST_WRONG"}}}


@pytest.mark.parametrize(
    ("change", "kind", "code", "words", "step"),
    [
        (lambda _: {"tenant_id": NOBODY}, ConfigError, 90002, "no such tenant", "tenant_id and cloud"),
        (lambda _: {"client_id": NOBODY}, ConfigError, 700016, "no such app", "not its Object ID"),
        (mistype, Unavailable, 7000215, "secret's ID was copied instead", "column Value"),
        (expire, Unavailable, 7000222, "has expired", "Certificates & secrets"),
        (block, Unavailable, 53003, "Conditional Access", "Sign-in logs"),
    ],
    ids=["tenant", "client", "secret", "expired", "blocked"],
)
def test_a_refusal_says_what_it_is_and_what_to_do(
    server: EntraServer,
    change: Callable[[EntraServer], dict[str, Any]],
    kind: type[SyncdError],
    code: int,
    words: str,
    step: str,
) -> None:
    found = failure(server, **change(server))
    assert type(found) is kind
    assert f"(AADSTS{code}, trace " in found.message
    assert words in found.message
    assert step in found.next_step


def test_an_unknown_or_ended_certificate_is_named_as_that(server: EntraServer, tmp_path: Path) -> None:
    made = ClientCertificate.create(tmp_path, starts=server.now() - 60)
    credential = {"certificate": {"file": made.pem}}
    assert "AADSTS700027" in failure(server, credential=credential).message
    ended = ClientCertificate.create(tmp_path, "old", starts=server.now() - 86_400 * 9, days=2)
    server.add_certificate(ended.certificate)
    assert "AADSTS700027" in failure(server, credential={"certificate": {"file": ended.pem}}).message


@pytest.mark.parametrize(("skew", "side"), [(7200, "behind"), (-7200, "ahead")])
def test_a_wrong_clock_is_told_with_how_wrong_it_is(
    server: EntraServer, tmp_path: Path, skew: int, side: str
) -> None:
    made = ClientCertificate.create(tmp_path, starts=server.now() - 86_400)
    server.add_certificate(made.certificate)
    server.weather.skew = skew
    found = failure(server, credential={"certificate": {"file": made.pem}})
    assert "AADSTS700024" in found.message
    assert any(f"our clock is {seconds} s {side}" in found.message for seconds in (7199, 7200, 7201))


@pytest.mark.parametrize(
    ("claims", "code"),
    [({"iss": "https://other"}, 700211), ({"aud": "other"}, 700212), ({"sub": "other"}, 700213)],
)
def test_a_federation_that_does_not_fit_says_in_what(
    server: EntraServer, tmp_path: Path, claims: dict[str, str], code: int
) -> None:
    issuer = ForeignIssuer()
    server.trust(issuer, SUBJECT)
    file = tmp_path / "token"
    file.write_text(issuer.assertion(SUBJECT, now=server.now(), **claims))
    found = failure(server, credential={"federated_token_file": file})
    assert f"AADSTS{code}" in found.message
    assert "Federated credentials" in found.next_step


def test_a_missing_token_file_is_named(server: EntraServer, tmp_path: Path) -> None:
    found = failure(server, credential={"federated_token_file": tmp_path / "none"})
    assert str(tmp_path / "none") in found.message
    assert "AZURE_FEDERATED_TOKEN_FILE" in failure(server, credential={"federated": True}).message


def test_a_busy_sign_in_is_waited_for(server: EntraServer) -> None:
    server.weather.arm(Trouble(Kind.THROTTLED, path="*/oauth2/v2.0/token", times=2, retry_after="4"))
    server.weather.arm(Trouble(Kind.UNAVAILABLE, path="*/openid-configuration"))
    pauses = Pauses()
    assert len(everybody(entra(server, sleep=pauses))) == 1
    assert pauses[1:] == [4.0, 4.0]


def test_a_host_that_signs_nobody_in_is_named(server: EntraServer) -> None:
    server.weather.arm(Trouble(Kind.NOT_JSON, path="*/openid-configuration", times=None))
    found = failure(server)
    assert isinstance(found, Retriable)
    assert "cannot give a token" in found.message


@pytest.mark.parametrize("path", ["*/openid-configuration", "*/oauth2/v2.0/token"])
@pytest.mark.parametrize("kind", [Kind.RESET, Kind.TRUNCATED], ids=lambda kind: kind.name)
def test_a_sign_in_that_breaks_off_is_tried_again(server: EntraServer, path: str, kind: Kind) -> None:
    server.weather.arm(Trouble(kind, path=path))
    assert len(everybody(entra(server))) == 1


def test_a_login_page_in_between_is_no_token(server: EntraServer, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Response(200, b"<html>Please log in</html>", {"Content-Type": "text/html"})
    monkeypatch.setattr(server.login, "answer", lambda _: page)
    assert "no JSON" in failure(server).message


def test_a_refusal_of_another_number_is_shown_as_it_came() -> None:
    answer = {"error": "invalid_client", "error_description": "AADSTS999: Odd thing.\r\nTrace ID: abc Corr"}
    found = sign_in_refused(answer, "login.example", 0)
    assert found.message == "login.example refused the sign-in: Odd thing (AADSTS999, trace abc)"
    assert "code=999" in found.next_step
    assert "(invalid_client)" in sign_in_refused({"error": "invalid_client"}, "x", 0).message
