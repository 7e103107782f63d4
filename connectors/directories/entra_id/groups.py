"""Groups: found by object id or name, and read to their last member, as deep as Graph nests them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from connectors.directories.digests import Digests
from connectors.directories.entra_id.codes import GROUPS
from connectors.directories.entra_id.graph import EVENTUAL, Call, Graph, Json
from connectors.directories.entra_id.translate import mark
from syncd.errors import ConfigError
from syncd.model import GroupRef

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHOWN = 10
_MOST = "999"


class Found(NamedTuple):
    """A group as the configuration names it, and its object id."""

    ref: GroupRef
    id: str


class Membership(NamedTuple):
    """Everybody in one group."""

    ref: GroupRef
    people: Digests


class Groups:
    """The groups of one tenant, for the length of one read."""

    def __init__(self, graph: Graph, directory: str) -> None:
        self._graph = graph
        self._directory = directory

    def find(self, refs: Iterable[GroupRef]) -> list[Found]:
        """Their object ids. Raises `ConfigError` naming all that are missing, or one that is ambiguous."""
        wanted = sorted(refs)
        named = {name: self._named(name) for name in dict.fromkeys(ref.name for ref in wanted)}
        if missing := [name for name, found in named.items() if not found]:
            raise ConfigError(
                f"{self._directory}: no group {', '.join(map(repr, missing))} in this tenant",
                next_step="check the spelling: a group's name in Entra, or its Object ID",
            )
        for name, found in named.items():
            if len(found) > 1:
                listed = "; ".join(sorted(map(_described, found))[:_SHOWN])
                raise ConfigError(
                    f"{self._directory}: {name!r} could be any of {listed}",
                    next_step="name the group by its Object ID",
                )
        return [Found(ref, str(named[ref.name][0]["id"]).lower()) for ref in wanted]

    def memberships(self, found: Iterable[Found]) -> list[Membership]:
        return [Membership(one.ref, Digests(map(mark, self.people(one)))) for one in found]

    def people(self, group: Found) -> Iterator[str]:
        """The object ids of everybody in it."""
        way = "transitiveMembers" if group.ref.nested else "members"
        return self._ids(f"/groups/{group.id}/{way}/microsoft.graph.user")

    def inner(self, group: Found) -> frozenset[str]:
        """The groups within it, at any depth; none for one whose member groups do not count."""
        if not group.ref.nested:
            return frozenset()
        within = self._ids(f"/groups/{group.id}/transitiveMembers/microsoft.graph.group")
        return frozenset(within) - {group.id}

    def _ids(self, path: str) -> Iterator[str]:
        """A cast is an advanced query: https://learn.microsoft.com/graph/aad-advanced-queries"""
        params = {"$select": "id", "$top": _MOST, "$count": "true"}
        for row in self._graph.rows(Call(path, params, EVENTUAL, GROUPS)):
            yield str(row["id"]).lower()

    def _named(self, name: str) -> list[Json]:
        text = name.strip()
        quoted = text.replace("'", "''")
        by = f"id eq '{text}'" if is_object_id(text) else f"displayName eq '{quoted}'"
        params = {"$filter": by, "$select": "id,displayName,description", "$top": _MOST}
        return list(self._graph.rows(Call("/groups", params, enough=GROUPS)))


def is_object_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def holding(memberships: Iterable[Membership], object_id: str) -> frozenset[GroupRef]:
    """The groups asked for that this person is in."""
    known = mark(object_id)
    return frozenset(one.ref for one in memberships if known in one.people)


def _described(group: Json) -> str:
    about = f" ({group['description']})" if group.get("description") else ""
    return f"{group['id']}{about}"
