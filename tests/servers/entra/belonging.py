"""From an object to its groups: memberOf and its relatives, as lists and as questions."""

from __future__ import annotations

from typing import Any

import orjson

from tests.servers.entra import roles
from tests.servers.entra.call import Call
from tests.servers.entra.collection import LINKED, context, listed, reveal_any
from tests.servers.entra.entry import Entry
from tests.servers.entra.faults import bad_request
from tests.servers.entra.groups import check_id, find_group, linked
from tests.servers.entra.membership import groups
from tests.servers.entra.paging import page
from tests.servers.entra.users import find_user

MOST_GROUPS_ASKED = 20


def user_groups(call: Call, key: str, cast: str | None = None) -> dict[str, Any]:
    return _list(call, find_user(call, key), "users", cast, transitive=False)


def user_groups_transitive(call: Call, key: str, cast: str | None = None) -> dict[str, Any]:
    return _list(call, find_user(call, key), "users", cast, transitive=True)


def group_groups(call: Call, key: str, cast: str | None = None) -> dict[str, Any]:
    return _list(call, find_group(call, key), "groups", cast, transitive=False)


def check_member_groups(call: Call, key: str) -> dict[str, Any]:
    """Those of the given groups that somebody is in, through however many others."""
    _need_both(call)
    asked = json_body(call).get("groupIds")
    if not isinstance(asked, list) or not asked:
        raise bad_request("The 'groupIds' parameter must be a collection with at least one value.")
    if len(asked) > MOST_GROUPS_ASKED:
        raise bad_request(f"The 'groupIds' collection has more than {MOST_GROUPS_ASKED} values.")
    for group in asked:
        check_id(str(group))
    held = {group.id for group in groups(call.tenant, find_user(call, key), transitive=True)}
    return _ids(call, [group for group in asked if group.lower() in held])


def get_member_groups(call: Call, key: str) -> dict[str, Any]:
    _need_both(call)
    security_only = json_body(call).get("securityEnabledOnly")
    if not isinstance(security_only, bool):
        raise bad_request("The 'securityEnabledOnly' parameter is missing.")
    found = groups(call.tenant, find_user(call, key), transitive=True)
    return _ids(call, sorted(one.id for one in found if one.values["securityEnabled"] or not security_only))


def json_body(call: Call) -> dict[str, Any]:
    try:
        body = orjson.loads(call.request.body)
    except orjson.JSONDecodeError as exc:
        raise bad_request("Unable to read JSON request payload.") from exc
    if not isinstance(body, dict):
        raise bad_request("Unable to read JSON request payload.")
    return body


def _list(call: Call, entry: Entry, collection: str, cast: str | None, *, transitive: bool) -> dict[str, Any]:
    roles.need(call.roles, *roles.USERS, *roles.GROUPS)
    call.query.allow(LINKED)
    link = "transitiveMemberOf" if transitive else "memberOf"
    segments = [collection, entry.id, link, *([f"microsoft.graph.{cast}"] if cast else [])]
    source = linked(call, listed(groups(call.tenant, entry, transitive=transitive)), cast)
    shape = context("directoryObjects", call)
    return page(call, call.url(*segments), source, reveal_any(call), context=shape)


def _need_both(call: Call) -> None:
    roles.need(call.roles, *roles.SOME_OF_USERS)
    roles.need(call.roles, *roles.GROUPS)


def _ids(call: Call, ids: list[str]) -> dict[str, Any]:
    return {"@odata.context": f"{call.root}/$metadata#Collection(Edm.String)", "value": ids}
