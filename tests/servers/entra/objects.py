"""Objects whatever their type: by ids, and those among the deleted items."""

from __future__ import annotations

from typing import Any

from tests.servers.entra import roles
from tests.servers.entra.belonging import json_body
from tests.servers.entra.call import Call
from tests.servers.entra.collection import LINKED, context, entity, listed, reveal, reveal_any, search, shown
from tests.servers.entra.faults import bad_request, not_found, unsupported
from tests.servers.entra.groups import check_id
from tests.servers.entra.paging import page
from tests.servers.entra.properties import GROUP, RESOURCES, USER, Resource

MOST_IDS = 1000


def get_by_ids(call: Call) -> dict[str, Any]:
    """Those that exist, in any order; an id nobody has is passed over in silence."""
    roles.need(call.roles, *roles.USERS, *roles.GROUPS)
    call.query.allow(("$select",))
    body = json_body(call)
    ids, types = body.get("ids"), body.get("types") or list(RESOURCES)
    if not isinstance(ids, list) or not ids:
        raise bad_request("The 'ids' parameter must be a collection with at least one value.")
    if len(ids) > MOST_IDS:
        raise bad_request(f"The 'ids' collection has more than {MOST_IDS} values.")
    for one in ids:
        check_id(str(one))
    show = reveal_any(call)
    found = (call.tenant.get(one.lower()) for one in dict.fromkeys(ids))
    rows = [
        show(entry)
        for entry in found
        if entry is not None
        and entry.deleted_at is None
        and entry.born < call.horizon
        and entry.resource.name in types
    ]
    return {"@odata.context": f"{call.root}/$metadata#directoryObjects", "value": rows}


def deleted_users(call: Call) -> dict[str, Any]:
    roles.need(call.roles, *roles.USERS)
    return _deleted(call, USER)


def deleted_groups(call: Call) -> dict[str, Any]:
    roles.need(call.roles, *roles.GROUPS)
    return _deleted(call, GROUP)


def deleted_item(call: Call, key: str) -> dict[str, Any]:
    roles.need(call.roles, *roles.USERS, *roles.GROUPS)
    check_id(key)
    entry = call.tenant.get(key.lower())
    if entry is None or not call.tenant.is_restorable(entry):
        raise not_found(key)
    return entity(call, "directoryObjects", reveal_any(call)(entry))


def _deleted(call: Call, resource: Resource) -> dict[str, Any]:
    call.query.allow(LINKED)
    if "$orderby" in call.query.given and not call.query.advanced:
        raise unsupported("Sorting not supported for current query.")
    names = shown(call, resource)
    source = search(call, resource, listed(call.tenant.deleted(resource)))
    url = call.url("directory", "deletedItems", f"microsoft.graph.{resource.name}")
    show = lambda entry: reveal(call, entry, names)  # noqa: E731
    return page(call, url, source, show, context=context(resource.collection, call))
