"""/users: people, one or many, and their managers."""

from __future__ import annotations

from typing import Any

from tests.servers.entra import roles
from tests.servers.entra.call import Call
from tests.servers.entra.collection import LISTING, ONE, context, entity, matcher, reveal, search, shown
from tests.servers.entra.entry import Entry
from tests.servers.entra.expand import expansion
from tests.servers.entra.faults import GraphError, bad_request, not_found
from tests.servers.entra.paging import Row, page
from tests.servers.entra.properties import USER


def list_users(call: Call) -> dict[str, Any]:
    roles.need(call.roles, *roles.SOME_OF_USERS)
    call.query.allow(LISTING)
    names = shown(call, USER)
    if set(names) & USER.elsewhere:
        raise GraphError(501, "NotImplemented", "This operation target is not yet supported.")
    expand = expansion(call)
    if expand and call.query.advanced:
        raise bad_request("$expand is not supported together with advanced query parameters.")
    source = search(call, USER, lambda after: call.tenant.live(USER, after))

    def show(entry: Entry) -> Row:
        return expand(entry, reveal(call, entry, names)) if expand else reveal(call, entry, names)

    return page(call, call.url("users"), source, show, context=context("users", call))


def count_users(call: Call) -> int:
    """/users/$count, which exists in advanced queries only."""
    roles.need(call.roles, *roles.SOME_OF_USERS)
    if not call.query.eventual:
        raise bad_request("$count is not currently supported.")
    call.query.allow(("$filter",))
    keep = matcher(call, USER, advanced=True)
    return sum(keep(entry) for entry in call.tenant.live(USER) if entry.born < call.horizon)


def get_user(call: Call, key: str) -> dict[str, Any]:
    roles.need(call.roles, *roles.SOME_OF_USERS)
    call.query.allow(ONE)
    entry = find_user(call, key)
    row = reveal(call, entry, shown(call, USER))
    if expand := expansion(call):
        row = expand(entry, row)
    return entity(call, "users", row)


def get_manager(call: Call, key: str) -> dict[str, Any]:
    roles.need(call.roles, *roles.USERS)
    call.query.allow(ONE)
    entry = find_user(call, key)
    manager = call.tenant.get(entry.manager) if entry.manager else None
    if manager is None or manager.deleted_at is not None:
        raise not_found("manager")
    row = {"@odata.type": USER.type} | reveal(call, manager, shown(call, USER))
    return entity(call, "directoryObjects", row)


def find_user(call: Call, key: str) -> Entry:
    try:
        entry = call.tenant.find(key, USER)
    except KeyError as exc:
        raise not_found(key) from exc
    if entry.born >= call.horizon:
        raise not_found(key)
    return entry
