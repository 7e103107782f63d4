"""The face every LDAP directory has: `Directory`, `Incremental`, `Doorbell`, by its source and history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager

from connectors.directories.ldap_wire.changing import Changing
from connectors.directories.ldap_wire.checking import check
from connectors.directories.ldap_wire.dialect import RootEntry
from connectors.directories.ldap_wire.history import History
from connectors.directories.ldap_wire.listening import LdapLine
from connectors.directories.ldap_wire.reading import Source
from connectors.directories.ldap_wire.sighting import LdapSighting
from syncd.model import Finding
from syncd.ports import Changed, ReadRequest


class LdapFace:
    """`history`: how the server tells it that says so of itself."""

    def __init__(self, source: Source, history: Callable[[RootEntry], History]) -> None:
        self.name = source.name
        self._source = source
        self._changing = Changing(source, history)

    def read(self, request: ReadRequest) -> Iterator[Sequence[LdapSighting]]:
        return self._source.read(request)

    def mark(self, request: ReadRequest) -> str:
        return self._changing.mark(request)

    def changes(self, request: ReadRequest, cursor: str) -> Iterator[Changed]:
        return self._changing.changes(request, cursor)

    def again(self, request: ReadRequest, ids: Collection[str]) -> Iterator[Changed]:
        return self._changing.again(request, ids)

    def listen(self, request: ReadRequest) -> AbstractContextManager[LdapLine]:
        return self._changing.listen(request)

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        yield from check(self._source, request)
        yield from self._changing.check(request)
