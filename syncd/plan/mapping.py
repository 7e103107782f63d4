"""Mapping: a directory user's attributes become a profile. Templates are filled in, never executed.

A field takes the first of its sources that has a value, else its template when every attribute in it
has one, else its default. Then case and length are seen to, and the e-mail must be one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.errors import Skipped
from syncd.model import PROFILE_FIELDS, DirectoryUser, Profile


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one profile field is filled. Attribute names are lower case."""

    first_of: tuple[str, ...] = ()
    template: str = ""
    default: str = ""
    case: str = ""  # "lower", "upper" or as it is
    max_length: int = 0

    @property
    def attributes(self) -> frozenset[str]:
        """Every attribute this field may read."""
        return frozenset(self.first_of) | frozenset(_PLACE.findall(self.template.lower()))


FieldRules = Mapping[str, FieldRule]

_CONTROL = frozenset(map(chr, (*range(32), *range(127, 160))))  # no database or screen has a use for them
_MAPPED = PROFILE_FIELDS[:-1]  # the e-mail first, and all but the role
_PLACE = re.compile(r"\{([^{}]+)\}")
_EMAIL = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)"
    r"[^\s@\"(),:;<>\[\]\\.]+(?:\.[^\s@\"(),:;<>\[\]\\.]+)*"
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])?\Z"
)


def apply(rules: FieldRules, user: DirectoryUser, *, role: str = "learner") -> Profile:
    """The profile of `user`. Raises `Skipped` when the e-mail address is blank or none."""
    attributes = user.attributes
    values = [fill(rules[name], attributes) if name in rules else "" for name in _MAPPED]
    values[0] = _address(values[0], rules)
    return Profile._make((*values, role))


def fill(rule: FieldRule, attributes: Mapping[str, tuple[str, ...]]) -> str:
    """The value of one field, cleaned of line breaks, doubled spaces and invisible ends."""
    text = _first(rule.first_of, attributes)
    if not text:
        if not (rule.template or rule.default):
            return ""
        text = " ".join((_filled(rule.template, attributes) or rule.default).split())
    if not text.isprintable():
        text = " ".join("".join(char for char in text if char not in _CONTROL).split())
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if rule.case:
        text = text.lower() if rule.case == "lower" else text.upper()
    return text[: rule.max_length].rstrip() if rule.max_length else text


def _first(names: Iterable[str], attributes: Mapping[str, tuple[str, ...]]) -> str:
    for name in names:
        if name in attributes:
            for value in attributes[name]:
                if text := " ".join(value.split()):
                    return text
    return ""


def _filled(template: str, attributes: Mapping[str, tuple[str, ...]]) -> str:
    if not template:
        return ""
    parts = {name: _first((name.lower(),), attributes) for name in _PLACE.findall(template)}
    return _PLACE.sub(lambda place: parts[place[1]], template) if all(parts.values()) else ""


def _address(text: str, rules: FieldRules) -> str:
    if not text:
        rule = rules.get("email")
        tried = ", ".join(sorted(rule.attributes)) if rule else "nothing is mapped to it"
        raise Skipped(
            f"has no e-mail address (looked in: {tried})", next_step="give them one in the directory"
        )
    address = text.lower()
    if not (address.isprintable() and _EMAIL.match(address)):
        raise Skipped(f"{text[:80]!r} is not an e-mail address", next_step="correct it in the directory")
    return address
