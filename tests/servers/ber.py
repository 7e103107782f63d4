"""As much BER (X.690) as a proxy for LDAP (RFC 4511) needs: elements in and out, none of their meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import NamedTuple

SEQUENCE, SET, INTEGER, ENUMERATED, OCTETS = 0x30, 0x31, 0x02, 0x0A, 0x04
_CONSTRUCTED = 0x20


class Element(NamedTuple):
    """A tag of one byte (LDAP has no longer ones) and its contents."""

    tag: int
    value: bytes

    @property
    def children(self) -> list[Element]:
        return list(_elements(self.value))

    @property
    def number(self) -> int:
        return int.from_bytes(self.value, "big", signed=True)

    def encode(self) -> bytes:
        return bytes((self.tag,)) + _length(len(self.value)) + self.value

    def encode_as_ad(self) -> bytes:
        """Active Directory spends five bytes on the length of every constructed element."""
        if not self.tag & _CONSTRUCTED:
            return self.encode()
        value = b"".join(child.encode_as_ad() for child in _elements(self.value))
        return bytes((self.tag, 0x84)) + len(value).to_bytes(4, "big") + value


def constructed(tag: int, children: Iterable[Element]) -> Element:
    return Element(tag, b"".join(child.encode() for child in children))


def number(value: int, *, tag: int = INTEGER) -> Element:
    return Element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def parse(data: bytes) -> Element:
    """The one element `data` is."""
    return next(_elements(data))


async def read_element(reader: asyncio.StreamReader) -> Element:
    """The next element of a stream. Raises `asyncio.IncompleteReadError` at its end."""
    tag, first = await reader.readexactly(2)
    more = await reader.readexactly(first & 0x7F) if first & 0x80 else b""
    length = int.from_bytes(more, "big") if more else first
    return Element(tag, await reader.readexactly(length))


def _elements(data: bytes) -> Iterator[Element]:
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        start = position + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[position + 2 : start], "big")
        position = start + length
        yield Element(tag, data[start:position])


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(digits),)) + digits
