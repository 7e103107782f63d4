"""Groups: found by DN or name, read to the last member, walked into member groups but not in circles."""

from __future__ import annotations

import re
import struct
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connectors.directories.digests import Digests
from connectors.directories.ldap_wire.dialect import Entry, GroupKind
from connectors.directories.ldap_wire.dn import digest, looks_like_dn
from connectors.directories.ldap_wire.filters import all_of, any_of, escaped
from connectors.directories.ldap_wire.membership import Membership
from connectors.directories.ldap_wire.search import DOMAIN_SCOPE, Search, pages
from connectors.directories.ldap_wire.session import Session
from syncd.errors import ConfigError, Incomplete
from syncd.model import GroupRef

_AT_A_TIME = 1500  # Active Directory's MaxValRange
_TRIES = 5
_RANGE = re.compile(r"(?P<name>[^;]+);range=(?P<first>\d+)-(?P<last>\d+|\*)")


@dataclass(slots=True)
class _Group:
    dn: str
    members: array[int] = field(default_factory=lambda: array("Q"))
    logins: array[int] = field(default_factory=lambda: array("Q"))
    primary: bytes = b""


class Groups:
    """The groups of one server, for the length of one read. `key` keeps digests unguessable."""

    def __init__(self, session: Session, kind: GroupKind, base: str, key: bytes) -> None:
        self._session = session
        self._kind = kind
        self._base = base
        self._key = key
        self._read: dict[int, _Group] = {}
        self._all: dict[int, str] | None = None

    def memberships(self, refs: Iterable[GroupRef]) -> list[Membership]:
        """Everybody in each of these groups. Raises `ConfigError` naming all that cannot be found."""
        wanted = sorted(refs)
        found = {name: self.find(name) for name in dict.fromkeys(ref.name for ref in wanted)}
        missing = [name for name, dns in found.items() if not dns]
        if missing:
            raise ConfigError(
                f"{self._session.url}: no group {', '.join(map(repr, missing))}; "
                f"looked below {self._base} at {', '.join(self._kind.names)}",
                next_step="check the spelling, group_base_dn, and that the reading account may see the group",
            )
        for name, dns in found.items():
            if len(dns) > 1:
                raise ConfigError(
                    f"{self._session.url}: {name!r} could be any of {'; '.join(sorted(dns))}",
                    next_step="name the group by its DN",
                )
        return [self._membership(ref, found[ref.name][0]) for ref in wanted]

    def find(self, name: str) -> list[str]:
        """The DNs of the groups of that name; at most one when the name is a DN."""
        if looks_like_dn(name):
            try:
                exact = [entry.dn for entry in self._entries(Search(name, self._kind.filter, one=True))]
            except ConfigError:  # no such entry, or no DN after all: "R&D = fun" is a fine name, too
                exact = []
            if exact:
                return exact
        named = any_of(*(f"({attribute}={escaped(name)})" for attribute in self._kind.names))
        found = Search(self._base, all_of(self._kind.filter, named), controls=(DOMAIN_SCOPE,))
        return [entry.dn for entry in self._entries(found)]

    def _membership(self, ref: GroupRef, dn: str) -> Membership:
        dns, logins, primary = array("Q"), array("Q"), set()
        seen, waiting = {self._digest(dn)}, deque([dn])
        while waiting:
            group = self._group(waiting.popleft())
            dns.extend(group.members)
            logins.extend(group.logins)
            primary.add(group.primary)
            if ref.nested:
                for child in self._children(group):
                    if (mark := self._digest(child)) not in seen:
                        seen.add(mark)
                        waiting.append(child)
        return Membership(ref, Digests(dns), Digests(logins), frozenset(primary - {b""}))

    def _group(self, dn: str) -> _Group:
        mark = self._digest(dn)
        if mark not in self._read:
            self._read[mark] = self._in_ranges(dn) if self._kind.ranged else self._at_once(dn)
        return self._read[mark]

    def _children(self, group: _Group) -> Iterator[str]:
        """The groups among the members."""
        if not group.members:
            return
        if self._kind.children_by_member_of:
            inside = all_of(self._kind.filter, f"(memberOf={escaped(group.dn)})")
            for entry in self._entries(Search(self._base, inside, controls=(DOMAIN_SCOPE,))):
                yield entry.dn
            return
        if self._all is None:
            every = self._entries(Search(self._base, self._kind.filter))
            self._all = {self._digest(entry.dn): entry.dn for entry in every}
        for member in group.members:
            if member in self._all:
                yield self._all[member]

    def _at_once(self, dn: str) -> _Group:
        logins = self._kind.logins[:1] if self._kind.logins else ()
        entry = self._entry(dn, (*self._kind.members, *logins))
        group = _Group(dn)
        for name in self._kind.members:
            group.members.extend(self._digests(entry.values.get(name.lower(), ())))
        for name in logins:
            group.logins.extend(
                digest_login(login, self._key) for login in entry.values.get(name.lower(), ())
            )
        return group

    def _in_ranges(self, dn: str) -> _Group:
        """All members, asked for range by range: what a server gives unasked may be cut off.

        When the group changes meanwhile, values move between ranges, and it is read anew.
        """
        for _ in range(_TRIES):
            group, versions = _Group(dn), set()
            first: int | None = 0
            while first is not None:
                asked = f"{self._kind.members[0]};range={first}-{first + _AT_A_TIME - 1}"
                entry = self._entry(dn, (asked, "uSNChanged", "objectSid"))
                versions.add(entry.first("usnchanged"))
                group.primary = _number_in_domain(entry.first("objectsid") or b"")
                values, first = _range(entry, self._kind.members[0].lower(), first)
                group.members.extend(self._digests(values))
            if len(versions) == 1:
                return group
        raise Incomplete(f"{dn} changes faster than it can be read", next_step="run again")

    def _entry(self, dn: str, attributes: tuple[str, ...]) -> Entry:
        found = list(self._entries(Search(dn, attributes=attributes, one=True)))
        if not found:
            raise Incomplete(f"{self._session.url}: group {dn} is no longer visible", next_step="run again")
        return found[0]

    def _entries(self, search: Search) -> Iterator[Entry]:
        for page in pages(self._session, search):
            yield from map(Entry.decode, page.entries)

    def _digests(self, dns: Iterable[bytes]) -> Iterator[int]:
        for dn in dns:  # uniqueMember may carry a bit string behind a # (RFC 4517, 3.3.21)
            yield digest(re.sub(rb"#'[01]*'B\Z", b"", dn), self._key)

    def _digest(self, dn: str) -> int:
        return digest(dn.encode("utf-8", "surrogateescape"), self._key)


def digest_login(login: bytes, key: bytes) -> int:
    """Stands for a login name, apart from every DN."""
    return digest(b"\x00login=" + login.strip(), key)


def _range(entry: Entry, name: str, first: int) -> tuple[list[bytes], int | None]:
    """The values of a range, and where the next begins; None when this was the last.

    https://learn.microsoft.com/windows/win32/adsi/attribute-range-retrieval
    """
    for found, values in entry.values.items():
        part = _RANGE.fullmatch(found)
        if part and part["name"] == name:
            if int(part["first"]) != first:
                raise Incomplete(
                    f"{entry.dn}: asked for members from {first}, got {found}", next_step="run again"
                )
            return values, None if part["last"] == "*" else int(part["last"]) + 1
    return entry.values.get(name, []), None


def _number_in_domain(sid: bytes) -> bytes:
    """The last part of a domain's SID, as `primaryGroupID` has it; nothing for built-in groups."""
    if len(sid) != 28 or sid[:12] != b"\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00":
        return b""
    return str(struct.unpack("<I", sid[-4:])[0]).encode()
