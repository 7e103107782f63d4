"""Scope: does this person belong to the sync? Include rules open the door, exclude rules shut it.

excluded by a rule                          -> out, and the rule is named
no include rules, or included by one        -> in
otherwise                                   -> out
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from syncd.model import DirectoryUser, GroupRef


@dataclass(frozen=True, slots=True)
class Rule:
    """All the parts that are set must hold. `text` is the rule as the admin wrote it, for messages."""

    text: str
    directory: str = ""
    group: GroupRef | None = None
    ou: str = ""
    attribute: str = ""
    matches: re.Pattern[str] | None = None
    equals: frozenset[str] = frozenset()
    present: bool | None = None

    def holds(self, user: DirectoryUser) -> bool:
        if self.directory and user.identity.directory != self.directory:
            return False
        if self.group is not None and self.group not in user.groups:
            return False
        if self.ou and not below(user.where, self.ou):
            return False
        return not self.attribute or self._attribute_holds(user.attributes.get(self.attribute, ()))

    def _attribute_holds(self, values: tuple[str, ...]) -> bool:
        if self.present is not None and bool(values) is not self.present:
            return False
        if self.matches is not None and not any(self.matches.search(value) for value in values):
            return False
        return not self.equals or any(value.casefold() in self.equals for value in values)


@dataclass(frozen=True, slots=True)
class Scope:
    include: tuple[Rule, ...] = ()
    exclude: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class InScope:
    included: bool
    why: str = field(default="")


_EVERYBODY = InScope(included=True, why="everybody is in scope")
_NO_RULE = InScope(included=False, why="no include rule matches")


def judge(scope: Scope, user: DirectoryUser) -> InScope:
    """Whether `user` belongs to the sync, and by which rule."""
    for rule in scope.exclude:
        if rule.holds(user):
            return InScope(included=False, why=f"excluded by: {rule.text}")
    if not scope.include:
        return _EVERYBODY
    for rule in scope.include:
        if rule.holds(user):
            return InScope(included=True, why=f"included by: {rule.text}")
    return _NO_RULE


def below(dn: str, ou: str) -> bool:
    """Whether a DN lies at or below another, whatever the case, the spaces and the way of escaping."""
    inner, outer = normal_dn(dn), normal_dn(ou)
    return inner[-len(outer) :] == outer


def normal_dn(dn: str) -> tuple[str, ...]:
    """The parts of a DN in a form that compares: lower case, unescaped, no space around separators."""
    return tuple(_part(part) for part in _PART.findall(dn))


def _part(text: str) -> str:
    name, _, value = text.partition("=")
    kept = _TRAILING_SPACE.sub("", value.lstrip())
    return f"{name.strip()}={_ESCAPED.sub(_unescaped, kept)}".casefold()


def _unescaped(match: re.Match[str]) -> str:
    return bytes.fromhex(match[1].replace("\\", "")).decode(errors="replace") if match[1] else match[2]


# https://www.rfc-editor.org/rfc/rfc4514#section-3: a backslash before a character, or before two hex digits
_PART = re.compile(r"(?:\\.|[^\\,])+", re.DOTALL)
_ESCAPED = re.compile(r"((?:\\[0-9a-fA-F]{2})+)|\\(.)", re.DOTALL)
_TRAILING_SPACE = re.compile(r"(?<!\\)\s+\Z")
