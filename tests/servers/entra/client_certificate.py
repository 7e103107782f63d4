"""A self-signed certificate with which an application proves who it is, in the files a client reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID


class ClientCertificate(NamedTuple):
    """`pem` holds the key and the certificate, `public` the certificate, `pfx` both. Keys are mode 0600."""

    pem: Path
    public: Path
    pfx: Path
    certificate: x509.Certificate

    @classmethod
    def create(
        cls,
        directory: Path,
        name: str = "syncd",
        *,
        starts: float,
        days: float = 365,
        passphrase: str = "",
    ) -> ClientCertificate:
        """Valid from `starts` on. With a passphrase, both the PEM key and the PFX are encrypted by it."""
        key = rsa.generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        since = datetime.fromtimestamp(int(starts), UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(since + timedelta(days=days))
            .sign(key, hashes.SHA256())
        )
        secret = passphrase.encode()
        how: KeySerializationEncryption = BestAvailableEncryption(secret) if secret else NoEncryption()
        pem, crt, pfx = (directory / f"{name}{end}" for end in (".pem", ".crt", ".pfx"))
        files = cls(pem, crt, pfx, certificate)
        public = certificate.public_bytes(Encoding.PEM)
        files.public.write_bytes(public)
        _write_secret(files.pem, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how) + public)
        bundle = serialize_key_and_certificates(name.encode(), key, certificate, None, how)
        _write_secret(files.pfx, bundle)
        return files


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
