"""LDAP messages off a socket: whole ones, told apart by their outermost lengths, each copied once."""

from __future__ import annotations

import ssl
from socket import socket
from typing import NamedTuple

from connectors.directories.ldap_wire.ber import INTEGER, SEQUENCE, BerError, expect, header

ENTRY, DONE, REFERENCE, EXTENDED, INTERMEDIATE = 0x64, 0x65, 0x73, 0x78, 0x79

LARGEST = 256 * 1024 * 1024  # of one message: a group of two million members, and no more
_OVER_TLS = 16 * 1024  # a TLS record: OpenSSL never gives more at once
_PLAIN = 128 * 1024
_RECORDS = 256  # taken at once; 4 MiB at most
_AT_ONCE = 0.001  # seconds: with none at all, TLS says otherwise that there is nothing yet


class ClosedError(Exception):
    """The other side ended the connection."""


class Message(NamedTuple):
    """`body` begins with the tag of the operation; `operation_ends` is where the controls begin, if any."""

    id: int
    operation: int
    body: bytes
    operation_ends: int


class Messages:
    """The messages of one connection, in their order.

    `next` raises `BerError` for bytes that are no LDAP, `ClosedError`, and what the socket raises.
    """

    def __init__(self, connection: socket) -> None:
        self._socket = connection
        self._over_tls = isinstance(connection, ssl.SSLSocket)
        self._chunk = _OVER_TLS if self._over_tls else _PLAIN
        self._buffer = b""
        self._at = 0

    def next(self) -> Message:
        start, end = self._frame()
        buffer = self._buffer
        number, number_end = expect(buffer, start, end, INTEGER)
        operation, _, operation_end = header(buffer, number_end, end)
        self._at = end
        return Message(
            int.from_bytes(buffer[number:number_end], "big", signed=True),
            operation,
            buffer[number_end:end],
            operation_end - number_end,
        )

    def arrive(self, seconds: float) -> bool:
        """Whether the next message has begun to arrive within so many seconds. Raises as `next`."""
        if self._at < len(self._buffer):
            return True
        patience = self._socket.gettimeout()
        self._socket.settimeout(max(seconds, _AT_ONCE))
        try:
            self._fill(1)
        except TimeoutError:
            return False
        finally:
            self._socket.settimeout(patience)
        return True

    def entries(self, number: int, most: int) -> list[bytes]:
        """The entries that answer message `number`, have arrived, and are next; none is no news.

        This is `next` unrolled for the message that comes a hundred thousand times: it never waits,
        and leaves to `next` whatever looks unusual.
        """
        found: list[bytes] = []
        buffer, at, size = self._buffer, self._at, len(self._buffer)
        while len(found) < most and size - at >= 8:
            length, start = buffer[at + 1], at + 2
            if length > 0x7F:
                start += length & 0x7F
                length = int.from_bytes(buffer[at + 2 : start], "big")
            end = start + length
            if end > size or start > at + 6 or buffer[start] != INTEGER or buffer[at] != SEQUENCE:
                break
            body = start + 2 + buffer[start + 1]
            if body >= end or buffer[body] != ENTRY:
                break
            if int.from_bytes(buffer[start + 2 : body], "big") != number:
                break
            found.append(buffer[body:end])
            at = end
        self._at = at
        return found

    def _frame(self) -> tuple[int, int]:
        """Start and end of the next message's content in the buffer, once all of it is there."""
        while True:
            have = len(self._buffer) - self._at
            if have >= 2:
                if self._buffer[self._at] != SEQUENCE:
                    raise BerError(f"a message begins with {self._buffer[self._at]:#04x}")
                size = self._size(have)
                if size is not None:
                    self._fill(size - have)
                    _, start, end = header(self._buffer, self._at, self._at + size)
                    return start, end
            self._fill(1)

    def _size(self, have: int) -> int | None:
        """The size of the message at hand, or None while too little of it is here to know."""
        length = self._buffer[self._at + 1]
        if length < 0x80:
            return length + 2
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise BerError("a message has a length that LDAP does not allow")
        if have < 2 + count:
            return None
        start = self._at + 2
        size = int.from_bytes(self._buffer[start : start + count], "big") + 2 + count
        if size > LARGEST:
            raise BerError(f"a message claims to have {size} bytes")
        return size

    def _fill(self, missing: int) -> None:
        """Receive until at least so many more bytes are in the buffer; joined once, however many pieces."""
        if missing <= 0:
            return
        pieces = [self._buffer[self._at :]]
        while missing > 0:
            piece = self._socket.recv(self._chunk)
            if not piece:
                raise ClosedError
            pieces.append(piece)
            missing -= len(piece)
        if self._over_tls:
            pieces += self._waiting()
        self._buffer = b"".join(pieces)
        self._at = 0

    def _waiting(self) -> list[bytes]:
        """The records that have arrived already: slapd makes one of each entry, OpenSSL gives one a call."""
        pieces: list[bytes] = []
        patience = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            while len(pieces) < _RECORDS and (piece := self._socket.recv(self._chunk)):
                pieces.append(piece)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        finally:
            self._socket.settimeout(patience)
        return pieces
