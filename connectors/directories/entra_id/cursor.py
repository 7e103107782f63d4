"""A cursor: where a delta goes on, kept by the engine as opaque text between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import orjson

from connectors.directories.entra_id.groups import Found
from syncd.errors import CursorLost
from syncd.model import GroupRef

_VERSION = 1


class Cursor(NamedTuple):
    """`users` and `groups` are links to go on from; the latter tell of the groups in `watched`.

    `asked`: each group asked for, with the groups that were within it.
    """

    users: str
    groups: tuple[str, ...] = ()
    watched: frozenset[str] = frozenset()
    asked: Mapping[Found, frozenset[str]] = {}

    def text(self) -> str:
        asked = [
            [one.ref.name, one.ref.nested, one.id, sorted(self.asked[one])] for one in sorted(self.asked)
        ]
        facts = {"v": _VERSION, "users": self.users, "groups": self.groups, "asked": asked}
        return orjson.dumps({**facts, "watched": sorted(self.watched)}).decode()

    @classmethod
    def of(cls, text: str) -> Cursor:
        """Raises `CursorLost` for a text that another version wrote."""
        try:
            facts = orjson.loads(text)
            if facts["v"] != _VERSION:
                raise ValueError(facts["v"])
            return cls(
                users=str(facts["users"]),
                groups=tuple(facts["groups"]),
                watched=frozenset(facts["watched"]),
                asked={
                    Found(GroupRef(name, nested), id_): frozenset(inner)
                    for name, nested, id_, inner in facts["asked"]
                },
            )
        except (ValueError, KeyError, TypeError) as exc:
            raise CursorLost("the place to go on from was kept by another version") from exc
