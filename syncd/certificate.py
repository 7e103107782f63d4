"""The certificate the daemon shows: proven before anybody is promised an answer by it, and known to end."""

from __future__ import annotations

import ssl
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from syncd.dates import day
from syncd.errors import ConfigError
from syncd.model import Finding

_PART = "http.tls"


class Pair(Protocol):
    """A certificate with those above it, and its private key; PEM."""

    @property
    def certificate(self) -> Path: ...
    @property
    def key(self) -> Path: ...


def context_of(tls: Pair) -> ssl.SSLContext:
    """What to answer with. Raises `ConfigError` for files that cannot be used; it asks nobody anything."""
    context, asked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []

    def passphrase() -> str:
        asked.append(tls.key)
        return ""

    try:
        context.load_cert_chain(tls.certificate, tls.key, passphrase)
    except OSError as exc:
        why = "its key has a passphrase" if asked else _why(exc)
        raise ConfigError(
            f"{_PART}: {tls.certificate} with the key {tls.key} cannot be used: {why}",
            next_step="both are PEM files that the user running syncd may read; the key has no passphrase",
        ) from exc
    return context


def renew(context: ssl.SSLContext, tls: Pair) -> None:
    """Show what stands in the files now. Raises `ConfigError` when it cannot be; then all stays as it was."""
    context_of(tls)
    context.load_cert_chain(tls.certificate, tls.key)


def ends_at(tls: Pair) -> int:
    """When what stands in the file ends, in seconds since 1970. Raises `ConfigError` for what is none."""
    from cryptography import x509

    try:
        shown, *_ = x509.load_pem_x509_certificates(tls.certificate.read_bytes())
    except (OSError, ValueError) as exc:
        raise ConfigError(
            f"{_PART}: {tls.certificate} cannot be read as a certificate",
            next_step="it is a PEM file that the user running syncd may read",
        ) from exc
    return int(shown.not_valid_after_utc.timestamp())


def check(tls: Pair, now: int, zone: tzinfo) -> Finding:
    """Whether whoever asks over HTTPS can be answered, and until when."""
    try:
        context_of(tls)
        end = ends_at(tls)
    except ConfigError as exc:
        words = exc.message.removeprefix(f"{_PART}: ")
        return Finding(_PART, False, words, exc.next_step, exc.exit_code)
    words = f"the certificate {tls.certificate}"
    if end > now:
        return Finding(_PART, ok=True, message=f"{words} is good until {day(end, zone)}")
    replace = "replace it, and reload the daemon"
    return Finding(_PART, ok=False, message=f"{words} ended on {day(end, zone)}", next_step=replace)


def _why(exc: OSError) -> str:
    if not isinstance(exc, ssl.SSLError):
        return exc.strerror or type(exc).__name__
    mixed_up = exc.reason == "KEY_VALUES_MISMATCH"
    return "the key is that of another certificate" if mixed_up else "one of them is not what it should be"
