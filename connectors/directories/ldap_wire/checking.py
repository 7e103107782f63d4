"""`syncd check` for an LDAP directory: each server, TLS, the bind, the bases, the people and the groups."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from connectors.directories.ldap_wire import tls
from connectors.directories.ldap_wire.dialect import read_root
from connectors.directories.ldap_wire.reading import Reading, Source
from connectors.directories.ldap_wire.search import only_ldap, pages
from connectors.directories.ldap_wire.session import RefusedError, Session, bind_name, connect
from syncd.errors import Skipped, SyncdError
from syncd.model import DirectoryUser, Finding, GroupRef
from syncd.ports import ReadRequest

_DAY = 86_400
_SOON = 30  # days before its end that a certificate is worth a word


def check(source: Source, request: ReadRequest) -> Iterator[Finding]:
    """Findings from the network inwards; what cannot work without the one before is left out."""
    with ExitStack() as stack:
        sessions = yield from _servers(source, request, stack)
        if not sessions:
            return
        try:
            with only_ldap(sessions[0]):
                reading = Reading(sessions[0], source, request, read_root(sessions[0]))
                found = yield from _groups(reading)
                reading = reading.about(replace(request, groups=frozenset(found)))
                yield from _people(reading, found)
        except SyncdError as exc:
            yield _failed(source.name, exc)


def _servers(
    source: Source, request: ReadRequest, stack: ExitStack
) -> Generator[Finding, None, list[Session]]:
    """Every server, not only the first that answers: the others are there for the day it does not."""
    sessions: list[Session] = []
    for url in source.options.servers:
        try:
            session = stack.enter_context(connect(url, source.options))
        except RefusedError as refused:
            yield Finding(url, False, refused.reason.text, refused.reason.next_step)
            if refused.final:  # asking the next server, too, would lock the account
                break
            continue
        except SyncdError as exc:
            yield _failed(url, exc)
            break
        sessions.append(session)
        yield Finding(url, True, f"bound as {bind_name(source.options)}")
        yield _protection(session, request.now)
    return sessions


def _protection(session: Session, now: int) -> Finding:
    if not isinstance(session.socket, ssl.SSLSocket):
        return Finding(f"{session.url} TLS", True, "none: what is read travels readable", "use ldaps://")
    version, end = session.socket.version(), tls.expiry(session.socket)
    if end is None:
        return Finding(
            f"{session.url} TLS", True, f"{version}, certificate not verified", "set tls.verify: true"
        )
    days = (int(end.timestamp()) - now) // _DAY
    words = f"{version}, certificate valid until {end:%Y-%m-%d}"
    if days < _SOON:
        return Finding(f"{session.url} TLS", True, f"{words}: {days} days left", "have it renewed")
    return Finding(f"{session.url} TLS", True, words)


def _groups(reading: Reading) -> Generator[Finding, None, dict[GroupRef, int]]:
    """What is wrong with the groups asked for; returns those that can be used, with their sizes."""
    found: dict[GroupRef, int] = {}
    groups = reading.groups()
    for ref in sorted(reading.request.groups):
        try:
            (membership,) = groups.memberships([ref])
        except SyncdError as exc:
            yield _failed(f"group {ref.name}", exc)
        else:
            found[ref] = len(membership.dns) + len(membership.logins)
    return found


@dataclass(slots=True)
class _Tally:
    people: int = 0
    enabled: int = 0
    unusable: list[str] = field(default_factory=list)
    having: Counter[str] = field(default_factory=Counter)
    groups: Counter[GroupRef] = field(default_factory=Counter)

    def add(self, user: DirectoryUser) -> None:
        self.enabled += user.enabled
        self.having.update(user.attributes.keys())
        self.groups.update(user.groups)


def _people(reading: Reading, groups: dict[GroupRef, int]) -> Iterator[Finding]:
    """Read everybody, as a run would, and say what is there."""
    sealer, total = reading.sealer(), _Tally()
    for base in reading.options.base_dn:
        before = total.people
        try:
            for page in pages(reading.session, reading.search(base)):
                reading.refuse_continuations(page.references, base)
                for sighting in sealer.seal(page.entries):
                    total.people += 1
                    try:
                        total.add(sighting.open())
                    except Skipped as exc:
                        total.unusable.append(exc.message)
        except SyncdError as exc:
            yield _failed(base, exc)
        else:
            yield _base(base, total.people - before)
    if total.people:  # of nobody there is nothing to say but why
        yield from _summary(reading, total)
    for ref, members in groups.items():
        yield _group(ref, members, total.groups[ref])


def _base(base: str, people: int) -> Finding:
    if people:
        return Finding(base, True, f"{people} people")
    return Finding(
        base, False, "nobody visible", "check base_dn, filter, and what the reading account may see"
    )


def _summary(reading: Reading, total: _Tally) -> Iterator[Finding]:
    yield Finding("people", True, f"{total.people} people, {total.enabled} of them enabled")
    for name in sorted(reading.request.attributes):
        hint = "" if total.having[name] else "check the attribute's name, and that it may be read"
        yield Finding(f"attribute {name}", True, f"{total.having[name]} people have it", hint)
    if total.unusable:
        count, example = len(total.unusable), total.unusable[0]
        yield Finding("people", False, f"{count} cannot be used; the first: {example}", "correct them")


def _group(ref: GroupRef, members: int, people: int) -> Finding:
    words = f"{members} members visible, {people} people here are in it"
    if members or people:
        return Finding(f"group {ref.name}", True, words)
    hint = "if it is not empty, let the reading account see its members"
    return Finding(f"group {ref.name}", False, words, hint)


def _failed(part: str, exc: SyncdError) -> Finding:
    return Finding(part, False, exc.message, exc.next_step, exc.exit_code)
