"""Links as a delta shows them: the members of a group, the manager of a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tests.servers.entra.entry import Change, Entry
from tests.servers.entra.paging import Row
from tests.servers.entra.tenant import Tenant


class Link(NamedTuple):
    """`number` is that of the object at the other end; links are shown in this order."""

    number: int
    row: Row


class Links(NamedTuple):
    name: str
    rows: list[Link]


NONE = Links("", [])


def current_links(tenant: Tenant, entry: Entry, followed: str) -> Links:
    if followed == "members":
        return _sorted(followed, (_link(member) for member in tenant.members_of(entry)))
    manager = tenant.get(entry.manager) if followed == "manager" and entry.manager else None
    if manager is None or manager.deleted_at is not None:
        return NONE
    return _sorted(followed, [_link(manager)])


def changed_links(tenant: Tenant, entry: Entry, followed: str, log: Iterable[Change]) -> Links:
    """Those added or removed; one that was both is shown as it stood at the end."""
    found: dict[str, Link] = {}
    for change in log:
        if change.id == entry.id and followed in change.names:
            for other_id, gone in ((change.removed, True), (change.added, False)):
                if (other := tenant.get(other_id)) is not None:
                    found[other_id] = _link(other, gone=gone)
    return _sorted(followed, found.values()) if found else NONE


def _link(entry: Entry, *, gone: bool = False) -> Link:
    row: Row = {"@odata.type": entry.resource.type, "id": entry.id}
    return Link(entry.number, row | {"@removed": {"reason": "deleted"}} if gone else row)


def _sorted(followed: str, links: Iterable[Link]) -> Links:
    return Links(f"{followed}@delta", sorted(links, key=lambda link: link.number))
