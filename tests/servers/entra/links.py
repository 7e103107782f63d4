"""Links as a delta shows them: the members of a group, the manager of a person."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.servers.entra.entry import Change, Entry, number_of
from tests.servers.entra.membership import members
from tests.servers.entra.paging import Row
from tests.servers.entra.tenant import Tenant


class Links(NamedTuple):
    """The objects at the other ends in the order of their numbers, and which of them are no longer there."""

    name: str
    ends: Sequence[Entry]
    gone: frozenset[str] = frozenset()

    def starting_at(self, number: int) -> Links:
        return self._replace(ends=self.ends[bisect_left(self.ends, number, key=number_of) :])

    def rows(self, count: int) -> list[Row]:
        """The first so many."""
        return [self._row(entry) for entry in self.ends[:count]]

    def _row(self, entry: Entry) -> Row:
        row: Row = {"@odata.type": entry.resource.type, "id": entry.id}
        return row | {"@removed": {"reason": "deleted"}} if entry.id in self.gone else row


NONE = Links("", ())


def current_links(tenant: Tenant, entry: Entry, followed: str) -> Links:
    if followed == "members":
        return Links("members@delta", members(tenant, entry, transitive=False))
    manager = tenant.get(entry.manager) if followed == "manager" and entry.manager else None
    if manager is None or manager.deleted_at is not None:
        return NONE
    return Links("manager@delta", [manager])


def changed_links(tenant: Tenant, entry: Entry, followed: str, log: Iterable[Change]) -> Links:
    """Those added or removed; one that was both is shown as it stood at the end."""
    gone: dict[str, bool] = {}
    for change in log:
        if change.id == entry.id and followed in change.names:
            gone |= {change.removed: True} if change.removed else {}
            gone |= {change.added: False} if change.added else {}
    ends = [end for end in map(tenant.get, gone) if end is not None]
    removed = frozenset(one for one, is_gone in gone.items() if is_gone)
    return Links(f"{followed}@delta", sorted(ends, key=number_of), removed)
