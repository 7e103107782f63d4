"""The controls and messages of content synchronisation (RFC 4533), encoded and decoded."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from connectors.directories.ldap_wire import ber
from connectors.directories.ldap_wire.ber import BerError, elements, expect, header

REQUEST = b"1.3.6.1.4.1.4203.1.9.1.1"
STATE = b"1.3.6.1.4.1.4203.1.9.1.2"
DONE = b"1.3.6.1.4.1.4203.1.9.1.3"
INFO = b"1.3.6.1.4.1.4203.1.9.1.4"
REFRESH_REQUIRED = 4096

PRESENT, ADD, MODIFY, DELETE = range(4)
_REFRESH_ONLY, _REFRESH_AND_PERSIST = b"\x01", b"\x03"
_NEW_COOKIE, _REFRESH_DELETE, _REFRESH_PRESENT, _ID_SET = 0x80, 0xA1, 0xA2, 0xA3
_NAME, _VALUE = 0x80, 0x81


class Info(NamedTuple):
    """An intermediate message. `present`: it is about entries that are as they were, not deleted ones."""

    cookie: bytes
    present: bool = False
    ids: tuple[str, ...] = ()


def encode_request(cookie: bytes, *, persist: bool = False) -> bytes:
    """The value of the request control: refresh, and that is all; or go on telling of changes after it."""
    mode = _REFRESH_AND_PERSIST if persist else _REFRESH_ONLY
    return ber.encode(ber.SEQUENCE, ber.encode(ber.ENUMERATED, mode), ber.encode(ber.OCTETS, cookie))


def decode_state(value: bytes) -> tuple[int, str]:
    """What has become of an entry, and which."""
    at, end = expect(value, 0, len(value), ber.SEQUENCE)
    start, at = expect(value, at, end, ber.ENUMERATED)
    state = int.from_bytes(value[start:at], "big")
    start, at = expect(value, at, end, ber.OCTETS)
    return state, _uuid(value[start:at])


def decode_done(value: bytes) -> tuple[bytes, bool]:
    """The cookie, and whether whoever was not mentioned is as before (rather than deleted)."""
    at, end = expect(value, 0, len(value), ber.SEQUENCE)
    return _cookie_and_flag(value, at, end, default=False)


def decode_info(body: bytes) -> Info | None:
    """An intermediate response, if it is one of ours."""
    _, at, limit = header(body, 0, len(body))
    parts = {tag: body[start:end] for tag, start, end in elements(body, at, limit)}
    if parts.get(_NAME) != INFO:
        return None
    value = parts.get(_VALUE, b"")
    tag, start, end = header(value, 0, len(value))
    if tag == _NEW_COOKIE:
        return Info(value[start:end])
    if tag in (_REFRESH_DELETE, _REFRESH_PRESENT):
        cookie, _ = _cookie_and_flag(value, start, end, default=True)
        return Info(cookie, present=tag == _REFRESH_PRESENT)
    if tag == _ID_SET:
        cookie, deleted = _cookie_and_flag(value, start, end, default=False)
        ids = [
            _uuid(one) for kind, at, last in elements(value, start, end) if kind == ber.SET
            for one in ber.decode_octets(value, at, last)
        ]  # fmt: skip
        return Info(cookie, present=not deleted, ids=tuple(ids))
    raise BerError(f"a sync info message of kind {tag:#04x}")


def _cookie_and_flag(data: bytes, at: int, limit: int, *, default: bool) -> tuple[bytes, bool]:
    cookie, flag = b"", default
    for tag, start, end in elements(data, at, limit):
        if tag == ber.OCTETS:
            cookie = data[start:end]
        elif tag == ber.BOOLEAN:
            flag = data[start:end] != b"\x00"
    return cookie, flag


def _uuid(value: bytes) -> str:
    if len(value) != 16:
        raise BerError(f"an entryUUID of {len(value)} bytes")
    return str(UUID(bytes=value))
