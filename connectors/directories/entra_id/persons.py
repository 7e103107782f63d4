"""People asked about one by one, twenty in a batch, so that they look as in a full read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.directories.entra_id.codes import GROUPS
from connectors.directories.entra_id.graph import Call, Graph, Json, Reply
from connectors.directories.entra_id.groups import Found
from connectors.directories.entra_id.reading import person_params
from connectors.directories.entra_id.sighting import Sealer
from syncd.model import GroupRef
from syncd.ports import Changed

_MOST = "999"
_GONE = 404


class _Asked(NamedTuple):
    """The calls about one person: who they are where that is not known, and which groups they are in."""

    person: Call | None
    groups: Sequence[Call]


class Persons:
    """People of one tenant, and which of these groups they are in."""

    def __init__(self, graph: Graph, sealer: Sealer, groups: Sequence[Found]) -> None:
        self._graph = graph
        self._sealer = sealer
        self._nested = _by_id(one for one in groups if one.ref.nested)
        self._direct = _by_id(one for one in groups if not one.ref.nested)

    def now(self, users: Mapping[str, Json | None]) -> Changed:
        """These people as they are: by id what is known of each, None where it must be asked."""
        gone = [id_ for id_, user in users.items() if user is not None and not self._sealer.wants(user)]
        asked = {id_: self._calls(id_, user) for id_, user in users.items() if id_ not in set(gone)}
        replies = iter(self._answered(list(asked.values())))
        people: dict[str, Json] = {}
        held: dict[str, frozenset[GroupRef]] = {}
        for id_, calls in asked.items():
            user = users[id_] if calls.person is None else self._found(next(replies), calls.person)
            groups = [self._found(next(replies), call) for call in calls.groups]
            if user is None or None in groups or not self._sealer.wants(user):
                gone.append(id_)
            else:
                people[id_] = user
                held[user["id"]] = frozenset(self._refs(groups))
        sealed = self._sealer.seal(list(people.values()), held.__getitem__)
        return Changed(dict(zip(people, sealed, strict=True)), gone)

    def reports(self, managers: Iterable[str]) -> Iterator[str]:
        """The ids of those who report to them."""
        params = {"$select": "id", "$top": _MOST}
        calls = [Call(f"/users/{id_}/directReports", params) for id_ in managers]
        for reply, call in zip(self._graph.batch(calls), calls, strict=True):
            for row in self._rows(self._found(reply, call) or {}):
                yield str(row["id"]).lower()

    def _calls(self, id_: str, user: Json | None) -> _Asked:
        person = Call(f"/users/{id_}", person_params(self._sealer.places)) if user is None else None
        return _Asked(person, [*self._membership_calls(id_)])

    def _membership_calls(self, id_: str) -> Iterator[Call]:
        """Lists of groups cost Graph a quarter of what checkMemberGroups does.

        https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
        """
        for way, wanted in (("transitiveMemberOf", self._nested), ("memberOf", self._direct)):
            if wanted:
                yield Call(f"/users/{id_}/{way}", {"$select": "id", "$top": _MOST}, enough=GROUPS)

    def _answered(self, asked: Sequence[_Asked]) -> list[Reply]:
        every = [call for one in asked for call in (one.person, *one.groups) if call is not None]
        return self._graph.batch(every) if every else []

    def _found(self, reply: Reply, call: Call) -> Json | None:
        """The answer; None where there is nobody of that id any more."""
        if reply.status == _GONE:
            return None
        if reply.status != 200:
            raise self._graph.refusal(reply, call)
        return reply.body

    def _refs(self, answers: Sequence[Json | None]) -> Iterator[GroupRef]:
        """The groups asked for among those in the answers, which are in the order of the calls."""
        ways = [wanted for wanted in (self._nested, self._direct) if wanted]
        for wanted, answer in zip(ways, answers, strict=True):
            for row in self._rows(answer or {}):
                yield from wanted.get(str(row["id"]).lower(), ())

    def _rows(self, answer: Json) -> Iterator[Any]:
        yield from answer.get("value") or ()
        if link := answer.get("@odata.nextLink"):
            yield from self._graph.rows(Call(self._graph.own(link)))


def _by_id(groups: Iterable[Found]) -> dict[str, list[GroupRef]]:
    """Two names may mean the same group."""
    found: dict[str, list[GroupRef]] = {}
    for one in groups:
        found.setdefault(one.id, []).append(one.ref)
    return found
