"""What has changed in a tenant since a cursor: people by their delta, groups by theirs.

    users/delta     who changed, with all that is asked of them; where managers are followed, only what
                    changed: who reports to somebody with a new address did not change themselves.
                    Who reported to somebody now gone cannot be told: then everybody is read
    groups/delta    who joined or left a group we watch: those asked for, and the groups within them
    groups within   looked up anew each time: a group that came or went takes its people with it

Whoever is found that way, and is not told in full, is asked about anew, so that they look as in a full read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import structlog

from connectors.directories.entra_id.codes import GROUPS
from connectors.directories.entra_id.cursor import Cursor
from connectors.directories.entra_id.graph import MINIMAL, Call, Graph, Json
from connectors.directories.entra_id.groups import Found, Groups, is_object_id
from connectors.directories.entra_id.persons import Persons
from connectors.directories.entra_id.reading import Source, unless_begun
from syncd.errors import ConfigError, CursorLost, Incomplete
from syncd.model import GroupRef
from syncd.ports import Changed, ReadRequest

_IDS = 50  # of groups in one delta: https://learn.microsoft.com/graph/api/group-delta
_AT_ONCE = 200
_CHEAPER_IN_FULL = 5_000  # people whose groups changed, each of whom costs two or three questions
_ALWAYS_SET = ("accountEnabled", "userPrincipalName")


def mark(source: Source, request: ReadRequest) -> str:
    """`Incremental.mark`."""
    with source.opened() as graph:
        following = _Following(source, request, graph)
        asked = following.within(following.groups.find(request.groups) if request.groups else [])
        watched = _all_of(asked)
        users = following.latest(Call("/users/delta", {"$select": following.tracked}))
        return Cursor(users, tuple(following.watch(watched)), watched, asked).text()


def changes(source: Source, request: ReadRequest, cursor: str) -> Iterator[Changed]:
    """`Incremental.changes`."""
    since = Cursor.of(cursor)
    with source.opened() as graph:
        yield from unless_begun(_Following(source, request, graph).since(since))


def again(source: Source, request: ReadRequest, ids: Collection[str]) -> Iterator[Changed]:
    """`Incremental.again`."""
    with source.opened() as graph:
        groups = Groups(graph, source.name)
        found = groups.find(request.groups) if request.groups else []
        persons = Persons(graph, source.sealer(request), found)
        yield from unless_begun(_each(persons, sorted(set(ids))))


def _each(persons: Persons, ids: Sequence[str]) -> Iterator[Changed]:
    """These people anew. What is no object id is nobody's, and is not put into a URL."""
    known = [id_ for id_ in ids if is_object_id(id_)]
    for start in range(0, len(known), _AT_ONCE):
        yield persons.now(dict.fromkeys(known[start : start + _AT_ONCE]))
    yield Changed(gone=[id_ for id_ in ids if not is_object_id(id_)])


class _Following:
    """One round of changes over one session."""

    def __init__(self, source: Source, request: ReadRequest, graph: Graph) -> None:
        self.groups = Groups(graph, source.name)
        self._graph = graph
        self._request = request
        self._directory = source.name
        self._sealer = source.sealer(request)
        self._followed = self._sealer.places.followed
        self._touched: dict[str, None] = {}
        self._log = structlog.get_logger()

    @property
    def tracked(self) -> str:
        """For $select of the delta: a change of anything else is none to us."""
        select = self._sealer.places.select
        return f"{select},manager" if self._followed else select

    def within(self, found: Iterable[Found]) -> dict[Found, frozenset[str]]:
        return {one: self.groups.inner(one) for one in found}

    def latest(self, call: Call) -> str:
        """The link that will tell what happens from now on."""
        (*_, page) = self._graph.pages(call._replace(params={**call.params, "$deltatoken": "latest"}))
        return self._delta_link(page)

    def watch(self, ids: Iterable[str]) -> Iterator[str]:
        """Links that will tell who joins or leaves these groups."""
        ordered = sorted(ids)
        for start in range(0, len(ordered), _IDS):
            these = " or ".join(f"id eq '{id_}'" for id_ in ordered[start : start + _IDS])
            params = {"$select": "id,members", "$filter": these}
            yield self.latest(Call("/groups/delta", params, enough=GROUPS))

    def since(self, cursor: Cursor) -> Iterator[Changed]:
        links = (cursor.users, *cursor.groups)
        if not all(map(self._graph.is_ours, links)):
            raise CursorLost("the place to go on from is at another Graph than the one configured")
        found = self._same_groups(cursor)
        groups = self._groups_since(cursor, found)
        persons = Persons(self._graph, self._sealer, found)
        users = cursor.users
        for page in self._graph.pages(Call(cursor.users, headers=MINIMAL if self._followed else {})):
            yield self._changed(page, persons)
            users = page.get("@odata.deltaLink", users)
            last = page
        users = self._delta_link(last)
        yield from _each(persons, list(self._touched))
        yield Changed(cursor=groups._replace(users=users).text())

    # -- people --------------------------------------------------------------------------------------------

    def _changed(self, page: Json, persons: Persons) -> Changed:
        """One page of the delta. Somebody shown several times is as they were shown last."""
        known: dict[str, Json | None] = {}
        gone: dict[str, None] = {}
        managers: dict[str, None] = {}
        for row in page["value"]:
            id_ = str(row["id"]).lower()
            known.pop(id_, None)
            gone.pop(id_, None)
            self._touched.pop(id_, None)
            if "@removed" in row:
                if self._followed:
                    raise CursorLost("somebody is gone, and only a whole read tells who reported to them")
                gone[id_] = None
                purged = (row["@removed"] or {}).get("reason") == "deleted"
                self._log.debug("person_gone", directory=self._directory, id=id_, for_good=purged)
                continue
            known[id_] = None if self._followed or not _is_whole(row) else row
            if any(name in row for name in self._followed):
                managers[id_] = None
        if managers:
            self._touched |= dict.fromkeys(persons.reports(managers))
        now = persons.now(known)
        return Changed(now.people, [*gone, *now.gone])

    # -- groups --------------------------------------------------------------------------------------------

    def _same_groups(self, cursor: Cursor) -> list[Found]:
        """The groups asked for, found anew, as a full read does. Raises as it would."""
        found = self.groups.find(self._request.groups) if self._request.groups else []
        if set(found) != set(cursor.asked):
            raise CursorLost("a group's name now means another group")
        return found

    def _groups_since(self, cursor: Cursor, found: Sequence[Found]) -> Cursor:
        """Note everybody whose groups may have changed; the cursor to go on from."""
        moved: set[str] = set()
        links = [self._membership_since(link, moved) for link in cursor.groups]
        asked = self.within(found)
        for one, inner in asked.items():
            moved |= inner ^ cursor.asked[one]
        added = (_all_of(asked) | moved) - cursor.watched
        links += self.watch(added)
        for id_ in sorted(moved):
            self._touch(self._people_of(id_))
        return cursor._replace(groups=tuple(links), watched=cursor.watched | added, asked=asked)

    def _membership_since(self, link: str, moved: set[str]) -> str:
        """Note the people who joined or left a group, and the groups that did; the link to go on from."""
        page: Json = {}
        for page in self._graph.pages(Call(link, enough=GROUPS)):
            for group in page["value"]:
                for member in group.get("members@delta") or ():
                    if str(member.get("@odata.type", "")).endswith(".group"):
                        moved.add(str(member["id"]).lower())
                    else:
                        self._touch([str(member["id"]).lower()])
        return self._delta_link(page)

    def _people_of(self, group: str) -> Iterator[str]:
        try:
            yield from self.groups.people(Found(GroupRef(group), group))
        except ConfigError as exc:
            raise CursorLost("a group within another was deleted, and nobody knows who was in it") from exc

    def _touch(self, ids: Iterable[str]) -> None:
        self._touched |= dict.fromkeys(ids)
        if len(self._touched) > _CHEAPER_IN_FULL:
            raise CursorLost(
                f"the groups of more than {_CHEAPER_IN_FULL} people changed: reading all is cheaper"
            )

    def _delta_link(self, page: Json) -> str:
        link = page.get("@odata.deltaLink")
        if not isinstance(link, str) or not self._graph.is_ours(link):
            raise Incomplete("Graph did not say where the next changes begin", next_step="run again")
        return link


def _all_of(asked: dict[Found, frozenset[str]]) -> frozenset[str]:
    """Every group whose members are members of one that was asked for."""
    return frozenset(one.id for one in asked).union(*asked.values())


def _is_whole(row: Json) -> bool:
    """Whether a delta told everything: what everybody has is there."""
    return all(row.get(name) is not None for name in _ALWAYS_SET)
