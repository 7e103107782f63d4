"""The certificate we prove ourselves by: read from PEM or PFX, checked before anybody is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)

from connectors.directories.entra_id.options import CertificateOptions
from syncd.errors import ConfigError

_PEM = b"-----BEGIN "


class KeyPair(NamedTuple):
    """A private key, and the certificate it belongs to where we have that."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate | None

    @property
    def ends_at(self) -> int | None:
        """When the certificate ends, in seconds since 1970."""
        return int(self.certificate.not_valid_after_utc.timestamp()) if self.certificate else None

    def for_msal(self, thumbprint: str) -> dict[str, Any]:
        """As msal takes it. The key leaves our hands unencrypted, and only within this process."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        if self.certificate is None:
            return {"private_key": key, "thumbprint": thumbprint}
        return {
            "private_key": key,
            "public_certificate": self.certificate.public_bytes(Encoding.PEM).decode(),
        }


def load(options: CertificateOptions) -> KeyPair:
    """Raises `ConfigError` for whatever could not work: each with the file it is about."""
    passphrase = options.passphrase.reveal().encode() if options.passphrase else None
    content = _bytes(options.file)
    if not content.lstrip().startswith(_PEM):
        pair = _from_pfx(options.file, content, passphrase)
    else:
        key_file = options.private_key or options.file
        key = _key(key_file, _bytes(key_file), passphrase)
        pair = KeyPair(key, _certificate(options.file, content, key))
    _check(options, pair)
    return pair


def _from_pfx(path: Path, content: bytes, passphrase: bytes | None) -> KeyPair:
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(content, passphrase)
    except ValueError as exc:
        raise ConfigError(
            f"{path} is no PEM, and cannot be opened as PFX with "
            f"{'this passphrase' if passphrase else 'no passphrase'}",
            next_step="check credential.certificate.file and its passphrase",
        ) from exc
    if key is None or certificate is None:
        raise ConfigError(
            f"{path} holds no {'certificate' if key else 'private key'}",
            next_step="export it with its private key",
        )
    return KeyPair(_rsa(path, key), certificate)


def _key(path: Path, content: bytes, passphrase: bytes | None) -> rsa.RSAPrivateKey:
    if b"PRIVATE KEY-----" not in content:
        raise ConfigError(
            f"{path} holds no private key",
            next_step="name the file that does in credential.certificate.private_key",
        )
    try:
        return _rsa(path, load_pem_private_key(content, passphrase))
    except TypeError as exc:
        words, hint = ("has a passphrase", "say where it is in credential.certificate.passphrase")
        if passphrase:
            words, hint = ("has no passphrase", "remove credential.certificate.passphrase")
        raise ConfigError(f"the private key in {path} {words}", next_step=hint) from exc
    except ValueError as exc:
        wrong = "the passphrase is wrong, or the key damaged" if passphrase else "the key is damaged"
        raise ConfigError(f"{path}: {wrong}", next_step="check the file and its passphrase") from exc


def _rsa(path: Path, key: object) -> rsa.RSAPrivateKey:
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError(
            f"the key in {path} is no RSA key, and Entra takes no other",
            next_step="make a certificate with RSA",
        )
    return key


def _certificate(path: Path, content: bytes, key: rsa.RSAPrivateKey) -> x509.Certificate | None:
    """The certificate of this key, among those in the file; None where there are none at all."""
    if b"BEGIN CERTIFICATE" not in content:
        return None
    try:
        every = x509.load_pem_x509_certificates(content)
    except ValueError as exc:
        raise ConfigError(f"{path}: a certificate in it is damaged", next_step="export it again") from exc
    ours = _public(key.public_key())
    for one in every:
        if _public(one.public_key()) == ours:
            return one
    raise ConfigError(
        f"the certificate in {path} does not belong to the private key",
        next_step="give the two that were made together",
    )


def _public(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _check(options: CertificateOptions, pair: KeyPair) -> None:
    stated = options.plain_thumbprint
    if pair.certificate is None:
        if len(stated) != 40:
            raise ConfigError(
                f"{options.file} holds no certificate",
                next_step="add it to the file, or give the thumbprint (SHA-1, 40 digits) the portal shows",
            )
        return
    found = {pair.certificate.fingerprint(how).hex().upper() for how in (hashes.SHA1(), hashes.SHA256())}
    if stated and stated not in found:
        raise ConfigError(
            f"{options.file} holds the certificate {min(found, key=len)}, not {stated}",
            next_step="correct credential.certificate.thumbprint, or name the other certificate's file",
        )


def day(moment: int) -> str:
    """A moment as a date, for messages."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ConfigError(
            f"{path} cannot be read: {exc.strerror}",
            next_step="check the path and that the user running syncd may read it",
        ) from exc
