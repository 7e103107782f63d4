"""/users/delta and /groups/delta: everything at first, and from then on what has changed.

https://learn.microsoft.com/graph/delta-query-overview. A token holds the version of the tenant from which
the next round starts; a round reports what the replica had seen when the round began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.servers.entra import roles
from tests.servers.entra.call import Call
from tests.servers.entra.collection import context
from tests.servers.entra.encoding import seal, unseal
from tests.servers.entra.entry import CREATED, Entry
from tests.servers.entra.faults import bad_request, expired_page, resync, unsupported
from tests.servers.entra.links import Links, changed_links, current_links
from tests.servers.entra.paging import Row
from tests.servers.entra.properties import GROUP, USER, Resource

_IDS = re.compile(r"\s*id\s+eq\s+'([^']*)'\s*", re.IGNORECASE)
MOST_IDS = 50
STARTS_WITH = ("$select", "$filter", "$deltatoken", "$format")


class State(NamedTuple):
    """A round on its way. `since` is None in the first, which shows what there is and not what changed.

    The next page begins at object `place`, and there at its link to the object with number `link`.
    """

    kind: str
    since: int | None
    until: int
    select: tuple[str, ...] | None
    ids: tuple[str, ...]
    at: float
    place: int = 0
    link: int = 0


class Part(NamedTuple):
    """A row, or as much of it as fits on a page; `place` and `link` are where the next one begins."""

    row: Row
    links: int
    place: int
    link: int


def users_delta(call: Call) -> dict[str, Any]:
    roles.need(call.roles, *roles.USERS)
    return _delta(call, USER, {"manager"})


def groups_delta(call: Call) -> dict[str, Any]:
    roles.need(call.roles, *roles.GROUPS)
    return _delta(call, GROUP, {"members"})


def _delta(call: Call, resource: Resource, links: set[str]) -> dict[str, Any]:
    state = _state(call, resource, links)
    if call.query.given.get("$deltatoken", "").lower() == "latest":
        return _body(call, resource, [], _delta_link(call, resource, state))
    rows: list[Row] = []
    room = call.limits.delta_links
    most = call.limits.delta_users
    minimal = state.since is not None and "return=minimal" in call.request.headers.get("prefer", "").lower()
    for part in _parts(call, resource, state, minimal=minimal):
        if len(rows) == most or (rows and part.links > room):
            return _body(call, resource, rows, _next_link(call, resource, state))
        rows.append(part.row)
        room -= part.links
        state = state._replace(place=part.place, link=part.link)
    return _body(call, resource, rows, _delta_link(call, resource, state))


def _body(call: Call, resource: Resource, rows: list[Row], link: dict[str, str]) -> dict[str, Any]:
    shape = f"{call.root}/$metadata#{context(resource.collection, call)}"
    return {"@odata.context": shape, **link, "value": rows}


def _next_link(call: Call, resource: Resource, state: State) -> dict[str, str]:
    token = seal([*state._replace(at=call.now)])
    return {"@odata.nextLink": f"{call.url(resource.collection, 'delta')}?$skiptoken={token}"}


def _delta_link(call: Call, resource: Resource, state: State) -> dict[str, str]:
    """The next round starts where this one began: what happened since may be shown twice, never lost."""
    done = state._replace(since=state.until, at=call.now, place=0, link=0)
    return {"@odata.deltaLink": f"{call.url(resource.collection, 'delta')}?$deltatoken={seal([*done])}"}


# -- tokens ----------------------------------------------------------------------------------------------


def _state(call: Call, resource: Resource, links: set[str]) -> State:
    given = call.query.given
    if "$skiptoken" in given:
        call.query.allow(("$skiptoken",))
        state = _read(given["$skiptoken"], resource)
        if call.now - state.at > call.limits.page_token_seconds:
            raise expired_page()
        return state
    call.query.allow(STARTS_WITH)
    token = given.get("$deltatoken", "")
    if token and token.lower() != "latest":
        call.query.allow(("$deltatoken",))
        state = _read(token, resource)
        if call.now - state.at > call.limits.delta_token_seconds:
            message = "The sync state generation is not found; the delta token has expired. Start over."
            raise resync("syncStateNotFound", message, 400)
        again = call.limits.replayed_changes
        since = None if state.since is None else max(0, state.since - again)
        return state._replace(since=since, until=max(call.horizon, state.until))
    select = _select(call, resource, links)
    return State(resource.name, None, call.horizon, select, _filtered_ids(given.get("$filter")), call.now)


def _read(token: str, resource: Resource) -> State:
    try:
        kind, since, until, select, ids, at, place, link = unseal(token)
    except (ValueError, TypeError) as exc:
        raise bad_request("Badly formed token.") from exc
    if kind != resource.name:
        raise bad_request("Badly formed token.")
    return State(kind, since, until, None if select is None else tuple(select), tuple(ids), at, place, link)


def _select(call: Call, resource: Resource, links: set[str]) -> tuple[str, ...] | None:
    text = call.query.given.get("$select")
    if not text:
        return None
    names = call.query.select(resource, resource.standard)
    if set(names) & resource.elsewhere:
        raise bad_request("Invalid Request: $select is not supported for these properties")
    wanted = {name.strip() for name in text.split(",")}
    return ("id", *(name for name in names if name != "id"), *sorted(links & wanted))


def _filtered_ids(text: str | None) -> tuple[str, ...]:
    """Only by id, and by so many."""
    if text is None:
        return ()
    clauses = [_IDS.fullmatch(clause) for clause in re.split(r"\bor\b", text, flags=re.IGNORECASE)]
    ids = [clause[1].lower() for clause in clauses if clause is not None]
    if len(ids) < len(clauses):
        raise unsupported("Filter not supported.")
    if len(ids) > MOST_IDS:
        raise bad_request(f"Too many filtered objects: {len(ids)}. At most {MOST_IDS} are supported.")
    return tuple(ids)


# -- rows ------------------------------------------------------------------------------------------------


def _parts(call: Call, resource: Resource, state: State, *, minimal: bool) -> Iterator[Part]:
    if state.since is None:
        return _everything(call, resource, state)
    return _changes(call, resource, state, state.since, minimal=minimal)


def _everything(call: Call, resource: Resource, state: State) -> Iterator[Part]:
    """All that exists. Places are the numbers of the objects, so that others may come and go meanwhile."""
    for entry in call.tenant.live(resource, state.place - 1):
        if entry.born >= state.until or (state.ids and entry.id not in state.ids):
            continue
        links = current_links(call.tenant, entry, _followed(state))
        start = state.link if entry.number == state.place else 0
        yield from _split(_row(entry, state, None), links, start, entry.number, call.limits.delta_links)


def _changes(call: Call, resource: Resource, state: State, since: int, *, minimal: bool) -> Iterator[Part]:
    """What has changed. Places count the objects in the order of their first change."""
    changed = _changed(call, resource, state, since)
    for place, (entry_id, names) in enumerate(list(changed.items())[state.place :], state.place):
        entry = call.tenant.get(entry_id)
        assert entry is not None
        if entry.deleted_at is not None:
            if entry.born < since or not entry.purged:
                yield Part(_removed(call, entry), 0, place + 1, 0)
            continue
        if "*" in names:
            links, only = current_links(call.tenant, entry, _followed(state)), None
        else:
            log = call.tenant.log[since : state.until]
            links, only = changed_links(call.tenant, entry, _followed(state), log), names if minimal else None
        start = state.link if place == state.place else 0
        yield from _split(_row(entry, state, only), links, start, place, call.limits.delta_links)


def _changed(call: Call, resource: Resource, state: State, since: int) -> dict[str, set[str]]:
    """Which tracked properties of which objects have changed, in the order of their first change."""
    found: dict[str, set[str]] = {}
    for change in call.tenant.log[since : state.until]:
        if change.kind != resource.name or (state.ids and change.id not in state.ids):
            continue
        if change.names in ((), CREATED) or any(_is_tracked(name, state) for name in change.names):
            found.setdefault(change.id, set()).update(change.names)
    return found


def _is_tracked(name: str, state: State) -> bool:
    if name in ("manager", "members"):
        return name == _followed(state)
    return state.select is None or name in state.select


def _followed(state: State) -> str:
    """The link whose changes are shown: the members of groups without $select, otherwise what is selected."""
    wanted = ("members",) if state.select is None and state.kind == GROUP.name else state.select or ()
    return next((name for name in ("manager", "members") if name in wanted), "")


def _row(entry: Entry, state: State, only: set[str] | None) -> Row:
    """A property that was never set is absent; one that was cleared is null."""
    names = entry.resource.standard if state.select is None else state.select
    values = entry.values
    kept = (name for name in names if name in values and (only is None or name in only))
    return {"id": entry.id} | {name: values[name] for name in kept}


def _removed(call: Call, entry: Entry) -> Row:
    reason = "changed" if call.tenant.is_restorable(entry) else "deleted"
    return {"id": entry.id, "@removed": {"reason": reason}}


def _split(row: Row, links: Links, start: int, place: int, size: int) -> Iterator[Part]:
    """One part, or several when there are more links than fit on a page."""
    rest = links.starting_at(start)
    while len(rest.ends) > size:
        following = rest.ends[size].number
        yield Part(row | {links.name: rest.rows(size)}, size, place, following)
        rest = rest.starting_at(following)
    if rest.ends:
        row = row | {links.name: rest.rows(size)}
    yield Part(row, len(rest.ends), place + 1, 0)
