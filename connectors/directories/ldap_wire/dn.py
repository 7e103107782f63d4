"""Distinguished names (RFC 4514): one spelling for each, digests to compare many, what is below what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b

_VALUE = rb"[\w.&@/:'()-]+(?: [\w.&@/:'()-]+)*"
_USUAL = re.compile(rb"[\w.-]+=%b(?:,[\w.-]+=%b)*" % (_VALUE, _VALUE), re.ASCII)  # most, and quick to see
_PAIR = re.compile(r"\\(?:((?:[0-9A-Fa-f]{2})(?:\\[0-9A-Fa-f]{2})*)|(.))", re.DOTALL)
_MUST_ESCAPE = re.compile(r'[\\",+;<>#=\x00]')


def canonical(dn: str) -> str:
    """The same text for every spelling of a DN: case, spaces, escapes and order within an RDN are evened out.

    Text that is no DN comes back evened out all the same, so that comparing never fails.
    """
    return ",".join("+".join(sorted(map(_assertion, _split(rdn, "+")))) for rdn in _split(dn, ",;"))


def digest(dn: bytes, key: bytes = b"") -> int:
    """64 bits that stand for a DN. With a key nobody else knows, nobody can make two collide."""
    if _USUAL.fullmatch(dn):
        text = dn.lower()
    else:
        text = canonical(dn.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(text, digest_size=8, key=key).digest(), "big")


def is_below(dn: str, base: str) -> bool:
    """Whether `dn` is `base` or lies below it."""
    inner, outer = canonical(dn), canonical(base)
    return not base or inner == outer or inner.endswith("," + outer)


def looks_like_dn(text: str) -> bool:
    return all("=" in part for part in _split(text, ",;")) and "=" in text


def _fold(text: str) -> str:
    folded = text.lower()
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)


def _assertion(text: str) -> str:
    """One `type=value` in its one spelling: special characters as hex pairs, spaces collapsed."""
    kind, _, value = text.partition("=")
    value = value.strip(" ")
    if (len(value) - len(value.rstrip("\\"))) % 2:  # the last space was escaped, and is part of the value
        value += " "
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    plain = " ".join(part for part in _fold(_unescape(value)).split(" ") if part)
    return f"{kind.strip().lower()}={_MUST_ESCAPE.sub(lambda found: f'{chr(92)}{ord(found[0]):02x}', plain)}"


def _unescape(value: str) -> str:
    def replace(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[2]
        return bytes.fromhex(found[1].replace("\\", "")).decode("utf-8", "surrogateescape")

    return _PAIR.sub(replace, value)


def _split(text: str, separators: str) -> Iterator[str]:
    """Cut at the separators that are neither escaped nor quoted."""
    start, quoted, escaped = 0, False, False
    for at, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character in separators and not quoted:
            yield text[start:at]
            start = at + 1
    yield text[start:]
