"""/users: people, one or many, and their managers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.servers.entra import roles
from tests.servers.entra.call import Call
from tests.servers.entra.entry import Entry
from tests.servers.entra.expand import expansion
from tests.servers.entra.faults import GraphError, bad_request, not_found, unsupported
from tests.servers.entra.matching import Matcher, order, parse_filter
from tests.servers.entra.paging import Row, page, ranked
from tests.servers.entra.properties import USER, Resource

LISTING = ("$select", "$top", "$filter", "$count", "$orderby", "$expand", "$search", "$skiptoken", "$format")
ONE = ("$select", "$expand", "$format")


def list_users(call: Call) -> dict[str, Any]:
    roles.need(call.roles, *roles.SOME_OF_USERS)
    call.query.allow(LISTING)
    names = shown(call, USER)
    if outside := sorted(set(names) & USER.elsewhere):
        raise GraphError(501, "NotImplemented", f"This operation target is not yet supported. ({outside[0]})")
    expand = expansion(call)
    if expand and call.query.advanced:
        raise bad_request("$expand is not supported together with advanced query parameters.")
    source = search_users(call)

    def show(entry: Entry) -> Row:
        return expand(entry, reveal(call, entry, names)) if expand else reveal(call, entry, names)

    return page(call, call.url("users"), source, show, context=_context("users", call))


def count_users(call: Call) -> int:
    """/users/$count, which exists in advanced queries only."""
    roles.need(call.roles, *roles.SOME_OF_USERS)
    if not call.query.eventual:
        raise bad_request("$count is not currently supported.")
    keep = _filter(call, advanced=True)
    return sum(keep(entry) for entry in call.tenant.live(USER) if entry.born < call.horizon)


def get_user(call: Call, key: str) -> dict[str, Any]:
    roles.need(call.roles, *roles.SOME_OF_USERS)
    call.query.allow(ONE)
    entry = find_user(call, key)
    names = shown(call, USER)
    row = reveal(call, entry, names)
    if expand := expansion(call):
        row = expand(entry, row)
    return {"@odata.context": f"{call.root}/$metadata#{_context('users', call)}/$entity", **row}


def get_manager(call: Call, key: str) -> dict[str, Any]:
    roles.need(call.roles, *roles.USERS)
    call.query.allow(ONE)
    entry = find_user(call, key)
    manager = call.tenant.get(entry.manager) if entry.manager else None
    if manager is None or manager.deleted_at is not None:
        raise not_found("manager")
    context = f"{call.root}/$metadata#directoryObjects/$entity"
    return {"@odata.context": context, "@odata.type": USER.type} | reveal(call, manager, shown(call, USER))


def find_user(call: Call, key: str) -> Entry:
    try:
        entry = call.tenant.find(key, USER)
    except KeyError as exc:
        raise not_found(key) from exc
    if entry.born >= call.horizon:
        raise not_found(key)
    return entry


def shown(call: Call, resource: Resource) -> tuple[str, ...]:
    """The properties of each row. Sign-ins are not for everybody who may read people."""
    names = call.query.select(resource, resource.standard)
    if "signInActivity" in names and "AuditLog.Read.All" not in call.roles:
        message = "Calling principal does not have required MSGraph permissions AuditLog.Read.All"
        raise GraphError(403, "Authentication_MSGraphPermissionMissing", message)
    return names


def reveal(call: Call, entry: Entry, names: tuple[str, ...]) -> Row:
    """What the token's permissions let it see of a person; the rest looks as if it were never set."""
    row = entry.select(names)
    if not roles.holds(call.roles, *roles.USERS):
        for name in row.keys() - roles.BASIC_PROPERTIES:
            row[name] = USER.blank(name)
    return row


def search_users(call: Call) -> Callable[[int], Iterable[Entry]]:
    """What $filter, $search and $orderby make of the collection."""
    query = call.query
    if "$search" in query.given:
        if not query.eventual:
            raise unsupported(
                "Request with $search query parameter only works through MSGraph with a special request "
                "header: 'ConsistencyLevel: eventual'"
            )
        raise GraphError(501, "NotImplemented", "This test server does not search; use $filter.")
    keep = _filter(call, advanced=query.advanced)
    if text := query.given.get("$orderby"):
        if "$filter" in query.given and not query.advanced:
            raise unsupported("Sorting not supported for current query.")
        found = [entry for entry in call.tenant.live(USER) if keep(entry)]
        return ranked(order(found, text, USER, advanced=query.advanced))
    return lambda after: filter(keep, call.tenant.live(USER, after))


def _filter(call: Call, *, advanced: bool) -> Matcher:
    text = call.query.given.get("$filter")
    return parse_filter(text, USER, advanced=advanced) if text is not None else lambda _entry: True


def _context(collection: str, call: Call) -> str:
    chosen = call.query.given.get("$select")
    return f"{collection}({chosen})" if chosen else collection
