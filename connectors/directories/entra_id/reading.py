"""One read of a tenant, top to bottom: sign in, groups, then everybody, page by page, sealed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from connectors.directories.entra_id.graph import Call, Graph, Json
from connectors.directories.entra_id.groups import Groups, Membership, holding
from connectors.directories.entra_id.options import EntraOptions
from connectors.directories.entra_id.sighting import EntraSighting, Sealer
from connectors.directories.entra_id.tokens import Tokens
from connectors.directories.entra_id.translate import Places, mark
from connectors.http import Http
from connectors.retry import repeat
from syncd.errors import Incomplete, Retriable
from syncd.ports import UNHEARD, Calls, ReadRequest

Page = TypeVar("Page")


@dataclass(frozen=True, slots=True)
class Source:
    """One configured tenant. Its connections last for a read; its token for as long as it is good."""

    name: str
    options: EntraOptions
    http: Http
    tokens: Tokens
    calls: Calls = UNHEARD
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, name: str, options: EntraOptions, calls: Calls, sleep: Callable[[float], None]) -> Source:
        http = Http(options, calls)
        return cls(name, options, http, Tokens(options, http), calls, sleep)

    @contextmanager
    def opened(self) -> Iterator[Graph]:
        """Graph, signed in to, over connections that are closed in the end."""
        with self.http:
            within = self.options.patience
            repeat(self.tokens.token, attempts=4, within=within, sleep=self.sleep, calls=self.calls)
            yield Graph(self.options, self.http, self.tokens, self.calls, self.sleep)

    def sealer(self, request: ReadRequest) -> Sealer:
        """Raises `ConfigError` for an attribute that cannot be read."""
        options = self.options
        places = Places.of(self.name, request.attributes, options.link_attribute or "", options.extensions)
        return Sealer(self.name, places, request.salt, options.guests == "include")

    def read(self, request: ReadRequest) -> Iterator[Sequence[EntraSighting]]:
        """`Directory.read`."""
        sealer = self.sealer(request)
        with self.opened() as graph:
            groups = Groups(graph, self.name)
            memberships = groups.memberships(groups.find(request.groups)) if request.groups else []
            yield from unless_begun(everybody(graph, sealer, memberships, self.options.page_size))


def everybody(
    graph: Graph, sealer: Sealer, memberships: Sequence[Membership], page_size: int
) -> Iterator[Sequence[EntraSighting]]:
    """All people of the tenant, each once: a list that shifts while it is read may show somebody twice."""
    seen: set[int] = set()
    for page in graph.pages(people_call(sealer.places, page_size)):
        fresh = _unseen(page["value"], seen)
        yield sealer.seal(fresh, partial(holding, memberships) if memberships else None)


def unless_begun(pages: Iterator[Page]) -> Iterator[Page]:
    """The same pages; what could have been tried again before the first is `Incomplete` after it."""
    begun = False
    try:
        for page in pages:
            begun = True
            yield page
    except Retriable as exc:
        if not begun:
            raise
        raise Incomplete(exc.message, next_step=exc.next_step) from exc


def people_call(places: Places, page_size: int) -> Call:
    return Call("/users", {**person_params(places), "$top": str(page_size)})


def person_params(places: Places) -> dict[str, str]:
    """What is asked of a person, alone or in a list."""
    expand = {"$expand": places.expand} if places.expand else {}
    return {"$select": places.select, **expand}


def _unseen(users: Sequence[Json], seen: set[int]) -> Iterable[Json]:
    """Those not seen before, who are all of them nearly always."""
    try:
        marks = [mark(user["id"]) for user in users]
    except (KeyError, TypeError, ValueError) as exc:
        raise Incomplete("Graph shows somebody without an object id", next_step="run again") from exc
    if len(set(marks)) == len(marks) and seen.isdisjoint(marks):
        seen.update(marks)
        return users
    fresh = []
    for known, user in zip(marks, users, strict=True):
        if known not in seen:
            seen.add(known)
            fresh.append(user)
    return fresh
