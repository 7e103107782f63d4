"""References followed: what `manager.mail` means for everybody, looked up once, kept small."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from connectors.directories.ldap_wire.ber import pick
from connectors.directories.ldap_wire.dn import digest
from connectors.directories.ldap_wire.filters import all_of, any_of
from connectors.directories.ldap_wire.search import DOMAIN_SCOPE, Search, pages
from connectors.directories.ldap_wire.session import Session

_REMEMBERED = 10_000


class Table:
    """DN digest -> one value, in three blocks of memory instead of a dictionary of strings."""

    __slots__ = ("_digests", "_ends", "_values")

    def __init__(self, pairs: Iterable[tuple[int, bytes]]) -> None:
        ordered = sorted(pairs)
        self._digests = array("Q", (digest for digest, _ in ordered))
        self._values = b"".join(value for _, value in ordered)
        self._ends = array("Q", [0])
        for _, value in ordered:
            self._ends.append(self._ends[-1] + len(value))

    def get(self, digest: int) -> bytes | None:
        place = bisect_left(self._digests, digest)
        if place == len(self._digests) or self._digests[place] != digest:
            return None
        return self._values[self._ends[place] : self._ends[place + 1]]

    def __len__(self) -> int:
        return len(self._digests)


class Reference:
    """One attribute, followed: the `name` of whoever `via` points at, for everybody.

    Remembers recent answers, since a manager has many reports; forgets before that grows.
    """

    __slots__ = ("_key", "_recent", "_table", "name", "via")

    def __init__(self, via: str, name: str, table: Table, key: bytes) -> None:
        self.via = via
        self.name = name
        self._table = table
        self._key = key
        self._recent: dict[bytes, bytes | None] = {}

    def led_to(self, dns: Iterable[bytes]) -> list[bytes]:
        """The values of those these DNs name, as far as they are known."""
        found = []
        for dn in dns:
            if dn not in self._recent:
                if len(self._recent) >= _REMEMBERED:
                    self._recent.clear()
                self._recent[dn] = self._table.get(digest(dn, self._key))
            value = self._recent[dn]
            if value is not None:
                found.append(value)
        return found


def follow(
    session: Session, *, base: str, people: str, attributes: Iterable[str], page_size: int, key: bytes
) -> dict[str, Table]:
    """For each attribute, everybody's first value of it. `people` is the filter of who may be meant."""
    wanted = tuple(attributes)
    has_one = any_of(*(f"({name}=*)" for name in wanted))
    search = Search(base, all_of(people, has_one), wanted, page_size, controls=(DOMAIN_SCOPE,))
    names = {name: name.encode() for name in wanted}
    pairs: dict[str, list[tuple[int, bytes]]] = {name: [] for name in wanted}
    for page in pages(session, search):
        for raw in page.entries:
            dn, values = pick(raw, frozenset(names.values()))
            mark = digest(dn, key)
            for name, wire_name in names.items():
                if found := values.get(wire_name):
                    pairs[name].append((mark, found[0]))
    return {name: Table(found) for name, found in pairs.items()}
