"""References followed: what `manager.mail` means for everybody, looked up once, kept small."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from connectors.directories.ldap_wire.ber import decode_entry
from connectors.directories.ldap_wire.dn import digest
from connectors.directories.ldap_wire.filters import all_of, any_of
from connectors.directories.ldap_wire.search import DOMAIN_SCOPE, Search, pages
from connectors.directories.ldap_wire.session import Session


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


def follow(
    session: Session, *, base: str, people: str, attributes: Iterable[str], page_size: int, key: bytes
) -> Mapping[str, Table]:
    """For each attribute, everybody's first value of it. `people` is the filter of who may be meant."""
    wanted = tuple(attributes)
    has_one = any_of(*(f"({name}=*)" for name in wanted))
    search = Search(base, all_of(people, has_one), wanted, page_size, controls=(DOMAIN_SCOPE,))
    pairs: dict[str, list[tuple[int, bytes]]] = {name: [] for name in wanted}
    for mark, values in _values(session, search, key):
        for name in wanted:
            if name in values:
                pairs[name].append((mark, values[name]))
    return {name: Table(found) for name, found in pairs.items()}


def _values(session: Session, search: Search, key: bytes) -> Iterator[tuple[int, dict[str, bytes]]]:
    for page in pages(session, search):
        for raw in page.entries:
            dn, attributes = decode_entry(raw)
            yield (
                digest(dn, key),
                {name.decode("ascii", "replace").lower(): v[0] for name, v in attributes if v},
            )
