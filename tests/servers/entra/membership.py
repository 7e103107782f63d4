"""Who is in a group and which groups somebody is in, through as many groups as there are between.

Everything comes in the order of the objects' numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from tests.servers.entra.entry import Entry, number_of
from tests.servers.entra.properties import GROUP
from tests.servers.entra.tenant import Tenant


def members(tenant: Tenant, group: Entry, *, transitive: bool) -> Sequence[Entry]:
    return _members(tenant, tenant.version, group.id, transitive)


def groups(tenant: Tenant, entry: Entry, *, transitive: bool) -> Sequence[Entry]:
    direct = tenant.groups_of(entry)
    return _ordered(_reached(entry, direct, tenant.groups_of) if transitive else direct)


@lru_cache(maxsize=4)  # the pages of one group are asked for one after the other
def _members(tenant: Tenant, _version: int, group_id: str, transitive: bool) -> Sequence[Entry]:
    group = tenant.find(group_id, GROUP)

    def below(entry: Entry) -> Iterable[Entry]:
        return tenant.members_of(entry) if entry.resource is GROUP else ()

    direct = tenant.members_of(group)
    return _ordered(_reached(group, direct, below) if transitive else direct)


def _reached(
    start: Entry, first: Iterable[Entry], onward: Callable[[Entry], Iterable[Entry]]
) -> Iterable[Entry]:
    """Each once, however many ways lead there; never the start itself, even in a circle."""
    found: dict[str, Entry] = {}
    waiting = list(first)
    while waiting:
        entry = waiting.pop()
        if entry.id not in found and entry is not start:
            found[entry.id] = entry
            waiting.extend(onward(entry))
    return found.values()


def _ordered(entries: Iterable[Entry]) -> Sequence[Entry]:
    return sorted(entries, key=number_of)
