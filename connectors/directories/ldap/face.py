"""The `Directory` of OpenLDAP, 389 Directory Server and their like."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager

from connectors.directories.ldap.dialect import LdapDialect, is_389
from connectors.directories.ldap.options import LdapOptions
from connectors.directories.ldap.retro_changelog import RetroChangelog
from connectors.directories.ldap.syncrepl import Syncrepl
from connectors.directories.ldap_wire.changing import Changing
from connectors.directories.ldap_wire.checking import check
from connectors.directories.ldap_wire.dialect import RootEntry
from connectors.directories.ldap_wire.history import History
from connectors.directories.ldap_wire.listening import LdapLine
from connectors.directories.ldap_wire.reading import Source
from connectors.directories.ldap_wire.sighting import LdapSighting
from syncd.model import Finding
from syncd.ports import UNHEARD, Calls, Changed, ReadRequest


class LdapDirectory:
    """People of one LDAP directory, identified by entryUUID, nsUniqueId or what the options name."""

    def __init__(
        self,
        name: str,
        options: LdapOptions,
        *,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._source = Source(name, options, lambda root: LdapDialect(options, root.vendor), calls, sleep)
        self._changing = Changing(self._source, _history)

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


def _history(root: RootEntry) -> History:
    return RetroChangelog() if is_389(root.vendor) else Syncrepl()
