"""/groups: one or many, by name or id, and who is in them, directly or through others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.servers.entra import roles
from tests.servers.entra.call import Call
from tests.servers.entra.collection import (
    LINKED,
    LISTING,
    ONE,
    Source,
    context,
    entity,
    listed,
    matcher,
    reveal,
    reveal_any,
    search,
    shown,
)
from tests.servers.entra.entry import Entry
from tests.servers.entra.faults import bad_request, not_found, unsupported
from tests.servers.entra.membership import members
from tests.servers.entra.paging import page
from tests.servers.entra.properties import GROUP, RESOURCES, USER, Resource


def list_groups(call: Call) -> dict[str, Any]:
    roles.need(call.roles, *roles.GROUPS)
    call.query.allow(tuple(name for name in LISTING if name != "$expand"))
    names = shown(call, GROUP)
    source = search(call, GROUP, lambda after: call.tenant.live(GROUP, after))
    return page(
        call,
        call.url("groups"),
        source,
        lambda entry: reveal(call, entry, names),
        context=context("groups", call),
    )


def get_group(call: Call, key: str) -> dict[str, Any]:
    roles.need(call.roles, *roles.GROUPS)
    call.query.allow(ONE)
    return entity(call, "groups", reveal(call, find_group(call, key), shown(call, GROUP)))


def list_members(call: Call, key: str, cast: str | None = None) -> dict[str, Any]:
    return _members(call, key, cast, transitive=False)


def list_transitive_members(call: Call, key: str, cast: str | None = None) -> dict[str, Any]:
    return _members(call, key, cast, transitive=True)


def count_members(call: Call, key: str) -> int:
    return _count(call, key, transitive=False)


def count_transitive_members(call: Call, key: str) -> int:
    return _count(call, key, transitive=True)


def find_group(call: Call, key: str) -> Entry:
    check_id(key)
    try:
        entry = call.tenant.find(key, GROUP)
    except KeyError as exc:
        raise not_found(key) from exc
    if entry.born >= call.horizon:
        raise not_found(key)
    return entry


def check_id(key: str) -> None:
    try:
        UUID(key)
    except ValueError as exc:
        raise bad_request(f"Invalid object identifier '{key}'.") from exc


def _members(call: Call, key: str, cast: str | None, *, transitive: bool) -> dict[str, Any]:
    roles.need(call.roles, *roles.GROUPS)
    call.query.allow(LINKED)
    group = find_group(call, key)
    link = "transitiveMembers" if transitive else "members"
    segments = ["groups", group.id, link, *([f"microsoft.graph.{cast}"] if cast else [])]
    source = linked(call, listed(members(call.tenant, group, transitive=transitive)), cast)
    shape = context("directoryObjects", call)
    return page(call, call.url(*segments), source, reveal_any(call), context=shape)


def _count(call: Call, key: str, *, transitive: bool) -> int:
    roles.need(call.roles, *roles.GROUPS)
    if not call.query.eventual:
        raise bad_request("$count is not currently supported.")
    call.query.allow(("$filter",))
    keep = matcher(call, USER, advanced=True)
    found = members(call.tenant, find_group(call, key), transitive=transitive)
    return sum(keep(entry) for entry in found)


def linked(call: Call, source: Source, cast: str | None) -> Source:
    """A link's other ends, of one type if cast; casts and filters are advanced queries here."""
    wanted = None if cast is None else _type(cast)
    for what, asked in (("OData cast", cast), *((name, call.query.given.get(name)) for name in _FILTERS)):
        if asked and not call.query.advanced:
            raise unsupported(
                f"Request with {what} only works through MSGraph with $count=true and a special request "
                "header: 'ConsistencyLevel: eventual'"
            )

    def of_type(after: int) -> Any:
        return (one for one in source(after) if wanted is None or one.resource is wanted)

    return search(call, wanted or USER, of_type)


_FILTERS = ("$filter", "$orderby")


def _type(cast: str) -> Resource:
    found = next((one for name, one in RESOURCES.items() if name.lower() == cast.lower()), None)
    if found is None:
        raise bad_request(f"Resource not found for the segment 'microsoft.graph.{cast}'.")
    return found
