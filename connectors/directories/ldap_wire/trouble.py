"""What goes wrong on the way to an LDAP server and in its answers, in words, with what to do next."""

from __future__ import annotations

import re
import socket
import ssl
from typing import NamedTuple

from syncd.errors import ConfigError, Incomplete, Retriable, SyncdError, Unavailable

SUCCESS, SIZE_LIMIT, REFERRAL, NO_SUCH_OBJECT, BUSY, UNAVAILABLE = 0, 4, 10, 32, 51, 52


class Result(NamedTuple):
    """An LDAPResult (RFC 4511, 4.1.9) and the cookie of a paged search (RFC 2696)."""

    code: int
    matched_dn: str
    message: str
    referrals: tuple[str, ...] = ()
    cookie: bytes = b""


class Reason(NamedTuple):
    """Why a server could not be used. `passing`: it may be different soon."""

    text: str
    next_step: str
    passing: bool = False


_CERTIFICATE = {  # OpenSSL's X509_V_ERR_*
    9: ("its certificate is not valid yet", "check this machine's clock, and the certificate's dates"),
    10: ("its certificate has expired", "have the server's certificate renewed"),
    18: (
        "its certificate is self-signed",
        "set tls.ca_file to that certificate, or have it signed by an authority",
    ),
    19: (
        "its certificate comes from an unknown authority",
        "set tls.ca_file to the certificate of that authority",
    ),
    20: (
        "its certificate comes from an unknown authority",
        "set tls.ca_file to the certificate of that authority",
    ),
    21: (
        "its certificate comes from an unknown authority",
        "set tls.ca_file to the certificate of that authority",
    ),
    62: (
        "its certificate is for another host name",
        "use a name the certificate carries, or set tls.server_name",
    ),
    64: (
        "its certificate is not for this IP address",
        "use a name the certificate carries, or set tls.server_name",
    ),
}

# Win32 error codes, in hex behind "data" in the answer to a bind
# https://learn.microsoft.com/windows/win32/debug/system-error-codes
_BIND_DATA = {
    "525": ("there is no such account", "check bind.user"),
    "52e": ("the account or its password is wrong", "check bind.user and the password"),
    "530": ("the account may not log on at this time", "lift its logon hours"),
    "531": ("the account may not log on from this machine", "lift its workstation restriction"),
    "532": ("the account's password has expired", "set a new password, and let it not expire"),
    "533": ("the account is disabled", "enable it, or use another in bind.user"),
    "701": ("the account has expired", "extend it, or use another in bind.user"),
    "773": ("the account must change its password first", "set a new password without that demand"),
    "775": ("the account is locked out", "unlock it, and find out who tries wrong passwords"),
}

_RESULTS = {
    1: ("operations error", ""),
    2: ("protocol error", "check that this is an LDAP version 3 server"),
    3: ("time limit exceeded", "raise the time limit of the reading account, or narrow base_dn or filter"),
    4: ("size limit exceeded", "raise the size limit of the reading account, or lower page_size"),
    8: ("stronger authentication required", "use ldaps:// or tls: { start: true }"),
    11: (
        "administrative limit exceeded",
        "raise the limits of the reading account, or narrow base_dn",
    ),
    12: ("critical extension not available", ""),
    13: ("confidentiality required", "use ldaps:// or tls: { start: true }"),
    48: ("this kind of bind is not allowed", "check bind"),
    49: ("credentials refused", "check bind.user and the password"),
    50: ("insufficient access", "let the reading account read below base_dn"),
    51: ("the server is busy", "try again later, or add a second server"),
    52: ("the server is unavailable", "try again later, or add a second server"),
    53: ("the server is unwilling to perform this", ""),
    80: ("other error", "look into the server's log"),
}


def cannot_connect(exc: Exception, timeout: float) -> Reason:
    """Why connecting or the TLS handshake failed."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        text, next_step = _CERTIFICATE.get(exc.verify_code, ("", ""))
        return Reason(
            text or f"its certificate was refused: {exc.verify_message}", next_step or "check tls.ca_file"
        )
    if isinstance(exc, ssl.SSLEOFError):
        return Reason(
            "closed the connection during the TLS handshake", "check the port and its certificate", True
        )
    if isinstance(exc, ssl.SSLError):
        return Reason(
            f"does not speak TLS as we do ({exc.reason or exc})", "check the port: ldaps is 636, ldap 389"
        )
    if isinstance(exc, socket.gaierror):
        return Reason("its name is not known here", "check the spelling and this machine's DNS", True)
    if isinstance(exc, TimeoutError):
        return Reason(f"no answer within {timeout:g} s", "check the address, and firewalls on the way", True)
    if isinstance(exc, ConnectionRefusedError):
        return Reason("refused the connection", "check the port, and that the server runs", True)
    if isinstance(exc, OSError):
        return Reason(exc.strerror or str(exc) or type(exc).__name__, "check the network", True)
    return Reason(str(exc) or type(exc).__name__, "check that this is an LDAP server", True)


def bind_refused(result: Result, user: str) -> Reason:
    """Why the bind failed. Never `passing` unless the server itself says that it is busy."""
    found = re.search(r"\bdata ([0-9a-f]{3,8})\b", result.message, re.IGNORECASE)
    data = _BIND_DATA.get(found[1].lower().lstrip("0")) if found and result.code == 49 else None
    words, next_step = data or _RESULTS.get(result.code, (f"LDAP result {result.code}", ""))
    if not data and result.message and result.code != 49:
        words = f"{words} ({_tidy(result.message)})"
    return Reason(f"bind as {user} refused: {words}", next_step, result.code in (BUSY, UNAVAILABLE))


def search_failed(result: Result, base: str, server: str) -> SyncdError:
    """The error for a search that did not end in success."""
    where = f"{server}: {base or 'the root entry'}"
    if result.code == NO_SUCH_OBJECT:
        known = f"; what exists is {result.matched_dn}" if result.matched_dn else ""
        return ConfigError(
            f"{where} does not exist, or the reading account may not see it{known}",
            next_step="check base_dn and the account's permissions",
        )
    if result.code == REFERRAL:
        return ConfigError(
            f"{where} is held by another server: {', '.join(result.referrals) or 'it did not say which'}",
            next_step="add a directory with that server, or correct base_dn",
        )
    if result.code in (18, 34):
        return ConfigError(
            f"{where}: not accepted ({_tidy(result.message)})", next_step="check base_dn and filter"
        )
    words, next_step = _in_words(result)
    kind = Unavailable if result.code in (8, 13, 50) else Incomplete
    return kind(f"{where}: {words}", next_step=next_step or "look into the server's log")


def not_ringing(result: Result, server: str) -> Unavailable:
    """The error for a server that does not ring any more: `Incomplete` where asking again may help."""
    words, next_step = _in_words(result) if result.code else ("it ended that", "")
    if result.code in (1, 2, 8, 12, 13, 50, 53):  # it cannot, or we may not
        return Unavailable(f"{server} does not ring: {words}", next_step=next_step)
    return Incomplete(f"{server} rings no more: {words}")


def _in_words(result: Result) -> tuple[str, str]:
    """What a result means, with the server's own words, and what to do."""
    words, next_step = _RESULTS.get(result.code, (f"LDAP result {result.code}", ""))
    return f"{words} ({_tidy(result.message)})" if result.message else words, next_step


def broken_off(exc: Exception, server: str, timeout: float) -> Incomplete:
    """The error for a connection that failed in the middle of an answer."""
    if isinstance(exc, TimeoutError):
        words = f"sent nothing for {timeout:g} s"
        return Incomplete(
            f"{server} {words}", next_step="raise receive_timeout, or look at the server's load"
        )
    detail = exc.strerror if isinstance(exc, OSError) else str(exc)
    return Incomplete(
        f"{server} ended the connection in the middle of an answer" + (f": {detail}" if detail else ""),
        next_step="run again; if it happens again, look into the server's log",
    )


def none_usable(reasons: list[tuple[str, Reason]]) -> Unavailable:
    """The error when every server failed: each with its reason."""
    lines = "; ".join(f"{server}: {reason.text}" for server, reason in reasons)
    steps = dict.fromkeys(reason.next_step for _, reason in reasons if reason.next_step)
    kind = Retriable if any(reason.passing for _, reason in reasons) else Unavailable
    return kind(f"no server can be used: {lines}", next_step="; ".join(steps))


def _tidy(message: str) -> str:
    return " ".join(message.replace("\x00", " ").split())[:200]
