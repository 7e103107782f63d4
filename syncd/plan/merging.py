"""Merging: what several directories say of one person becomes one profile.

    field           the first directory in the field's order that has the person present and a value
    the order       the directories `match.precedence` names for the field, then the others as listed
    an empty value  gives way to the next directory that has one
    e-mail          as every field; since nobody is present without one, the first directory's
    role            manager, where any of them says so
    priority        the best of them: the lowest number

Present means enabled, in scope and there. A directory where the person is disabled, out of scope or
missing says nothing. One that has them in a state that cannot be used (skipped) says what it said last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from syncd.model import PROFILE_FIELDS, Profile
from syncd.plan.roster import Said

_ORDERED = PROFILE_FIELDS[:-1]  # all but the role


class Voice(NamedTuple):
    """What one directory, where the person is `key`, says of them."""

    directory: str
    key: str
    said: Said


class Precedence:
    """Whose word counts: `directories` as listed, `preferred` those a field names before them."""

    def __init__(self, directories: Sequence[str], preferred: Mapping[str, Sequence[str]]) -> None:
        listed = list(directories)
        self._orders = {
            field: {name: place for place, name in enumerate(dict.fromkeys([*named, *listed]))}
            for field, named in preferred.items()
        }
        self._listed = {name: place for place, name in enumerate(listed)}

    def order(self, field: str) -> Mapping[str, int]:
        """Each directory's place for a field; the lowest counts first."""
        return self._orders.get(field, self._listed)

    def source(self, field: str, voices: Sequence[Voice]) -> Voice | None:
        """Whose word counts for a field; nobody's when none has a value."""
        order = self.order(field)
        known = [voice for voice in voices if getattr(voice.said.profile, field)]
        return min(known, key=lambda voice: (order.get(voice.directory, len(order)), voice.key), default=None)


def merge(precedence: Precedence, voices: Sequence[Voice]) -> Said:
    """What they come to together. `voices` has at least one."""
    if len(voices) == 1:
        return voices[0].said
    found = {field: precedence.source(field, voices) for field in _ORDERED}
    values = {field: getattr(voice.said.profile, field) for field, voice in found.items() if voice}
    role = "manager" if any(voice.said.profile.role == "manager" for voice in voices) else "learner"
    return Said(Profile(**values, role=role), min(voice.said.priority for voice in voices))
