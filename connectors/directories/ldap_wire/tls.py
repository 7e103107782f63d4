"""TLS towards an LDAP server: what is trusted, and what the certificate says."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime

from connectors.directories.ldap_wire.options import TlsOptions
from syncd.errors import ConfigError


def context(options: TlsOptions) -> ssl.SSLContext:
    """OpenSSL checks chain, dates and host name itself during the handshake. Raises `ConfigError`."""
    try:
        made = ssl.create_default_context(cafile=str(options.ca_file) if options.ca_file else None)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError(
            f"tls.ca_file {options.ca_file} cannot be used: {exc.strerror or exc}",
            next_step="give a PEM file with the certificate of the authority that signed the server's",
        ) from exc
    if not options.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def protect(connection: socket.socket, host: str, options: TlsOptions) -> ssl.SSLSocket:
    """The same connection under TLS. Raises what `ssl` raises."""
    return context(options).wrap_socket(connection, server_hostname=options.server_name or host)


def expiry(connection: socket.socket) -> datetime | None:
    """When the server's certificate ends; None without TLS or when it was not verified."""
    if not isinstance(connection, ssl.SSLSocket):
        return None
    end = (connection.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if isinstance(end, str) else None
