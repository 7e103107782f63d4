"""Search filters (RFC 4515): their grammar, checked before anything connects, and values made harmless."""

from __future__ import annotations

import re

_ITEM = re.compile(
    r"""(?: [A-Za-z][\w.;-]* (?: =|~=|>=|<= )
          | (?: [A-Za-z][\w.;-]* )? (?: :dn )? (?: :[\w.-]+ )? := )
        (?: [^()\\*\x00] | \* | \\[0-9A-Fa-f]{2} )*""",
    re.VERBOSE | re.ASCII,
)
_DEEPEST = 50


def escaped(value: str) -> str:
    """A value as a filter takes it literally: everything but plain letters and digits as \\xx."""
    plain = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    return "".join(chr(byte) if byte in plain else f"\\{byte:02x}" for byte in value.encode("utf-8"))


def all_of(*filters: str) -> str:
    """Those filters, all of them; empty ones are left out."""
    given = [one for one in filters if one]
    return given[0] if len(given) == 1 else f"(&{''.join(given)})"


def any_of(*filters: str) -> str:
    return filters[0] if len(filters) == 1 else f"(|{''.join(filters)})"


def checked(text: str) -> str:
    """The filter, with parentheses around it. Raises `ValueError` saying where it stops making sense."""
    text = text.strip()
    if text and not text.startswith("("):
        text = f"({text})"
    end = _filter(text, 0, 0)
    if end != len(text):
        raise ValueError(f"the filter ends at character {end}, and {text[end : end + 20]!r} follows")
    return text


def _filter(text: str, at: int, depth: int) -> int:
    """The position after the filter that begins at `at`."""
    if depth > _DEEPEST:
        raise ValueError(f"the filter nests deeper than {_DEEPEST} levels")
    if text[at : at + 1] != "(":
        raise ValueError(f"the filter needs a ( at character {at}, near {text[max(0, at - 10) : at + 10]!r}")
    operator = text[at + 1 : at + 2]
    if operator and operator in "&|!":
        end = _operands(text, at + 2, depth, only_one=operator == "!")
    else:
        item = _ITEM.match(text, at + 1)
        if not item:
            raise ValueError(f"no attribute and value at character {at + 1}: {text[at + 1 : at + 21]!r}")
        end = item.end()
    if text[end : end + 1] != ")":
        raise ValueError(
            f"the filter needs a ) at character {end}, near {text[max(0, end - 10) : end + 10]!r}"
        )
    return end + 1


def _operands(text: str, at: int, depth: int, *, only_one: bool) -> int:
    end = _filter(text, at, depth + 1)
    while not only_one and text[end : end + 1] == "(":
        end = _filter(text, end, depth + 1)
    return end
