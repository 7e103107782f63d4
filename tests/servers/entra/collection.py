"""What every collection has in common: which properties are shown, to whom, and what $filter leaves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from tests.servers.entra import roles
from tests.servers.entra.call import Call
from tests.servers.entra.entry import Entry, number_of
from tests.servers.entra.faults import GraphError, unsupported
from tests.servers.entra.matching import Matcher, order, parse_filter
from tests.servers.entra.paging import Row, ranked
from tests.servers.entra.properties import RESOURCES, USER, Resource

LISTING = ("$select", "$top", "$filter", "$count", "$orderby", "$expand", "$search", "$skiptoken", "$format")
LINKED = ("$select", "$top", "$filter", "$count", "$orderby", "$search", "$skiptoken", "$format")
ONE = ("$select", "$expand", "$format")

Source = Callable[[int], Iterable[Entry]]


def shown(call: Call, resource: Resource) -> tuple[str, ...]:
    """The properties of each row. Sign-ins are not for everybody who may read people."""
    names = call.query.select(resource, resource.standard)
    if "signInActivity" in names and "AuditLog.Read.All" not in call.roles:
        message = "Calling principal does not have required MSGraph permissions AuditLog.Read.All"
        raise GraphError(403, "Authentication_MSGraphPermissionMissing", message)
    return names


def reveal(call: Call, entry: Entry, names: tuple[str, ...]) -> Row:
    """What the token's permissions let it see of an object; the rest looks as if it were never set."""
    row = entry.select(names)
    if "extension_" in call.query.given.get("$select", ""):
        row = {name: value for name, value in row.items() if value is not None or not _vanishes(name)}
    if not roles.holds(call.roles, *roles.FULL[entry.resource.name]):
        basic = entry.resource is USER and "User.ReadBasic.All" in call.roles
        visible = roles.BASIC_PROPERTIES if basic else {"id"}
        for name in row.keys() - visible:
            row[name] = entry.resource.blank(name)
    return row


def reveal_any(call: Call) -> Callable[[Entry], Row]:
    """For collections of several types: each says its own, and shows what of $select it has."""
    chosen = _chosen(call)

    def show(entry: Entry) -> Row:
        own = entry.resource
        names = tuple(filter(own.has, chosen)) if chosen else own.standard
        return {"@odata.type": own.type, **reveal(call, entry, names)}

    return show


def search(call: Call, resource: Resource, source: Source) -> Source:
    """What $filter, $search and $orderby leave of a source."""
    query = call.query
    if "$search" in query.given:
        if not query.eventual:
            raise unsupported(
                "Request with $search query parameter only works through MSGraph with a special request "
                "header: 'ConsistencyLevel: eventual'"
            )
        raise GraphError(501, "NotImplemented", "This test server does not search; use $filter.")
    keep = matcher(call, resource, advanced=query.advanced)
    if text := query.given.get("$orderby"):
        if "$filter" in query.given and not query.advanced:
            raise unsupported("Sorting not supported for current query.")
        found = [entry for entry in source(-1) if keep(entry)]
        return ranked(order(found, text, resource, advanced=query.advanced))
    if "$filter" not in query.given:
        return source
    return lambda after: filter(keep, source(after))


def matcher(call: Call, resource: Resource, *, advanced: bool) -> Matcher:
    text = call.query.given.get("$filter")
    if text is None:
        return lambda _entry: True
    limited = resource is USER and not roles.holds(call.roles, *roles.USERS)
    readable = roles.BASIC_PROPERTIES if limited else None
    return parse_filter(text, resource, advanced=advanced, readable=readable)


def listed(entries: Iterable[Entry]) -> Source:
    """A source of these, which come in the order of their numbers."""
    ordered = entries if isinstance(entries, list) else list(entries)
    return lambda after: ordered[bisect_right(ordered, after, key=number_of) :]


def context(collection: str, call: Call) -> str:
    chosen = call.query.given.get("$select")
    return f"{collection}({chosen})" if chosen else collection


def entity(call: Call, collection: str, row: Row) -> dict[str, Any]:
    return {"@odata.context": f"{call.root}/$metadata#{context(collection, call)}/$entity", **row}


def _chosen(call: Call) -> tuple[str, ...]:
    """$select over several types: a name must belong to one of them."""
    text = call.query.given.get("$select", "")
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if not any(resource.has(name) for resource in RESOURCES.values()):
            call.query.select(USER, ())  # refuses it in Graph's words
    return () if "*" in names else names


def _vanishes(name: str) -> bool:
    """A directory extension without a value is left out rather than null."""
    return name.startswith("extension_")
