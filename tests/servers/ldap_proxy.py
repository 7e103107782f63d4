"""A proxy before a real LDAP server that limits it as Microsoft does, and makes trouble on demand.

with LdapProxy(samba) as proxy:
    proxy.arm(Trouble(Kind.CUT, after_entries=500))
    …read from proxy.url with samba's accounts, and trusting samba.ca…
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from tests.servers.ber import OCTETS, Element, constructed, read_element
from tests.servers.certificates import ServerCertificate
from tests.servers.ldap_limits import (
    MICROSOFT,
    SEARCH_DONE,
    SEARCH_ENTRY,
    SEARCH_REFERENCE,
    SEARCH_REQUEST,
    Limits,
    Message,
    Search,
    limit_search,
    result,
)
from tests.servers.tcp import LoopbackServer, hang_up

BUSY, UNAVAILABLE = 51, 52
BASE_SCOPE = 0
_EXTENDED_RESPONSE, _RESPONSE_NAME = 0x78, 0x8A
_NOTICE_OF_DISCONNECTION = b"1.3.6.1.4.1.1466.20036"


class Kind(Enum):
    CUT = auto()  # the connection ends without a word
    CUT_INSIDE = auto()  # … in the middle of a message
    STALL = auto()  # silence, with the connection open
    NOTICE = auto()  # an unsolicited notice of disconnection (RFC 4511 4.4.1), then the end
    RESULT = auto()  # the search ends with `code`


@dataclass(frozen=True)
class Trouble:
    """What happens, and when: in place of the message after so many entries, or after so many bytes.

    Entries are counted since it was armed, over all connections, and only of searches below a base;
    with `reads` only of reads of a single entry (scope base). It happens `times` times.
    """

    kind: Kind
    after_entries: int = 0
    after_bytes: int | None = None
    code: int = BUSY
    times: int = 1
    reads: bool = False


class Upstream(Protocol):
    """A server to stand before; `Samba` and `Slapd` are ones."""

    address: str
    tls_port: int

    @property
    def ca(self) -> Path: ...

    @property
    def certificate(self) -> ServerCertificate: ...


class LdapProxy(LoopbackServer):
    """Speaks LDAPS to the server and, but for `tls=False`, to the client, with the server's certificate.

    `referral`: an LDAP URL offered before the end of each search below a base.
    `long_lengths`: encode every answer as Active Directory does.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        limits: Limits = MICROSOFT,
        referral: str = "",
        long_lengths: bool = False,
        tls: bool = True,
    ) -> None:
        context = upstream.certificate.server_context() if tls else None
        super().__init__(self._relay, host="127.0.0.1", tls=context)
        self._target = (upstream.address, upstream.tls_port)
        self._trust = ssl.create_default_context(cafile=str(upstream.ca))
        self._scheme = "ldaps" if tls else "ldap"
        self.limits = limits
        self.referral = referral
        self.long_lengths = long_lengths
        self.connections = 0
        self.searches = 0
        self.heal()

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.host}:{self.port}"

    def arm(self, trouble: Trouble) -> None:
        """Let this happen; it replaces what was armed before."""
        self.entries_passed = self.bytes_passed = 0
        self._left = trouble.times
        self._trouble: Trouble | None = trouble

    def heal(self) -> None:
        """No more trouble. What has stalled stays so."""
        self._trouble = None
        self._left = self.entries_passed = self.bytes_passed = 0

    def strike_before_message(self, scope: int) -> Trouble | None:
        """The trouble to make now instead of passing an answer to a search of this scope."""
        armed = self._trouble
        if armed is None or armed.after_bytes is not None or armed.reads != (scope == BASE_SCOPE):
            return None
        return self._strike(armed) if self.entries_passed >= armed.after_entries else None

    def strike_within(self, size: int) -> tuple[Trouble, int] | None:
        """The trouble to make within the next `size` bytes, and after how many of them."""
        armed = self._trouble
        if armed is None or armed.after_bytes is None or self.bytes_passed + size <= armed.after_bytes:
            return None
        return self._strike(armed), armed.after_bytes - self.bytes_passed

    def count_entry(self, scope: int) -> None:
        if self._trouble is not None and self._trouble.reads == (scope == BASE_SCOPE):
            self.entries_passed += 1

    def _strike(self, trouble: Trouble) -> Trouble:
        self.entries_passed = self.bytes_passed = 0
        self._left -= 1
        if not self._left:
            self._trouble = None
        return trouble

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        upstream = await asyncio.open_connection(*self._target, ssl=self._trust)
        session = _Session(self, writer)
        requests = asyncio.create_task(session.pass_requests(reader, upstream[1]))
        answers = asyncio.create_task(session.pass_answers(upstream[0]))
        try:
            await asyncio.wait((requests, answers), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hang_up(upstream[1])
            requests.cancel()
            answers.cancel()
            ended = await asyncio.gather(requests, answers, return_exceptions=True)
        for exc in ended:
            if isinstance(exc, Exception) and not isinstance(exc, (OSError, EOFError)):
                raise exc


class _Session:
    """One client's connection."""

    def __init__(self, proxy: LdapProxy, client: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._client = client
        self._searches: dict[int, Search] = {}

    async def pass_requests(self, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while True:
            message = Message.of(await read_element(client))
            if message.operation.tag == SEARCH_REQUEST:
                self._proxy.searches += 1
                message, self._searches[message.id] = limit_search(message, self._proxy.limits)
            server.write(message.element.encode())
            await server.drain()

    async def pass_answers(self, server: asyncio.StreamReader) -> None:
        while True:
            message = Message.of(await read_element(server))
            if message.operation.tag not in (SEARCH_ENTRY, SEARCH_DONE, SEARCH_REFERENCE):
                await self._send(message)
            elif search := self._searches.get(message.id):
                await self._pass_found(message, search)

    async def _pass_found(self, message: Message, search: Search) -> None:
        if trouble := self._proxy.strike_before_message(search.scope):
            await self._make(trouble, message)
        elif answer := search.answer(message):
            if message.operation.tag == SEARCH_DONE:
                del self._searches[message.id]
                await self._refer(message, search)
            await self._send(answer)
            if message.operation.tag == SEARCH_ENTRY:
                self._proxy.count_entry(search.scope)

    async def _refer(self, message: Message, search: Search) -> None:
        if self._proxy.referral and search.scope != BASE_SCOPE:
            url = Element(OCTETS, self._proxy.referral.encode())
            await self._send(Message(message.id, constructed(SEARCH_REFERENCE, [url])))

    async def _make(self, trouble: Trouble, message: Message) -> None:
        """End the search or the connection; upstream's further answers to the search go nowhere."""
        self._searches.pop(message.id, None)
        data = self._encode(message)
        if trouble.kind is Kind.RESULT:
            await self._send(result(message.id, SEARCH_DONE, trouble.code, "by order of the test"))
            return
        if trouble.kind is Kind.STALL:
            await asyncio.Event().wait()
        if trouble.kind is Kind.CUT_INSIDE:
            await self._last_words(data[: len(data) // 2])
        if trouble.kind is Kind.NOTICE:
            name = Element(_RESPONSE_NAME, _NOTICE_OF_DISCONNECTION)
            notice = result(0, _EXTENDED_RESPONSE, UNAVAILABLE, "the server is shutting down", name)
            await self._last_words(self._encode(notice))
        raise ConnectionResetError(trouble.kind.name)

    async def _last_words(self, data: bytes) -> None:
        self._client.write(data)
        self._client.close()
        await self._client.wait_closed()

    async def _send(self, message: Message) -> None:
        data = self._encode(message)
        if struck := self._proxy.strike_within(len(data)):
            trouble, after = struck
            if trouble.kind is Kind.CUT:
                await self._last_words(data[:after])
            await self._make(trouble, message)
            return
        self._proxy.bytes_passed += len(data)
        self._client.write(data)
        await self._client.drain()

    def _encode(self, message: Message) -> bytes:
        return message.element.encode_as_ad() if self._proxy.long_lengths else message.element.encode()
