"""One read of an LDAP directory, top to bottom: bind, groups, references, then everybody, sealed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from urllib.parse import unquote, urlsplit

from connectors.directories.ldap_wire.dialect import Dialect, RootEntry, read_root
from connectors.directories.ldap_wire.dn import is_below
from connectors.directories.ldap_wire.filters import all_of
from connectors.directories.ldap_wire.groups import Groups
from connectors.directories.ldap_wire.membership import Membership
from connectors.directories.ldap_wire.options import LdapWireOptions
from connectors.directories.ldap_wire.references import Reference, follow
from connectors.directories.ldap_wire.search import Assertion, Search, only_ldap, pages
from connectors.directories.ldap_wire.session import Session, open_session
from connectors.directories.ldap_wire.sighting import LdapSighting, Sealer
from connectors.retry import repeat
from syncd.errors import ConfigError, Incomplete
from syncd.ports import UNHEARD, Calls, ReadRequest


@dataclass(frozen=True, slots=True)
class Source:
    """One configured directory: its name, its options, and how to tell which dialect a server speaks."""

    name: str
    options: LdapWireOptions
    dialect: Callable[[RootEntry], Dialect]
    calls: Calls = UNHEARD
    sleep: Callable[[float], None] = time.sleep

    def session(self, tries: int = 3) -> Session:
        """At the first server that can be used, tried so often when the trouble may pass."""
        opening = partial(open_session, self.options, self.calls)
        return repeat(opening, attempts=tries, sleep=self.sleep, calls=self.calls)

    def read(self, request: ReadRequest) -> Iterator[Sequence[LdapSighting]]:
        """`Directory.read`."""
        with self.session() as session, only_ldap(session):
            yield from Reading(session, self, request, read_root(session)).people()


class Reading:
    """One read over one session. `key`: of the digests; by itself one that nobody can know."""

    def __init__(
        self, session: Session, source: Source, request: ReadRequest, root: RootEntry, key: bytes = b""
    ) -> None:
        self.session = session
        self._source, self._root = source, root
        self.options = source.options
        self.request = request
        self.dialect = source.dialect(root)
        self.context = root.context_of(self.options.base_dn[0])
        self._name = source.name
        self.key = key or secrets.token_bytes(16)
        self._plain = frozenset(name for name in request.attributes if "." not in name)
        self._followed = sorted(name.partition(".")[::2] for name in request.attributes if "." in name)
        self._related = self._deciding()

    def about(self, request: ReadRequest) -> Reading:
        """The same session, asked something else."""
        return Reading(self.session, self._source, request, self._root)

    def people(self) -> Iterator[Sequence[LdapSighting]]:
        sealer = self.sealer()
        for base in self.options.base_dn:
            for page in pages(self.session, self.search(base)):
                self.refuse_continuations(page.references, base)
                yield sealer.seal(page.entries)

    def search(self, base: str, among: Sequence[Assertion] = ()) -> Search:
        """Everybody below this base (among those meant), with all that is needed of them."""
        people = all_of(self.dialect.people, self.options.filter)
        return Search(base, people, self.asked, self.options.page_size, among=among)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The attributes that are needed of everybody, and nothing else."""
        needed = [*self.dialect.attributes, *sorted(self._plain), *self._related]
        return tuple({name.lower(): name for name in reversed(needed)}.values())[::-1]

    @property
    def references_by(self) -> list[str]:
        """The attributes whose references are followed."""
        return sorted({reference for reference, _ in self._followed})

    def memberships(self) -> list[Membership]:
        """Who is in the groups asked for. Raises `ConfigError` for one that does not exist."""
        return self.groups().memberships(self.request.groups) if self.request.groups else []

    def groups(self) -> Groups:
        base = self.options.group_base_dn or self.context
        return Groups(self.session, self.dialect.groups, base, self.key)

    def sealer(self) -> Sealer:
        """Raises `ConfigError` for an attribute that is no text or a group that does not exist."""
        binary = sorted(self._plain & self.dialect.binary)
        if binary:
            raise ConfigError(f"{self._name}: {binary[0]} is not text", next_step=f"do not map {binary[0]}")
        memberships = self.memberships()
        login = (self.dialect.groups.logins or ("", ""))[1]
        idle = {login} if not any(membership.logins for membership in memberships) else set()
        return Sealer(
            directory=self._name,
            dialect=self.dialect,
            attributes=self._plain,
            memberships=memberships,
            references=self._references(),
            key=self.key,
            salt=self.request.salt,
            now=self.request.now,
            related=frozenset(name.lower().encode() for name in self._related if name not in idle),
        )

    def _deciding(self) -> tuple[str, ...]:
        """The attributes of people that decide on their groups and on what their references lead to."""
        kind = self.dialect.groups
        names = [via for via, _ in self._followed]
        if self.request.groups:
            names += ["primaryGroupID"] if kind.primary else []
            names += [kind.logins[1]] if kind.logins else []
        return tuple(dict.fromkeys(names))

    def _references(self) -> list[Reference]:
        found = []
        for reference in dict.fromkeys(reference for reference, _ in self._followed):
            names = [name for other, name in self._followed if other == reference]
            tables = follow(
                self.session,
                base=self.context,
                people=self.dialect.referenced(reference),
                attributes=names,
                page_size=self.options.page_size,
                key=self.key,
            )
            found += [Reference(reference, name, tables[name], self.key) for name in names]
        return found

    def refuse_continuations(self, urls: Iterable[str], base: str) -> None:
        """Raise `Incomplete` when a part of the base is held by another server: people we do not see."""
        for url in urls:
            dn = unquote(urlsplit(url).path.lstrip("/"))
            if is_below(dn, base) and self.dialect.holds_people(dn):
                raise Incomplete(
                    f"{self.session.url}: {dn} lies below {base}, but another server holds it ({url})",
                    next_step="add a directory for it, or narrow base_dn to what this server holds",
                )
