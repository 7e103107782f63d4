"""BER by our reader: equal to ldap3's on what servers send, a deliberate error on what they should not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.utils.asn1 import decode_message_fast

from connectors.directories.ldap_wire.ber import (
    OCTETS,
    SEQUENCE,
    SET,
    BerError,
    decode_entry,
    encode,
    encode_integer,
    pick,
)
from connectors.directories.ldap_wire.messages import ENTRY
from connectors.directories.ldap_wire.result import decode_references, decode_result

Attributes = list[tuple[bytes, list[bytes]]]


def long_form(tag: int, *parts: bytes) -> bytes:
    """An element as Active Directory writes every one: with four bytes of length."""
    content = b"".join(parts)
    return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content


def entry_of(dn: bytes, attributes: Attributes, *, write: Any = encode) -> bytes:
    lists = [
        write(SEQUENCE, write(OCTETS, name), write(SET, *(write(OCTETS, value) for value in values)))
        for name, values in attributes
    ]
    return bytes(write(ENTRY, write(OCTETS, dn), write(SEQUENCE, *lists)))


def by_ldap3(entry: bytes) -> tuple[bytes, Attributes]:
    message = decode_message_fast(encode(SEQUENCE, encode_integer(7), entry))
    dn, attributes = message["payload"]
    return dn[3], [(one[3][0][3], [value[3] for value in one[3][1][3] or []]) for one in attributes[3] or []]


names = st.sampled_from([b"mail", b"cn", b"cn;lang-en", b"objectGUID", b"member;range=0-1499"])
attributes = st.lists(st.tuples(names, st.lists(st.binary(min_size=1, max_size=300), min_size=1)), max_size=6)


@given(dn=st.binary(min_size=1, max_size=200), values=attributes, write=st.sampled_from([encode, long_form]))
def test_entries_decode_as_ldap3_decodes_them(dn: bytes, values: Attributes, write: Any) -> None:
    entry = entry_of(dn, values, write=write)
    assert decode_entry(entry) == by_ldap3(entry) == (dn, values)


@given(values=attributes, wanted=st.frozensets(names), write=st.sampled_from([encode, long_form]))
def test_picking_gives_what_decoding_gives(values: Attributes, wanted: frozenset[bytes], write: Any) -> None:
    distinct = list({name: (name, found) for name, found in values}.values())
    wanted = frozenset(name.lower() for name in wanted)
    picked = pick(entry_of(b"cn=x", distinct, write=write), wanted)
    assert picked == (b"cn=x", {name.lower(): found for name, found in distinct if name.lower() in wanted})


@given(data=st.binary(max_size=200))
def test_any_bytes_decode_or_raise_on_purpose(data: bytes) -> None:
    for decode in (decode_entry, decode_references, lambda raw: decode_result(raw, len(raw))):
        try:
            decode(data)
        except BerError:
            continue


@given(values=attributes, at=st.integers(min_value=0), change=st.integers(1, 255), cut=st.integers(0, 50))
def test_a_damaged_entry_decodes_or_raises_on_purpose(
    values: Attributes, at: int, change: int, cut: int
) -> None:
    damaged = bytearray(entry_of(b"cn=x,dc=example", values))
    damaged[at % len(damaged)] ^= change
    for decode in (decode_entry, lambda raw: pick(raw, frozenset({b"mail", b"cn"}))):
        try:
            decode(bytes(damaged[: len(damaged) - cut]))
        except BerError:
            continue


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"\x64",
        b"\x64\x80\x00\x00",
        b"\x64\x85\x00\x00\x00\x00\x01x",
        b"\x64\x02\x04\x05",
        b"\x64\x03\x04\x01x",
    ],
    ids=["nothing", "half a header", "indefinite length", "length of five bytes", "cut off", "no attributes"],
)
def test_what_is_not_an_entry_is_refused(entry: bytes) -> None:
    with pytest.raises(BerError):
        decode_entry(entry)


@pytest.mark.parametrize("number", [0, 1, 127, 128, 255, 256, 2**31 - 1])
def test_integers_are_never_negative(number: int) -> None:
    encoded = encode_integer(number)
    assert int.from_bytes(encoded[2:], "big", signed=True) == number
