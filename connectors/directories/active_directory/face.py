"""The `Directory` of Active Directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager

from connectors.directories.active_directory.dialect import ActiveDirectoryDialect
from connectors.directories.active_directory.dirsync import DirSync
from connectors.directories.active_directory.options import ActiveDirectoryOptions
from connectors.directories.ldap_wire.changing import Changing
from connectors.directories.ldap_wire.checking import check
from connectors.directories.ldap_wire.listening import LdapLine
from connectors.directories.ldap_wire.reading import Source
from connectors.directories.ldap_wire.sighting import LdapSighting
from syncd.model import Finding
from syncd.ports import UNHEARD, Calls, Changed, ReadRequest


class ActiveDirectory:
    """People of one domain, identified by objectGUID."""

    def __init__(
        self,
        name: str,
        options: ActiveDirectoryOptions,
        *,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        dialect = ActiveDirectoryDialect(options.link_attribute)
        self._source = Source(name, options, lambda _: dialect, calls, sleep)
        self._changing = Changing(self._source, lambda _: DirSync())

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
