"""The short messages of a search, decoded: its end, its references, the server's farewell."""

from __future__ import annotations

from connectors.directories.ldap_wire.ber import (
    ENUMERATED,
    INTEGER,
    OCTETS,
    SEQUENCE,
    BerError,
    decode_octets,
    elements,
    expect,
    header,
)
from connectors.directories.ldap_wire.trouble import Result

_PAGED_RESULTS = b"1.2.840.113556.1.4.319"
_REFERRALS = 0xA3
_CONTROLS = 0xA0


def decode_result(body: bytes, operation_ends: int) -> Result:
    """A SearchResultDone, and the cookie from the controls that follow it."""
    code, matched, message, referrals = _ldap_result(body, operation_ends)
    return Result(code, _text(matched), _text(message), referrals, _cookie(body, operation_ends))


def decode_references(body: bytes) -> list[str]:
    """The URLs of a SearchResultReference."""
    _, at, limit = header(body, 0, len(body))
    return [_text(url) for url in decode_octets(body, at, limit)]


def decode_notice(body: bytes) -> str:
    """What an unsolicited notification says (RFC 4511, 4.4)."""
    code, _, message, _ = _ldap_result(body, len(body))
    return _text(message) or f"LDAP result {code}"


def _ldap_result(body: bytes, limit: int) -> tuple[int, bytes, bytes, tuple[str, ...]]:
    _, at, limit = header(body, 0, limit)
    start, end = expect(body, at, limit, ENUMERATED)
    code = int.from_bytes(body[start:end], "big")
    matched, after_matched = expect(body, end, limit, OCTETS)
    message, after_message = expect(body, after_matched, limit, OCTETS)
    referrals: tuple[str, ...] = ()
    for tag, start, end in elements(body, after_message, limit):
        if tag == _REFERRALS:
            referrals = tuple(map(_text, decode_octets(body, start, end)))
    return code, body[matched:after_matched], body[message:after_message], referrals


def decode_controls(body: bytes, at: int) -> dict[bytes, bytes]:
    """The values of the controls behind an operation, by their OIDs."""
    if at >= len(body):
        return {}
    found = {}
    start, end = expect(body, at, len(body), _CONTROLS)
    for tag, control, control_end in elements(body, start, end):
        if tag != SEQUENCE:
            raise BerError(f"a control begins with {tag:#04x}")
        parts = elements(body, control, control_end)
        if not parts:
            raise BerError("a control without a type")
        (_, oid, oid_end), (last, value, value_end) = parts[0], parts[-1]
        if len(parts) > 1 and last == OCTETS:
            found[body[oid:oid_end]] = body[value:value_end]
    return found


def _cookie(body: bytes, at: int) -> bytes:
    value = decode_controls(body, at).get(_PAGED_RESULTS)
    if value is None:
        return b""
    inner, inner_end = expect(value, 0, len(value), SEQUENCE)
    _, after_size = expect(value, inner, inner_end, INTEGER)
    cookie, cookie_end = expect(value, after_size, inner_end, OCTETS)
    return value[cookie:cookie_end]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
