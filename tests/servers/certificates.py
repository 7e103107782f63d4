"""A certificate authority of our own, and server certificates good and bad."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK_NAMES = ("localhost", "127.0.0.1")


class ServerCertificate(NamedTuple):
    """Files in PEM: the certificate, its key (mode 0600), and the CA a client trusts it by."""

    certificate: Path
    key: Path
    ca: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def bundle(self, name: str) -> Path:
        """Certificate and key in one PKCS #12 file without a password, as NSS wants them."""
        certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        key = load_pem_private_key(self.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        path = self.key.with_suffix(".p12")
        path.touch(mode=0o600)
        path.write_bytes(
            serialize_key_and_certificates(name.encode(), key, certificate, None, NoEncryption())
        )
        return path


@dataclass(frozen=True)
class Authority:
    """A certificate authority that writes what it issues below `directory`."""

    directory: Path
    ca: Path
    _key: ec.EllipticCurvePrivateKey
    _certificate: x509.Certificate

    @classmethod
    def create(cls, directory: Path, name: str = "Test CA") -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, name, key.public_key(), timedelta(days=30))
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            **dict.fromkeys(
                ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
            ),
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "ca.pem"
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
        return cls(directory, path, key, certificate)

    def issue(
        self,
        *names: str,
        stem: str = "server",
        lifetime: timedelta = timedelta(days=20),
        loopback: bool = True,
    ) -> ServerCertificate:
        """A server certificate for these host names and addresses; a negative lifetime has expired."""
        every = [*names, *(LOOPBACK_NAMES if loopback else ())]
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(every[0], self._common_name, key.public_key(), lifetime)
            .add_extension(x509.SubjectAlternativeName(_alternatives(every)), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return self._write(stem, certificate, key)

    def expired(self, *names: str) -> ServerCertificate:
        return self.issue(*names, stem="expired", lifetime=timedelta(days=-2))

    def wrong_host(self) -> ServerCertificate:
        return self.issue("elsewhere.example", stem="wrong-host", loopback=False)

    @property
    def _common_name(self) -> str:
        return str(self._certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    def _write(
        self, stem: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> ServerCertificate:
        files = ServerCertificate(self.directory / f"{stem}.pem", self.directory / f"{stem}.key", self.ca)
        files.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        files.key.touch(mode=0o600)
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files


def _builder(
    subject: str, issuer: str, public_key: ec.EllipticCurvePublicKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + lifetime)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    return [_address(name) if name[0].isdigit() else x509.DNSName(name) for name in dict.fromkeys(names)]


def _address(text: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(text))
