"""Why there was no answer over HTTP, in words, with what to do next."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

from syncd.errors import Retriable, Unanswered, Unavailable

_INSPECTED = "if a proxy or firewall inspects TLS on the way, set ca_file to the certificate of its authority"
_ON_THE_WAY = "check the address, and proxies and firewalls on the way"
_UNKNOWN = ("its certificate comes from an unknown authority", _INSPECTED)
_CERTIFICATE = {  # OpenSSL's X509_V_ERR_*
    9: ("its certificate is not valid yet", "check this machine's clock"),
    10: ("its certificate has expired", "check this machine's clock, then the certificate's dates"),
    18: ("its certificate is self-signed", _INSPECTED),
    19: _UNKNOWN,
    20: _UNKNOWN,
    21: _UNKNOWN,
    62: ("its certificate is for another host name", "check the host name, and what answers in its place"),
    64: ("its certificate is not for this IP address", "use a name the certificate carries"),
}
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")


class Timeouts(NamedTuple):
    """Seconds, in the order `requests` takes them."""

    connect: float
    read: float


def cannot_reach(exc: Exception, url: str, timeouts: Timeouts) -> Unavailable:
    """The error for a request without a whole answer: `Retriable` where the next may fare better, and
    `Unanswered` where it may have arrived."""
    causes = tuple(_causes(exc, depth=6))
    host = host_of(url)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            other = (f"its certificate was refused: {cause.verify_message}", _INSPECTED)
            words, next_step = _CERTIFICATE.get(cause.verify_code, other)
            return Unavailable(f"{host}: {words}", next_step=next_step)
    if isinstance(exc, requests.exceptions.ProxyError):
        return _of_the_proxy(causes, url)
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            hint = "check the spelling, this machine's DNS, and whether a proxy is needed"
            return Retriable(f"{host}: its name is not known here", next_step=hint)
        if isinstance(cause, ConnectionRefusedError):
            return Retriable(f"{host} refused the connection", next_step=_ON_THE_WAY)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            words = f"{host} does not speak TLS as we do ({cause.reason or cause})"
            return Unavailable(words, next_step="check the host and its port")
    if isinstance(exc, requests.ConnectTimeout):
        return Retriable(f"{host}: no connection within {timeouts.connect:g} s", next_step=_ON_THE_WAY)
    if any(
        isinstance(cause, (requests.ReadTimeout, TimeoutError)) or "timed out" in str(cause)
        for cause in causes
    ):
        hint = "run again; raise read_timeout where the network is slow"
        return Unanswered(f"{host} sent nothing for {timeouts.read:g} s", next_step=hint)
    if isinstance(exc, requests.exceptions.InvalidURL):
        return Unavailable(f"{host} is no address that can be reached", next_step="correct it")
    hint = "run again; if it happens again, look at proxies and firewalls on the way"
    return Unanswered(f"{host} ended the connection before its answer was complete", next_step=hint)


def refused_by_proxy(url: str) -> Unavailable:
    return Unavailable(
        f"the proxy wants to know who we are before it lets us to {host_of(url)} (407)",
        next_step="give proxy: { url, user, password }, or check them; or let the proxy pass this host",
    )


def redirected(url: str, location: str) -> Unavailable:
    """Nobody we talk to redirects: it is a proxy's login page, or the wrong host."""
    return Unavailable(
        f"{host_of(url)} sent us on to {host_of(location) or 'another page'}, as login pages of proxies do",
        next_step="check the host name, and let the proxy pass it without a login page",
    )


def host_of(url: str) -> str:
    """The host, with a port that is not the usual one; for messages."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _of_the_proxy(causes: tuple[BaseException, ...], url: str) -> Unavailable:
    for cause in causes:
        if found := _TUNNEL.search(str(cause)):
            if found[1] == "407":
                return refused_by_proxy(url)
            words = f"the proxy does not let us to {host_of(url)} ({found[1]})"
            kind = Retriable if found[1].startswith("5") else Unavailable
            return kind(words, next_step="let the proxy pass this host on port 443")
    return Retriable("the proxy cannot be reached", next_step="check proxy, or HTTPS_PROXY where none is set")


def _causes(exc: BaseException, depth: int) -> Iterator[BaseException]:
    """An exception and whatever lies below it, wherever `requests` and `urllib3` have put that."""
    yield exc
    if depth:
        below = [*exc.args, getattr(exc, "reason", None), exc.__cause__, exc.__context__]
        for one in below:
            if isinstance(one, BaseException):
                yield from _causes(one, depth - 1)
