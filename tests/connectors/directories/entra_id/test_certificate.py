"""The certificate to prove ourselves by: what cannot work is told before anybody is asked, with its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.directories.entra_id.certificate import load
from connectors.directories.entra_id.options import CertificateOptions
from syncd.errors import ConfigError
from tests.servers.entra import ClientCertificate

START = 1_760_000_000
VARIABLE = "SYNCD_TEST_PASSPHRASE"


@pytest.fixture
def made(tmp_path: Path) -> ClientCertificate:
    return ClientCertificate.create(tmp_path, starts=START, days=100)


@pytest.fixture
def locked(tmp_path: Path) -> ClientCertificate:
    return ClientCertificate.create(tmp_path, "locked", starts=START, passphrase="open sesame")


def failure(**given: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(CertificateOptions.model_validate(given))
    assert caught.value.next_step
    return caught.value


def test_it_tells_when_it_ends(made: ClientCertificate) -> None:
    for file in (made.pem, made.pfx):
        assert load(CertificateOptions(file=file)).ends_at == START + 100 * 86_400


def test_the_thumbprint_may_be_given_as_any_portal_shows_it(made: ClientCertificate) -> None:
    shown = made.certificate.fingerprint(hashes.SHA1()).hex(":")
    assert load(CertificateOptions(file=made.pem, thumbprint=shown)).certificate
    found = failure(file=made.pem, thumbprint="0" * 40)
    assert "holds the certificate" in found.message
    assert "0" * 40 in found.message


def test_the_certificate_of_the_key_is_found_among_others(
    made: ClientCertificate, locked: ClientCertificate, tmp_path: Path
) -> None:
    chain = tmp_path / "chain.pem"
    chain.write_bytes(locked.public.read_bytes() + made.pem.read_bytes())
    assert load(CertificateOptions(file=chain)).certificate == made.certificate
    assert "does not belong" in failure(file=locked.public, private_key=made.pem).message


def test_what_is_missing_is_named(made: ClientCertificate, tmp_path: Path) -> None:
    assert "cannot be read" in failure(file=tmp_path / "none.pem").message
    assert "no private key" in failure(file=made.public).message
    key = tmp_path / "key.pem"
    key.write_text(made.pem.read_text().partition("-----BEGIN CERTIFICATE")[0])
    assert "no certificate" in failure(file=key).message


def test_a_passphrase_that_does_not_fit_is_told(
    made: ClientCertificate, locked: ClientCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "open sesame")
    known = {"passphrase": {"env": VARIABLE}}
    assert load(CertificateOptions.model_validate({"file": locked.pem, **known})).certificate
    assert "has a passphrase" in failure(file=locked.pem).message
    assert "has no passphrase" in failure(file=made.pem, **known).message
    assert "with no passphrase" in failure(file=locked.pfx).message
    monkeypatch.setenv(VARIABLE, "wrong")
    for file in (locked.pem, locked.pfx):
        assert "passphrase" in failure(file=file, **known).message


def test_what_is_no_certificate_is_told(made: ClientCertificate, tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.write_bytes(b"\x00\x01")
    assert "is no PEM" in failure(file=odd).message
    odd.write_text(made.pem.read_text().replace("MII", "BII"))
    assert "damaged" in failure(file=odd).message
    curve = ec.generate_private_key(ec.SECP256R1())
    odd.write_bytes(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert "no RSA key" in failure(file=odd).message
