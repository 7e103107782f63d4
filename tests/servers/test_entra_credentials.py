"""Every way an application can prove who it is, through the real msal; and each way it can fail."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import msal  # type: ignore[import-untyped]
import pytest
import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.servers.entra import (
    ClientCertificate,
    EntraServer,
    ForeignIssuer,
    ManagedIdentity,
    SteppedClock,
    Tenant,
)
from tests.servers.entra.client import SCOPE, GraphClient

SUBJECT = "system:serviceaccount:syncd:syncd"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def now_tenant() -> Tenant:
    """In the present: msal writes its assertions by the real clock."""
    return Tenant()


@pytest.fixture
def live(now_tenant: Tenant, tmp_path: Path) -> Iterator[EntraServer]:
    with EntraServer(now_tenant, tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ClientCertificate:
    return ClientCertificate.create(tmp_path_factory.mktemp("client"), starts=time.time() - 86_400)


def log_in(live: EntraServer, credential: object) -> dict[str, Any]:
    app = msal.ConfidentialClientApplication(
        live.client_id,
        client_credential=credential,
        authority=live.authority,
        instance_discovery=False,
        verify=str(live.ca_file),
    )
    return dict(app.acquire_token_for_client([SCOPE]))


def works(live: EntraServer, answer: Mapping[str, Any]) -> bool:
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    url, ca = f"{live.graph_url}/users", str(live.ca_file)
    return requests.get(url, headers=headers, verify=ca, timeout=10).status_code == 200


def pem_credential(certificate: ClientCertificate) -> dict[str, str]:
    return {"private_key": certificate.pem.read_text(), "public_certificate": certificate.public.read_text()}


def test_a_certificate_by_its_sha256(live: EntraServer, certificate: ClientCertificate) -> None:
    live.add_certificate(certificate.certificate)
    assert works(live, log_in(live, pem_credential(certificate)))


def test_a_certificate_by_its_old_thumbprint(live: EntraServer, certificate: ClientCertificate) -> None:
    live.add_certificate(certificate.certificate)
    credential = {
        "private_key": certificate.pem.read_text(),
        "thumbprint": live.app.certificates[0].thumbprint,
    }
    assert works(live, log_in(live, credential))


def test_a_certificate_from_a_pfx_with_a_passphrase(live: EntraServer, tmp_path: Path) -> None:
    files = ClientCertificate.create(tmp_path, "locked", starts=time.time() - 60, passphrase="open sesame")
    live.add_certificate(files.certificate)
    credential = {"private_key_pfx_path": str(files.pfx), "passphrase": "open sesame"}
    assert works(live, log_in(live, credential))
    assert files.pfx.stat().st_mode & 0o77 == 0


def test_an_unknown_certificate(live: EntraServer, certificate: ClientCertificate) -> None:
    answer = log_in(live, pem_credential(certificate))
    assert answer["error_codes"] == [700027]
    assert "The key was not found." in answer["error_description"]


def test_an_expired_certificate(live: EntraServer, tmp_path: Path) -> None:
    files = ClientCertificate.create(tmp_path, "old", starts=time.time() - 10 * 86_400, days=9)
    live.add_certificate(files.certificate)
    answer = log_in(live, pem_credential(files))
    assert answer["error_codes"] == [700027]
    assert "The key used is expired." in answer["error_description"]


def test_a_key_that_is_not_the_certificates(
    live: EntraServer, certificate: ClientCertificate, tmp_path: Path
) -> None:
    other = ClientCertificate.create(tmp_path, "other", starts=time.time() - 60)
    live.add_certificate(certificate.certificate)
    answer = log_in(
        live, {"private_key": other.pem.read_text(), "public_certificate": certificate.public.read_text()}
    )
    assert answer["error_codes"] == [700027]
    assert "use of the key to verify the signature failed" in answer["error_description"]


@pytest.mark.parametrize(
    ("skew", "numbers"), [(200, None), (-200, None), (7200, [700024]), (-7200, [700024])]
)
def test_a_clock_that_is_wrong(
    live: EntraServer, certificate: ClientCertificate, skew: float, numbers: object
) -> None:
    live.add_certificate(certificate.certificate)
    live.weather.skew = skew
    assert log_in(live, pem_credential(certificate)).get("error_codes") == numbers


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"aud": "https://login.elsewhere.test/"}, 700023),
        ({"sub": "somebody else"}, 700030),
        ({"exp": "soon"}, 50027),
    ],
)
def test_what_an_assertion_must_say(
    live: EntraServer, certificate: ClientCertificate, claims: dict[str, Any], number: int
) -> None:
    live.add_certificate(certificate.certificate)
    me, at = live.client_id, int(time.time())
    usual = {"aud": f"{live.authority}/oauth2/v2.0/token", "iss": me, "sub": me, "nbf": at, "exp": at + 600}
    key = load_pem_private_key(certificate.pem.read_bytes(), None)
    header = {"x5t": live.app.certificates[0].names["x5t"]}
    assertion = jwt.encode(usual | claims, key, "RS256", header)  # type: ignore[arg-type]
    with GraphClient(live) as client:
        answer = client.token(client_secret="", client_assertion_type=JWT_BEARER, client_assertion=assertion)
    assert answer["error_codes"] == [number]


def test_what_is_no_assertion_at_all(live: EntraServer) -> None:
    with GraphClient(live) as client:
        garbage = client.token(client_secret="", client_assertion_type=JWT_BEARER, client_assertion="x.y")
        untyped = client.token(client_secret="", client_assertion="x.y.z")
    assert garbage["error_codes"] == [50027]
    assert untyped["error_codes"] == [900144]


def test_a_federated_credential(live: EntraServer) -> None:
    issuer = ForeignIssuer()
    live.trust(issuer, SUBJECT)
    credential = {"client_assertion": lambda: issuer.assertion(SUBJECT, now=time.time())}
    assert works(live, log_in(live, credential))


@pytest.mark.parametrize(
    ("subject", "changes", "number"),
    [
        ("system:serviceaccount:other:other", {}, 700213),
        (SUBJECT, {"audience": "api://elsewhere"}, 700212),
        (SUBJECT, {"iss": "https://oidc.elsewhere.test"}, 700211),
        (SUBJECT, {"lifetime": -3600}, 700024),
    ],
)
def test_a_federated_credential_that_does_not_match(
    live: EntraServer, subject: str, changes: dict[str, Any], number: int
) -> None:
    issuer = ForeignIssuer()
    live.trust(issuer, SUBJECT)
    credential = {"client_assertion": lambda: issuer.assertion(subject, now=time.time(), **changes)}
    assert log_in(live, credential)["error_codes"] == [number]


def test_somebody_elses_signature_on_a_federated_assertion(live: EntraServer) -> None:
    live.trust(ForeignIssuer(), SUBJECT)
    credential = {"client_assertion": lambda: ForeignIssuer().assertion(SUBJECT, now=time.time())}
    assert log_in(live, credential)["error_codes"] == [50027]


def managed(client_id: str = "") -> dict[str, Any]:
    which = (
        msal.UserAssignedManagedIdentity(client_id=client_id)
        if client_id
        else msal.SystemAssignedManagedIdentity()
    )
    with requests.Session() as session:
        client = msal.ManagedIdentityClient(which, http_client=session)
        return dict(client.acquire_token_for_client(resource="https://graph.microsoft.com"))


@pytest.mark.parametrize("where", ["on_a_machine", "on_app_service"])
def test_a_managed_identity(live: EntraServer, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    with ManagedIdentity(live) as identity:
        for name, value in getattr(identity, where).items():
            monkeypatch.setenv(name, value)
        assert works(live, managed())
        assert works(live, managed(identity.app.client_id))


def test_a_machine_without_an_identity(live: EntraServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with ManagedIdentity(live) as identity:
        for name, value in identity.on_a_machine.items():
            monkeypatch.setenv(name, value)
        identity.assigned = False
        answer = managed()
        assert answer["error"] == "invalid_request"
        assert "Identity not found" in str(answer)


def test_the_metadata_service_wants_its_header(live: EntraServer) -> None:
    with ManagedIdentity(live) as identity:
        for path in ("/metadata/identity/oauth2/token", "/msi/token", "/elsewhere"):
            assert requests.get(f"{identity.url}{path}?resource=x", timeout=10).status_code in (400, 401, 404)


def test_dates_of_certificates_can_be_read(entra: EntraServer, clock: SteppedClock, tmp_path: Path) -> None:
    files = ClientCertificate.create(tmp_path, starts=clock(), days=30)
    entra.add_certificate(files.certificate)
    entra.app.roles.add("Application.Read.All")
    with GraphClient(entra) as client:
        app = client.get(f"/applications(appId='{entra.client_id}')")
    assert [key["endDateTime"] for key in app["keyCredentials"]] == ["2026-01-31T00:00:00Z"]
