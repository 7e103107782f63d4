"""Framing: whole messages, however the network cuts them, and no waiting for what cannot come."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.directories.ldap_wire.ber import OCTETS, SEQUENCE, BerError, encode, encode_integer
from connectors.directories.ldap_wire.messages import DONE, ENTRY, ClosedError, Message, Messages


class Pieces:
    """In place of a socket: hands out these pieces, then the end."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._pieces = self._cut(data, sizes)

    def recv(self, size: int) -> bytes:
        piece = next(self._pieces, b"")
        assert len(piece) <= size
        return piece

    @staticmethod
    def _cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
        at = 0
        for size in sizes:
            if data[at : at + size]:
                yield data[at : at + size]
            at += size
        while at < len(data):
            yield data[at : at + 1000]
            at += 1000


def messages(data: bytes, sizes: list[int] | None = None) -> Messages:
    return Messages(Pieces(data, sizes or []))  # type: ignore[arg-type]


def message(number: int, operation: int, content: bytes, *, long: bool = False) -> bytes:
    body = encode(operation, encode(OCTETS, content))
    if not long:
        return encode(SEQUENCE, encode_integer(number), body)
    inner = b"\x02\x04" + number.to_bytes(4, "big") + body
    return b"\x30\x84" + len(inner).to_bytes(4, "big") + inner


def everything(source: Messages, number: int) -> list[bytes]:
    """All bodies up to the end, by both ways of taking them."""
    found = []
    try:
        while True:
            found += source.entries(number, 3)
            found.append(source.next().body)
    except ClosedError:
        return found


@given(
    contents=st.lists(st.binary(max_size=400), max_size=20),
    sizes=st.lists(st.integers(1, 500), max_size=30),
    number=st.integers(1, 2**31 - 1),
    long=st.booleans(),
)
def test_messages_come_whole_however_they_are_cut(
    contents: list[bytes], sizes: list[int], number: int, long: bool
) -> None:
    data = b"".join(message(number, ENTRY, content, long=long) for content in contents)
    assert everything(messages(data, sizes), number) == [encode(ENTRY, encode(OCTETS, c)) for c in contents]


@given(data=st.binary(max_size=300), sizes=st.lists(st.integers(1, 40), max_size=10))
def test_any_bytes_end_or_raise_on_purpose(data: bytes, sizes: list[int]) -> None:
    try:
        everything(messages(data, sizes), 1)
    except BerError:
        return


def test_entries_of_another_question_are_left_for_next() -> None:
    source = messages(message(5, ENTRY, b"a") + message(6, ENTRY, b"b") + message(5, DONE, b"c"))
    assert source.next() == Message(5, ENTRY, encode(ENTRY, encode(OCTETS, b"a")), 5)
    assert source.entries(5, 10) == []
    assert (source.next().id, source.next().operation) == (6, DONE)


def test_a_message_larger_than_memory_is_refused_before_it_is_read() -> None:
    with pytest.raises(BerError, match="claims"):
        messages(b"\x30\x84\xff\xff\xff\xff\x02\x01\x01").next()


def test_what_is_not_ldap_is_refused_at_its_first_byte() -> None:
    with pytest.raises(BerError, match="begins with"):
        messages(b"HTTP/1.1 400 Bad Request\r\n\r\n").next()


def test_a_real_socket_that_ends_in_a_message_is_closed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(message(1, ENTRY, b"x" * 5000)[:4000])
        theirs.close()
        with pytest.raises(ClosedError):
            Messages(ours).next()
