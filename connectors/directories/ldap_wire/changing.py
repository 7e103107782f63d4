"""What has changed in an LDAP directory: the server's own history, and the few it names read anew.

Whoever is named is read by the same search as everybody else, so that their fingerprint is the same. What
the history cannot tell of (who left a changed group, where it does not say) makes the cursor a lost one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from connectors.directories.ldap_wire.dialect import Entry, read_root
from connectors.directories.ldap_wire.history import History, Told
from connectors.directories.ldap_wire.membership import Membership
from connectors.directories.ldap_wire.reading import Reading, Source
from connectors.directories.ldap_wire.search import Assertion, only_ldap, pages
from connectors.directories.ldap_wire.sighting import Sealer
from syncd.errors import CursorLost, SyncdError
from syncd.model import Finding
from syncd.ports import Changed, ReadRequest

_AT_A_TIME = 100  # people asked for by one search


class Bookmark(NamedTuple):
    """What a cursor holds. `groups`: a digest of who was in the groups asked for, made with `key`."""

    kind: str
    context: str
    position: str
    key: str
    groups: str = ""

    @property
    def text(self) -> str:
        return json.dumps(self)

    @classmethod
    def parse(cls, text: str) -> Bookmark:
        """Raises `CursorLost` for text that is none."""
        try:
            found = cls(*json.loads(text))
            bytes.fromhex(found.key)
        except (ValueError, TypeError) as exc:
            raise CursorLost("it is not a cursor of this directory") from exc
        if not all(isinstance(part, str) for part in found):
            raise CursorLost("it is not a cursor of this directory")
        return found


@dataclass(frozen=True, slots=True)
class Changing:
    """A directory whose server keeps a history."""

    source: Source
    history: History

    def mark(self, request: ReadRequest) -> str:
        """`Incremental.mark`."""
        with self.source.session() as session, only_ldap(session):
            reading = Reading(session, self.source, request, read_root(session))
            if not self._can_tell(reading):
                return ""
            position = self.history.position(session, reading.context)
            if not position:
                return ""
            groups = self._groups(reading.memberships())
            return Bookmark(self.history.kind, reading.context, position, reading.key.hex(), groups).text

    def changes(self, request: ReadRequest, cursor: str) -> Iterator[Changed]:
        """`Incremental.changes`."""
        bookmark = Bookmark.parse(cursor)
        with self.source.session() as session, only_ldap(session):
            reading = Reading(session, self.source, request, read_root(session), bytes.fromhex(bookmark.key))
            if (bookmark.kind, bookmark.context) != (self.history.kind, reading.context):
                raise CursorLost("it is from another server or naming context")
            told = self.history.since(
                session, reading.context, bookmark.position, reading.asked, groups=bool(request.groups)
            )
            sealer = reading.sealer()
            groups = self._groups(sealer.memberships)
            if groups != bookmark.groups:
                raise CursorLost("one of the groups in the configuration has changed")
            yield from self._told(reading, sealer, told)
            yield Changed(cursor=bookmark._replace(position=told.position, groups=groups).text)

    def again(self, request: ReadRequest, ids: Collection[str]) -> Iterator[Changed]:
        """`Incremental.again`."""
        with self.source.session() as session, only_ldap(session):
            reading = Reading(session, self.source, request, read_root(session))
            yield from _by_id(reading, reading.sealer(), ids)

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        """One line more for `Directory.check`; what does not work at all has been said by others."""
        with suppress(SyncdError):
            if self.mark(request):
                yield Finding("changes", True, "the server tells what has changed: most syncs read only that")
            else:
                yield Finding(
                    "changes", True, "cannot be told: every sync reads everybody", self.history.hint
                )

    def _can_tell(self, reading: Reading) -> bool:
        """Whether the history tells of all that a read of this kind depends on."""
        untold = self.history.untold.intersection(name.lower() for name in reading.asked)
        return (
            reading.dialect.identity == self.history.identity
            and not untold
            and (self.history.follows_references or not reading.references_by)
        )

    def _told(self, reading: Reading, sealer: Sealer, told: Told) -> Iterator[Changed]:
        """Those the history names, and those their change reaches through groups and references."""
        if told.gone and reading.references_by:
            raise CursorLost("somebody was deleted, and nobody knows who reported to them")
        yield Changed(gone=sorted(told.gone))
        yield from _by_id(reading, sealer, sorted(told.changed.keys() - told.gone))
        reached = [Assertion("distinguishedName", dn.encode()) for dn in sorted(told.touched)]
        moved = [dn.encode() for dn in sorted(told.changed.values())]
        reached += [Assertion(via, dn) for dn in moved for via in reading.references_by]
        for page in _matching(reading, reached):
            yield Changed(people=sealer.seal(page))

    def _groups(self, memberships: Sequence[Membership]) -> str:
        """A digest of who is in which group; empty where the history tells of groups."""
        if self.history.tells_groups or not memberships:
            return ""
        whole = blake2b(digest_size=16)
        for membership in memberships:
            whole.update(repr((membership.group, sorted(membership.primary))).encode())
            whole.update(membership.dns.digest() + membership.logins.digest())
        return whole.hexdigest()


def _by_id(reading: Reading, sealer: Sealer, ids: Collection[str]) -> Iterator[Changed]:
    """These people as they are, and who of them is not there."""
    missing = set(ids)
    for page in _matching(reading, [one for one in map(reading.dialect.by_id, ids) if one]):
        missing -= {reading.dialect.identify(Entry.decode(raw)) for raw in page}
        yield Changed(people=sealer.seal(page))
    yield Changed(gone=sorted(missing))


def _matching(reading: Reading, assertions: Sequence[Assertion]) -> Iterator[list[bytes]]:
    """The raw entries of people for whom any of these holds, as a whole read has them."""
    for start in range(0, len(assertions), _AT_A_TIME):
        meant = assertions[start : start + _AT_A_TIME]
        for base in reading.options.base_dn:
            for page in pages(reading.session, reading.search(base, meant)):
                reading.refuse_continuations(page.references, base)
                yield page.entries
