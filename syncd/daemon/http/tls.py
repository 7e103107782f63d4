"""TLS: the certificate the daemon shows. It is proven before anybody is promised an answer by it."""

from __future__ import annotations

import ssl

from syncd.errors import ConfigError
from syncd.settings.http import HttpTlsSection


def context_of(tls: HttpTlsSection) -> ssl.SSLContext:
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
            f"http.tls: {tls.certificate} with the key {tls.key} cannot be used: {why}",
            next_step="both are PEM files that the user running syncd may read; the key has no passphrase",
        ) from exc
    return context


def renew(context: ssl.SSLContext, tls: HttpTlsSection) -> None:
    """Show what stands in the files now. Raises `ConfigError` when it cannot be; then all stays as it was."""
    context_of(tls)
    context.load_cert_chain(tls.certificate, tls.key)


def _why(exc: OSError) -> str:
    if not isinstance(exc, ssl.SSLError):
        return exc.strerror or type(exc).__name__
    mixed_up = exc.reason == "KEY_VALUES_MISMATCH"
    return "the key is that of another certificate" if mixed_up else "one of them is not what it should be"
