"""The part of BER (X.690) that LDAP messages are made of, read and written without an object per element.

Servers choose between short and long lengths as they please: Active Directory always sends 84 xx xx xx xx.
Indefinite lengths are forbidden in LDAP (RFC 4511, 5.1).
"""

from __future__ import annotations

SEQUENCE = 0x30
SET = 0x31
BOOLEAN = 0x01
INTEGER = 0x02
OCTETS = 0x04
ENUMERATED = 0x0A

Entry = tuple[bytes, list[tuple[bytes, list[bytes]]]]
"""A DN, and the attributes with their values, as they came."""


class BerError(ValueError):
    """These bytes are not what LDAP allows."""


def header(data: bytes, at: int, limit: int) -> tuple[int, int, int]:
    """Tag, start and end of the value of the element at `at`, which must end by `limit`."""
    if at + 2 > limit:
        raise BerError(f"an element is cut off at byte {at}")
    tag, length = data[at], data[at + 1]
    start = at + 2
    if length > 0x7F:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > limit:
            raise BerError(f"the length at byte {at} is not one LDAP allows")
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    end = start + length
    if end > limit:
        raise BerError(f"the element at byte {at} is longer than what holds it")
    return tag, start, end


def expect(data: bytes, at: int, limit: int, tag: int) -> tuple[int, int]:
    """Start and end of the value of the element at `at`, which must have this tag."""
    found, start, end = header(data, at, limit)
    if found != tag:
        raise BerError(f"tag {found:#04x} at byte {at}, expected {tag:#04x}")
    return start, end


def elements(data: bytes, at: int, limit: int) -> list[tuple[int, int, int]]:
    """Every element between `at` and `limit`: tag, start, end."""
    found = []
    while at < limit:
        element = header(data, at, limit)
        found.append(element)
        at = element[2]
    return found


def decode_entry(entry: bytes) -> Entry:
    """A SearchResultEntry (RFC 4511, 4.5.2), from its own tag on.

    Done for everybody who is opened: an attribute of the usual form, one value and short lengths, is
    taken at a glance; any other is read step by step.
    """
    _, at, limit = header(entry, 0, len(entry))
    start, end = expect(entry, at, limit, OCTETS)
    dn = entry[start:end]
    at, limit = expect(entry, end, limit, SEQUENCE)
    attributes = []
    while at < limit:
        size = entry[at + 1] if at + 1 < limit else 0
        if 8 <= size < 0x80 and (end := at + 2 + size) <= limit:
            value = at + 8 + entry[at + 3]  # past the name, the set's header and the value's
            if (
                value <= end
                and value + entry[value - 1] == end == value + entry[value - 3] - 2
                and entry[value - 2] == OCTETS == entry[at + 2]
                and entry[value - 4] == SET
                and entry[at] == SEQUENCE
            ):
                attributes.append((entry[at + 4 : value - 4], [entry[value:end]]))
                at = end
                continue
        attribute, at = _attribute(entry, at, limit)
        attributes.append(attribute)
    return dn, attributes


def _attribute(entry: bytes, at: int, limit: int) -> tuple[tuple[bytes, list[bytes]], int]:
    """The attribute at `at`, of any form, and where the next begins."""
    inner, following = expect(entry, at, limit, SEQUENCE)
    start, end = expect(entry, inner, following, OCTETS)
    values_at, values_end = expect(entry, end, following, SET)
    return (entry[start:end], decode_octets(entry, values_at, values_end)), following


def pick(entry: bytes, wanted: frozenset[bytes]) -> tuple[bytes, dict[bytes, list[bytes]]]:
    """The DN, and of the attributes only those wanted, by lower-case name.

    Done for everybody in every read with groups or references: short lengths are read in place,
    and it stops when it has all it wants.
    """
    _, at, limit = header(entry, 0, len(entry))
    start, end = expect(entry, at, limit, OCTETS)
    dn = entry[start:end]
    at, limit = expect(entry, end, limit, SEQUENCE)
    found: dict[bytes, list[bytes]] = {}
    missing = len(wanted)
    while missing and at + 4 <= limit:
        inner, length = at + 2, entry[at + 1]
        if length > 0x7F:
            _, inner, at = header(entry, at, limit)
        else:
            at = inner + length
        start, length = inner + 2, entry[inner + 1]
        if length > 0x7F:
            _, start, end = header(entry, inner, at)
        else:
            end = start + length
        if end > at or at > limit:
            raise BerError(f"an attribute ends at byte {at}, what holds it at {limit}")
        name = entry[start:end].lower()
        if name in wanted:
            missing -= 1
            values_at, values_end = expect(entry, end, at, SET)
            found[name] = decode_octets(entry, values_at, values_end)
    return dn, found


def decode_octets(data: bytes, at: int, limit: int) -> list[bytes]:
    """The octet strings that fill the bytes from `at` to `limit`."""
    values = []
    while at < limit:
        start, at = expect(data, at, limit, OCTETS)
        values.append(data[start:at])
    return values


def encode(tag: int, *parts: bytes) -> bytes:
    """One element."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def encode_integer(number: int) -> bytes:
    """A non-negative INTEGER."""
    return encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))
