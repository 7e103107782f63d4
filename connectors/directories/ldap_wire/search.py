"""Paged searches (RFC 2696): pages of raw entries, the next one asked for before this one is handed out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ldap3 import BASE, DEREF_NEVER, SUBTREE
from ldap3.core.exceptions import LDAPException
from ldap3.operation.search import search_operation
from ldap3.utils.asn1 import encode as encode_asn1  # type: ignore[attr-defined]

from connectors.directories.ldap_wire import ber, messages
from connectors.directories.ldap_wire.ber import BerError
from connectors.directories.ldap_wire.result import decode_notice, decode_references, decode_result
from connectors.directories.ldap_wire.session import Session
from connectors.directories.ldap_wire.trouble import BUSY, SUCCESS, Result, broken_off, search_failed
from syncd.errors import ConfigError, Incomplete
from syncd.ports import Answered

PAGED_RESULTS = b"1.2.840.113556.1.4.319"
_AND, _OR, _EQUAL = 0xA0, 0xA1, 0xA3  # the choices of a filter, and where it stands in a SearchRequest
_FILTER = 6
_AT_A_TIME = 100
DOMAIN_SCOPE = b"1.2.840.113556.1.4.1339"  # Active Directory: no references to other partitions


class Assertion(NamedTuple):
    """An attribute has this value."""

    attribute: str
    value: bytes


def portions(assertions: Sequence[Assertion]) -> Iterator[Sequence[Assertion]]:
    """As many of them at a time as one search should be `among`."""
    for start in range(0, len(assertions), _AT_A_TIME):
        yield assertions[start : start + _AT_A_TIME]


@dataclass(frozen=True)
class Search:
    """What is asked. `attributes` empty means the DN alone. `one`: the base itself, not what is below.

    `among`: only entries for which one of these holds; ldap3 takes ten times as long for a filter of them.
    """

    base: str
    filter: str = "(objectClass=*)"
    attributes: Sequence[str] = ()
    page_size: int = 1000
    one: bool = False
    among: Sequence[Assertion] = ()
    controls: Sequence[bytes] = field(default_factory=tuple)

    def request(self, number: int, cookie: bytes) -> bytes:
        """The LDAP message that asks for the page after `cookie`."""
        paging = ber.encode(ber.SEQUENCE, ber.encode_integer(self.page_size), ber.encode(ber.OCTETS, cookie))
        controls = [*map(control, self.controls)]
        if not self.one:
            controls.append(control(PAGED_RESULTS, paging))
        return self.message(number, controls)

    def message(self, number: int, controls: Sequence[bytes]) -> bytes:
        """The LDAP message that asks for everything at once, with these controls."""
        return ber.encode(
            ber.SEQUENCE,
            ber.encode_integer(number),
            self._operation,
            ber.encode(0xA0, *controls) if controls else b"",
        )

    @cached_property
    def _operation(self) -> bytes:
        """The SearchRequest, encoded once by ldap3. Raises `ConfigError` for a filter it cannot read."""
        try:
            request = search_operation(
                self.base, self.filter, BASE if self.one else SUBTREE, DEREF_NEVER,
                list(self.attributes) or ["1.1"], 0, 0, False, False, False,
            )  # fmt: skip
        except LDAPException as exc:
            raise ConfigError(
                f"the filter {self.filter} cannot be used: {exc}", next_step="correct filter"
            ) from exc
        encoded = bytes(encode_asn1(request))
        return _among(encoded, self.among) if self.among else encoded


@dataclass(slots=True)
class Page:
    """Raw entries, from their own tag on, and the URLs of continuation references."""

    entries: list[bytes]
    references: list[str]


def pages(session: Session, search: Search) -> Iterator[Page]:
    """Every page of the answer. Ends only when the server said that this was everything.

    Raises what `search_failed` and `broken_off` make of trouble. A server that ignores paging
    is read in portions all the same: memory holds two pages, never the directory.
    """
    with only_ldap(session):
        try:
            yield from _pages(session, search)
        except (OSError, messages.ClosedError) as exc:
            raise broken_off(exc, session.url, session.receive_timeout) from exc


def answers(session: Session, search: Search, controls: Sequence[bytes]) -> Iterator[messages.Message]:
    """Every message that answers a search made all at once with these controls, the last one included."""
    number, started = session.next_id(), time.monotonic()
    with only_ldap(session):
        try:
            session.socket.sendall(search.message(number, controls))
            while True:
                message = session.messages.next()
                if message.id != number:
                    raise unasked(session, message)
                if message.operation == messages.DONE:
                    result = decode_result(message.body, message.operation_ends)
                    session.calls.ended("changes", _answered(result), time.monotonic() - started)
                yield message
                if message.operation == messages.DONE:
                    return
        except (OSError, messages.ClosedError) as exc:
            session.calls.ended("changes", Answered.FAILED, time.monotonic() - started)
            raise broken_off(exc, session.url, session.receive_timeout) from exc


def _among(operation: bytes, assertions: Sequence[Assertion]) -> bytes:
    """A SearchRequest (RFC 4511, 4.5.1) whose filter asks for one of these, too."""
    tag, start, end = ber.header(operation, 0, len(operation))
    parts, at = [], start
    for _, _, following in ber.elements(operation, start, end):
        parts.append(operation[at:following])
        at = following
    equal = (
        ber.encode(_EQUAL, ber.encode(ber.OCTETS, name.encode()), ber.encode(ber.OCTETS, value))
        for name, value in assertions
    )
    parts[_FILTER] = ber.encode(_AND, parts[_FILTER], ber.encode(_OR, *equal))
    return ber.encode(tag, *parts)


@contextmanager
def only_ldap(session: Session) -> Iterator[None]:
    """Whatever of the session's answers turns out, inside, not to be LDAP is `Incomplete`."""
    try:
        yield
    except BerError as exc:
        raise Incomplete(
            f"{session.url} sent what is not LDAP: {exc}",
            next_step="look for a proxy or firewall that interferes",
        ) from exc


def _pages(session: Session, search: Search) -> Iterator[Page]:
    number, cookie = _ask(session, search, b""), b""
    while True:
        page = Page([], [])
        result = _awaited(session, number, page, most=search.page_size)
        if result is not None:
            if result.code != SUCCESS:
                raise search_failed(result, search.base, session.url)
            if result.cookie and result.cookie == cookie and not page.entries:
                raise Incomplete(f"{session.url} pages in a circle", next_step="look into the server's log")
            cookie = result.cookie
            number = _ask(session, search, cookie) if cookie else 0
        if page.entries or page.references:
            yield page
        if result is not None and not cookie:
            return


def _ask(session: Session, search: Search, cookie: bytes) -> int:
    number = session.next_id()
    session.socket.sendall(search.request(number, cookie))
    return number


def _awaited(session: Session, number: int, page: Page, *, most: int) -> Result | None:
    """What `_collect` returns. How long we waited for it is heard of, not how long ago we asked."""
    started = time.monotonic()
    try:
        result = _collect(session, number, page, most=most)
    except (OSError, messages.ClosedError, BerError, Incomplete):
        session.calls.ended("search", Answered.FAILED, time.monotonic() - started)
        raise
    session.calls.ended("search", _answered(result), time.monotonic() - started)
    return result


def _answered(result: Result | None) -> Answered:
    if result is None or result.code == SUCCESS:
        return Answered.OK
    return Answered.THROTTLED if result.code == BUSY else Answered.REFUSED


def _collect(session: Session, number: int, page: Page, *, most: int) -> Result | None:
    """Take messages into the page. None when it is over-full: the server does not page."""
    while len(page.entries) <= most:
        page.entries += session.messages.entries(number, most - len(page.entries))
        message = session.messages.next()
        if message.id != number:
            raise unasked(session, message)
        if message.operation == messages.ENTRY:
            page.entries.append(message.body)
        elif message.operation == messages.DONE:
            return decode_result(message.body, message.operation_ends)
        elif message.operation == messages.REFERENCE:
            page.references += decode_references(message.body)
        elif message.operation != messages.INTERMEDIATE:
            raise BerError(f"operation {message.operation:#04x} in the answer to a search")
    return None


def unasked(session: Session, message: messages.Message) -> Incomplete:
    """The error for a message that answers nothing we asked: mostly the notice of disconnection."""
    if message.id == 0 and message.operation == messages.EXTENDED:
        words = f"{session.url} ended the session: {decode_notice(message.body)}"
    else:
        words = f"{session.url} answered a question (message {message.id}) that is not open"
    return Incomplete(words, next_step="run again; if it happens again, look into the server's log")


def control(oid: bytes, value: bytes = b"", *, critical: bool = False) -> bytes:
    """A control. Unless it is `critical`, a server without it answers all the same."""
    return ber.encode(
        ber.SEQUENCE,
        ber.encode(ber.OCTETS, oid),
        ber.encode(ber.BOOLEAN, b"\xff") if critical else b"",
        ber.encode(ber.OCTETS, value) if value else b"",
    )
