"""Lookup: finds the people somebody asks about while directories are read, and keeps nobody else.

exactly meant    the e-mail address, the id in the directory, or the place (a DN) is what was asked for
perhaps meant    it is part of their e-mail address or name
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from syncd.errors import Skipped
from syncd.model import DirectoryUser, Finding, Identity
from syncd.plan.mapping import FieldRules, fill
from syncd.plan.scope import normal_dn
from syncd.ports import Directory, ReadRequest, Sighting

_KEPT = 50  # of those perhaps meant


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody in a directory. Without a `user` they cannot be used, for the reason in `unreadable`."""

    identity: Identity
    where: str
    name: str = ""
    email: str = ""
    fingerprint: bytes = b""
    user: DirectoryUser | None = None
    unreadable: str = ""


@dataclass(slots=True)
class Watched:
    """A directory that is read as ever, and remembers who was asked about."""

    directory: Directory
    who: str
    rules: FieldRules
    size: int = 0
    exactly: list[Found] = field(default_factory=list)
    perhaps: list[Found] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.directory.name

    def read(self, request: ReadRequest) -> Iterator[Sequence[Sighting]]:
        """As `Directory.read`."""
        self.size = 0
        self.exactly.clear()
        self.perhaps.clear()
        for page in self.directory.read(request):
            self.size += len(page)
            for sighting in page:
                self._look(sighting)
            yield page

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        """As `Directory.check`."""
        return self.directory.check(request)

    def _look(self, sighting: Sighting) -> None:
        try:
            found = self._known(sighting.open(), sighting.fingerprint)
        except Skipped as exc:
            identity = Identity(*exc.identity) if exc.identity else Identity(self.name, "")
            found = Found(identity, exc.message, unreadable=exc.why)
        wanted = self.who.strip().casefold()
        if wanted in (found.email.casefold(), found.identity.id.casefold()) or self._is_there(found):
            self.exactly.append(found)
        elif len(self.perhaps) < _KEPT and wanted in f"{found.name}\0{found.email}\0{found.where}".casefold():
            self.perhaps.append(found)

    def _known(self, user: DirectoryUser, fingerprint: bytes) -> Found:
        first, last, email = (self._value(name, user) for name in ("first_name", "last_name", "email"))
        name = f"{first} {last}".strip()
        return Found(user.identity, user.where, name, email, fingerprint, user)

    def _value(self, name: str, user: DirectoryUser) -> str:
        rule = self.rules.get(name)
        return fill(rule, user.attributes) if rule else ""

    def _is_there(self, found: Found) -> bool:
        return "=" in self.who and normal_dn(found.where) == normal_dn(self.who)
