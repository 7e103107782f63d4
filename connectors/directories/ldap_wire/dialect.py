"""What one vendor means: who is a person, what identifies them, who may work, how groups hold members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from connectors.directories.ldap_wire.ber import decode_entry
from connectors.directories.ldap_wire.dn import is_below
from connectors.directories.ldap_wire.search import Assertion, Search, pages
from connectors.directories.ldap_wire.session import Session
from syncd.errors import Incomplete


class Entry(NamedTuple):
    """A decoded entry. `values` has lower-case attribute names, options included, and values as bytes."""

    dn: str
    values: Mapping[str, list[bytes]]

    @classmethod
    def decode(cls, raw: bytes) -> Entry:
        dn, attributes = decode_entry(raw)
        return cls(
            dn.decode("utf-8", "replace"),
            {_lower(name): values for name, values in attributes if values},
        )

    def first(self, name: str) -> bytes | None:
        """The first value of an attribute, by its lower-case name."""
        values = self.values.get(name)
        return values[0] if values else None

    def text(self, name: str) -> str:
        """The first value as text, for showing and for numbers; empty when absent."""
        return (self.first(name) or b"").decode("utf-8", "replace")


@lru_cache(maxsize=1024)
def _lower(name: bytes) -> str:
    """An attribute name as we call it; a directory has few of them, and sends them with everybody."""
    return name.decode("utf-8", "replace").lower()


class Standing(NamedTuple):
    """Whether a person may work now, why not, and when that changes by itself."""

    enabled: bool = True
    because: str = ""
    changes_at: int | None = None


@dataclass(frozen=True, slots=True)
class RootEntry:
    """What a server says of itself (RFC 4512, 5.1)."""

    contexts: tuple[str, ...]
    default_context: str
    vendor: str

    def context_of(self, base: str) -> str:
        """The naming context that holds `base`; `base` itself when the server does not say."""
        holding = [context for context in self.contexts if context and is_below(base, context)]
        return max(holding, key=len, default=base)


def read_root(session: Session) -> RootEntry:
    names = ("namingContexts", "defaultNamingContext", "vendorName", "vendorVersion")
    entries = [raw for page in pages(session, Search("", attributes=names, one=True)) for raw in page.entries]
    if not entries:
        raise Incomplete(
            f"{session.url} does not show its root entry", next_step="let everybody read the rootDSE"
        )
    entry = Entry.decode(entries[0])
    contexts = tuple(value.decode("utf-8", "replace") for value in entry.values.get("namingcontexts", ()))
    vendor = f"{entry.text('vendorname')} {entry.text('vendorversion')}".strip()
    return RootEntry(contexts, entry.text("defaultnamingcontext"), vendor)


@dataclass(frozen=True, slots=True)
class GroupKind:
    """How groups are found and how they hold their members.

    `members`: attributes with DNs. `logins`: the attribute with login names, and the person's that
    matches it. `ranged`: members come in ranges. `primary`: people may be in by `primaryGroupID`.
    `children_by_member_of`: member groups are searched by their memberOf, not among all groups.
    """

    filter: str
    names: tuple[str, ...]
    members: tuple[str, ...]
    logins: tuple[str, str] | None = None
    ranged: bool = False
    primary: bool = False
    children_by_member_of: bool = False


class Dialect(Protocol):
    """Pure knowledge of one kind of server; it never talks."""

    @property
    def people(self) -> str:
        """The filter that every person passes and nobody else."""
        ...

    @property
    def identity(self) -> str:
        """The attribute, in lower case, that never changes and that everybody has."""
        ...

    @property
    def attributes(self) -> tuple[str, ...]:
        """What is read of everybody, besides what the request names."""
        ...

    @property
    def groups(self) -> GroupKind: ...

    @property
    def binary(self) -> frozenset[str]:
        """Attributes, in lower case, that are no text and cannot be mapped."""
        ...

    def text(self, name: str, value: bytes) -> str:
        """A value as text. Raises `UnicodeDecodeError`."""
        ...

    def identify(self, entry: Entry) -> str: ...

    def by_id(self, id_: str) -> Assertion | None:
        """What holds for the one person of that id; None when nobody can have it."""
        ...

    def links(self, entry: Entry) -> tuple[str, ...]: ...

    def standing(self, entry: Entry, now: int) -> Standing:
        """Raises `Skipped` when it cannot be told."""
        ...

    def referenced(self, reference: str) -> str:
        """A filter for the people `reference` may point at."""
        ...

    def holds_people(self, dn: str) -> bool:
        """Whether people of the company may live below this DN, which another server holds."""
        ...
