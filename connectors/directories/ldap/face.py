"""The `Directory` of OpenLDAP, 389 Directory Server and their like."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from connectors.directories.ldap.dialect import LdapDialect
from connectors.directories.ldap.options import LdapOptions
from connectors.directories.ldap_wire.checking import check
from connectors.directories.ldap_wire.reading import Source
from connectors.directories.ldap_wire.sighting import LdapSighting
from syncd.model import Finding
from syncd.ports import ReadRequest


class LdapDirectory:
    """People of one LDAP directory, identified by entryUUID, nsUniqueId or what the options name."""

    def __init__(
        self, name: str, options: LdapOptions, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.name = name
        self._source = Source(name, options, lambda root: LdapDialect(options, root.vendor), sleep)

    def read(self, request: ReadRequest) -> Iterator[Sequence[LdapSighting]]:
        return self._source.read(request)

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        return check(self._source, request)
