"""People as sightings: sealed with a fingerprint of their bytes, opened into a DirectoryUser when needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from connectors.directories.ldap_wire.ber import BerError, pick
from connectors.directories.ldap_wire.dialect import Dialect, Entry
from connectors.directories.ldap_wire.dn import digest
from connectors.directories.ldap_wire.groups import digest_login
from connectors.directories.ldap_wire.membership import Membership
from connectors.directories.ldap_wire.references import Reference
from syncd.errors import Incomplete, Skipped, Unavailable
from syncd.model import DirectoryUser, GroupRef, Identity

NO_GROUPS: frozenset[GroupRef] = frozenset()
_VERSION = b"ldap entry 1"  # change it when the same bytes come to mean something else


class LdapSighting:
    """The bytes of one entry, and what they hash to."""

    __slots__ = ("_entry", "_sealer", "fingerprint")

    def __init__(self, fingerprint: bytes, entry: bytes, sealer: Sealer) -> None:
        self.fingerprint = fingerprint
        self._entry = entry
        self._sealer = sealer

    def open(self) -> DirectoryUser:
        return self._sealer.open(self._entry)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Makes sightings of raw entries, and users of sightings, for one read of one directory.

    `references`: the attributes of others that count as theirs, such as `manager.mail`.
    `key` is that of the digests in memberships and references; `salt` that of the fingerprints.
    `related`: the attributes, in lower case, that decide on groups and references.
    """

    directory: str
    dialect: Dialect
    attributes: frozenset[str]
    memberships: Sequence[Membership]
    references: Sequence[Reference]
    key: bytes
    salt: bytes
    now: int
    related: frozenset[bytes]

    def seal(self, entries: Sequence[bytes]) -> list[LdapSighting]:
        """Raises `Unavailable` when somebody's identity is hidden: they could not be told from a leaver."""
        self._require_identities(entries)
        salt = self.salt
        if self.memberships or self.references:
            more = [raw + self._relations(raw) for raw in entries]
        else:
            more = list(entries)
        return [
            LdapSighting(blake2b(data, digest_size=16, key=salt, person=_VERSION).digest(), raw, self)
            for data, raw in zip(more, entries, strict=True)
        ]

    def seal_by_id(self, entries: Sequence[bytes]) -> dict[str, LdapSighting]:
        """As `seal`, by the id of each."""
        return {self._id(raw): sighting for raw, sighting in zip(entries, self.seal(entries), strict=True)}

    def _id(self, raw: bytes) -> str:
        name = self.dialect.identity
        dn, values = pick(raw, frozenset([name.encode()]))
        entry = Entry(dn.decode("utf-8", "replace"), {name: values.get(name.encode(), [])})
        return self.dialect.identify(entry)

    def open(self, raw: bytes) -> DirectoryUser:
        """Decode. Raises `Skipped`, with the identity; `Unavailable` when that is hidden."""
        try:
            entry = Entry.decode(raw)
        except BerError as exc:
            raise Incomplete(f"{self.directory}: an entry is not LDAP: {exc}", next_step="run again") from exc
        identity = Identity(self.directory, self.dialect.identify(entry))
        try:
            return self._described(raw, entry, identity)
        except Skipped as exc:
            raise Skipped(exc.message, next_step=exc.next_step, identity=identity) from exc

    def _described(self, raw: bytes, entry: Entry, identity: Identity) -> DirectoryUser:
        if self.memberships and self.dialect.groups.primary and not entry.first("primarygroupid"):
            raise Skipped(
                f"{entry.dn} shows no primaryGroupID: nobody knows whether they are in a group by it",
                next_step="let the reading account read primaryGroupID",
            )
        standing = self.dialect.standing(entry, self.now)
        return DirectoryUser(
            identity=identity,
            where=entry.dn,
            enabled=standing.enabled,
            disabled_because=standing.because,
            changes_at=standing.changes_at,
            links=self.dialect.links(entry),
            groups=frozenset(self._groups(*pick(raw, self.related))) if self.memberships else NO_GROUPS,
            attributes=self._attributes(entry),
        )

    def _require_identities(self, entries: Sequence[bytes]) -> None:
        name = self.dialect.attributes[0].encode()
        for raw in entries:
            if name not in raw and not Entry.decode(raw).first(self.dialect.identity):
                raise Unavailable(
                    f"{self.directory}: {Entry.decode(raw).dn} shows no {self.dialect.attributes[0]}",
                    next_step=f"let the reading account read {self.dialect.attributes[0]} of everybody",
                )

    def _relations(self, raw: bytes) -> bytes:
        """What the entry's own bytes do not say: its groups, and what its references lead to."""
        dn, values = pick(raw, self.related)
        parts = [f"{ref.name}\x00{ref.nested}".encode() for ref in self._groups(dn, values)]
        for reference in self.references:
            parts.append(b"")
            parts += reference.led_to(values.get(reference.via.encode(), ()))
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

    def _groups(self, dn: bytes, values: Mapping[bytes, list[bytes]]) -> Iterator[GroupRef]:
        if not self.memberships:
            return
        kind = self.dialect.groups
        mark = digest(dn, self.key)
        logins = values.get(kind.logins[1].lower().encode(), ()) if kind.logins else ()
        login_marks = [digest_login(login, self.key) for login in logins]
        primary = values.get(b"primarygroupid", [b""])[0] if kind.primary else b""
        for membership in self.memberships:
            if membership.holds(mark, login_marks, primary):
                yield membership.group

    def _attributes(self, entry: Entry) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        wanted = self.attributes
        for name, values in entry.values.items():
            if name in wanted:
                if texts := self._texts(entry, name, values):
                    found[name] = texts
            elif ";range=" in name and name.partition(";")[0] in wanted:
                plain = name.partition(";")[0]
                raise Skipped(f"{entry.dn}: {plain} has too many values", next_step=f"do not map {plain}")
        for reference in self.references:
            name = f"{reference.via}.{reference.name}"
            if texts := self._texts(entry, name, reference.led_to(entry.values.get(reference.via, ()))):
                found[name] = texts
        return found

    def _texts(self, entry: Entry, name: str, values: Sequence[bytes]) -> tuple[str, ...]:
        """The values that are not blank, as text."""
        text = self.dialect.text
        try:
            if len(values) == 1:
                one = text(name, values[0])
                return (one,) if one and not one.isspace() else ()
            return tuple([one for value in values if (one := text(name, value)) and not one.isspace()])
        except UnicodeDecodeError as exc:
            raise Skipped(
                f"{entry.dn}: {name} is not text",
                next_step=f"correct {name} in the directory, or do not map it",
            ) from exc
