"""What has changed in an LDAP directory: the server's own history, and the few it names read anew.

Whoever is named is read by the same search as everybody else, so that their fingerprint is the same. What
the history cannot tell of (who left a changed group, where it does not say) makes the cursor a lost one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from connectors.directories.ldap_wire.dialect import RootEntry, read_root
from connectors.directories.ldap_wire.filters import any_of
from connectors.directories.ldap_wire.history import History, Told
from connectors.directories.ldap_wire.listening import LdapLine
from connectors.directories.ldap_wire.membership import Membership
from connectors.directories.ldap_wire.reading import Reading, Source
from connectors.directories.ldap_wire.search import Assertion, only_ldap, pages, portions
from connectors.directories.ldap_wire.sighting import Sealer
from syncd.errors import CursorLost, SyncdError, Unavailable
from syncd.model import Finding
from syncd.ports import Changed, ReadRequest


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
    """A directory whose server keeps a history. `history`: how the server tells it that says so of itself."""

    source: Source
    history: Callable[[RootEntry], History]

    def mark(self, request: ReadRequest) -> str:
        """`Incremental.mark`."""
        with self._opened(request) as (reading, history):
            position = _position(reading, history)
            if not position:
                return ""
            groups = _digest(history, reading.memberships())
            return Bookmark(history.kind, reading.context, position, reading.key.hex(), groups).text

    def changes(self, request: ReadRequest, cursor: str) -> Iterator[Changed]:
        """`Incremental.changes`."""
        bookmark = Bookmark.parse(cursor)
        with self._opened(request, bytes.fromhex(bookmark.key)) as (reading, history):
            if (bookmark.kind, bookmark.context) != (history.kind, reading.context):
                raise CursorLost("it is from another server or naming context")
            told = history.since(
                reading.session,
                reading.context,
                bookmark.position,
                reading.asked,
                groups=bool(request.groups),
            )
            sealer = reading.sealer()
            groups = _digest(history, sealer.memberships)
            if groups != bookmark.groups:
                raise CursorLost("one of the groups in the configuration has changed")
            yield from _told(reading, sealer, told)
            yield Changed(cursor=bookmark._replace(position=told.position, groups=groups).text)

    def again(self, request: ReadRequest, ids: Collection[str]) -> Iterator[Changed]:
        """`Incremental.again`."""
        with self._opened(request) as (reading, _):
            yield from _by_id(reading, reading.sealer(), ids)

    @contextmanager
    def listen(self, request: ReadRequest) -> Iterator[LdapLine]:
        """`Doorbell.listen`."""
        with self._opened(request, tries=1) as (reading, history):
            if not _position(reading, history):
                raise Unavailable(
                    f"{reading.session.url} cannot tell what has changed: a ring would have everybody read",
                    next_step=_beyond(reading, history) or history.hint,
                )
            meant = [reading.dialect.people] + ([reading.dialect.groups.filter] if request.groups else [])
            line = LdapLine(reading.session, *history.bell(reading.session, reading.context, any_of(*meant)))
            line.open()
            yield line

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        """Two lines more for `Directory.check`; what does not work at all has been said by others."""
        with suppress(SyncdError):
            with self._opened(request) as (reading, history):
                told = bool(_position(reading, history))
                hint = _beyond(reading, history) or history.hint
            if not told:
                yield Finding("changes", True, "cannot be told: every sync reads everybody", hint)
                return
            yield Finding("changes", True, "the server tells what has changed: most syncs read only that")
            yield self._doorbell(request)

    def _doorbell(self, request: ReadRequest) -> Finding:
        try:
            with self.listen(request):
                return Finding(
                    "doorbell", True, "the server rings when something changes, and the daemon hears it"
                )
        except SyncdError as exc:
            return Finding("doorbell", True, f"none, so changes wait for the next sync: {exc.message}")

    @contextmanager
    def _opened(
        self, request: ReadRequest, key: bytes = b"", *, tries: int = 3
    ) -> Iterator[tuple[Reading, History]]:
        """One session, what is read over it, and how its server tells of the past."""
        with self.source.session(tries) as session, only_ldap(session):
            root = read_root(session)
            yield Reading(session, self.source, request, root, key), self.history(root)


def _position(reading: Reading, history: History) -> str:
    """Where the server stands; empty where it does not tell of all that a read of this kind depends on."""
    return "" if _beyond(reading, history) else history.position(reading.session, reading.context)


def _beyond(reading: Reading, history: History) -> str:
    """What of a read of this kind no such history tells, whatever the server does; empty for nothing."""
    if reading.dialect.identity != history.identity:
        return f"not while id_attribute is {reading.dialect.identity}: the server tells of {history.identity}"
    used = [name for name in reading.asked if name.lower() in history.untold]
    if not history.follows_references:
        used += sorted(name for name in reading.request.attributes if "." in name)
    if not used:
        return ""
    return f"not while the configuration uses {', '.join(used)}: the server does not tell whom that concerns"


def _digest(history: History, memberships: Sequence[Membership]) -> str:
    """Stands for who is in which group; empty where the history tells of groups."""
    if history.tells_groups or not memberships:
        return ""
    whole = blake2b(digest_size=16)
    for membership in memberships:
        whole.update(repr((membership.group, sorted(membership.primary))).encode())
        whole.update(membership.dns.digest() + membership.logins.digest())
    return whole.hexdigest()


def _told(reading: Reading, sealer: Sealer, told: Told) -> Iterator[Changed]:
    """Those the history names, and those their change reaches through groups and references."""
    if told.gone and reading.references_by:
        raise CursorLost("somebody was deleted, and nobody knows who reported to them")
    yield Changed(gone=sorted(told.gone))
    yield from _by_id(reading, sealer, sorted(told.changed.keys() - told.gone))
    reached = [Assertion("distinguishedName", dn.encode()) for dn in sorted(told.touched)]
    moved = [dn.encode() for dn in sorted(told.changed.values())]
    reached += [Assertion(via, dn) for dn in moved for via in reading.references_by]
    for page in _matching(reading, reached):
        yield Changed(sealer.seal_by_id(page))


def _by_id(reading: Reading, sealer: Sealer, ids: Collection[str]) -> Iterator[Changed]:
    """These people as they are, and who of them is not there."""
    missing = set(ids)
    for page in _matching(reading, [one for one in map(reading.dialect.by_id, ids) if one]):
        people = sealer.seal_by_id(page)
        missing -= people.keys()
        yield Changed(people)
    yield Changed(gone=sorted(missing))


def _matching(reading: Reading, assertions: Sequence[Assertion]) -> Iterator[list[bytes]]:
    """The raw entries of people for whom any of these holds, as a whole read has them."""
    for meant in portions(assertions):
        for base in reading.options.base_dn:
            for page in pages(reading.session, reading.search(base, meant)):
                reading.refuse_continuations(page.references, base)
                yield page.entries
