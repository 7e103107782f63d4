"""What an LDIF entry says of other entries: the groups that its groups are in, and its manager's values."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from connectors.directories.files.ldif_entries import LdifEntries
from connectors.directories.files.ldif_names import is_person
from connectors.directories.ldap_wire.dn import digest


class Neighbours:
    """Groups, and people referred to; not everybody. Filled by `collect`, then only asked."""

    def __init__(self, entries: LdifEntries, references: Collection[tuple[str, str]]) -> None:
        """Stores. `references` are pairs such as ("manager", "mail")."""
        self._entries = entries
        self._sources = {source for source, _ in references}
        self._targets = {target for _, target in references}
        self._parents: dict[int, list[bytes]] = {}  # a group -> the groups it is directly in
        self._found: dict[int, dict[str, list[bytes]]] = {}

    def collect(self) -> None:
        """One pass for groups and references, a second one for those who are referred to."""
        referred: set[bytes] = set()
        for entry in self._entries.read({"objectclass", "memberof", *self._sources}):
            groups = entry.values.get("memberof")
            if groups and not is_person(entry.values.get("objectclass", [])):
                self._parents[digest(entry.dn.encode())] = groups
            for source in self._sources:
                referred.update(entry.values.get(source, ()))
        wanted = set(map(digest, referred))
        if not wanted:
            return
        for entry in self._entries.read(self._targets):
            if (dn := digest(entry.dn.encode())) in wanted:
                self._found[dn] = entry.values

    def values_at(self, reference: bytes, attribute: str) -> list[bytes]:
        """What the entry of this DN has; nothing when it is not in the file."""
        return self._found.get(digest(reference), {}).get(attribute, [])

    def above(self, groups: Iterable[bytes]) -> list[bytes]:
        """The groups that these are members of, at any height, these not included. A circle ends."""
        met = set(map(digest, groups))
        fresh, found = list(met), []
        while fresh:
            for parent in self._parents.get(fresh.pop(), ()):
                if (dn := digest(parent)) not in met:
                    met.add(dn)
                    fresh.append(dn)
                    found.append(parent)
        return found
