"""People as sightings: a row of values with its fingerprint, made into a DirectoryUser when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson

from connectors.directories.entra_id import translate
from connectors.directories.entra_id.translate import ENABLED, ID, LOGIN, Places, Row
from syncd.errors import Skipped
from syncd.model import DirectoryUser, GroupRef, Identity

NO_GROUPS: frozenset[GroupRef] = frozenset()
_VERSION = b"entra user 1"  # change it when the same values come to mean something else


class EntraSighting:
    """The values of one person, and what they and the groups hash to."""

    __slots__ = ("_groups", "_row", "_sealer", "fingerprint")

    def __init__(self, fingerprint: bytes, row: Row, groups: frozenset[GroupRef], sealer: Sealer) -> None:
        self.fingerprint = fingerprint
        self._row = row
        self._groups = groups
        self._sealer = sealer

    def open(self) -> DirectoryUser:
        return self._sealer.open(self._row, self._groups)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Makes sightings of Graph's people, and users of sightings. `salt` keys the fingerprints."""

    directory: str
    places: Places
    salt: bytes
    guests: bool

    def wants(self, user: Mapping[str, Any]) -> bool:
        """Whether this is somebody we read at all."""
        return self.guests or not translate.is_guest(user)

    def seal(
        self,
        users: Iterable[Mapping[str, Any]],
        groups_of: Callable[[str], frozenset[GroupRef]] | None = None,
    ) -> list[EntraSighting]:
        """Those of them we read. `groups_of` tells, by an id, which of the groups asked for hold them."""
        row_of, salt, guests, is_guest = self.places.row, self.salt, self.guests, translate.is_guest
        found: list[EntraSighting] = []
        for user in users:
            if not guests and is_guest(user):
                continue
            row, groups = row_of(user), groups_of(user["id"]) if groups_of else NO_GROUPS
            data = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
            if groups:
                data += _named(groups)
            fingerprint = blake2b(data, digest_size=16, key=salt, person=_VERSION).digest()
            found.append(EntraSighting(fingerprint, row, groups, self))
        return found

    def open(self, row: Row, groups: frozenset[GroupRef]) -> DirectoryUser:
        """Raises `Skipped`, with the identity."""
        identity = Identity(self.directory, row[ID].lower())
        where = row[LOGIN] or identity.id
        if not isinstance(row[ENABLED], bool):
            raise Skipped(
                f"{where} shows no accountEnabled: nobody knows whether the account is enabled",
                next_step="grant the app User.Read.All, which lets it read accountEnabled",
                identity=identity,
            )
        try:
            attributes, links = self.places.attributes(row), self.places.links(row)
        except ValueError as exc:
            name = str(exc)
            raise Skipped(
                f"{where}: {name} is not text",
                next_step=f"do not map {name}, or one of its parts",
                identity=identity,
            ) from exc
        return DirectoryUser(
            identity=identity,
            where=where,
            enabled=row[ENABLED],
            disabled_because="" if row[ENABLED] else "the account is disabled",
            links=links,
            groups=groups,
            attributes=attributes,
        )


@lru_cache(maxsize=1024)
def _named(groups: frozenset[GroupRef]) -> bytes:
    """The groups somebody is in, in one spelling."""
    parts = (f"{ref.name}\x00{ref.nested}".encode() for ref in sorted(groups))
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
