"""The `Directory` of OpenLDAP, 389 Directory Server and their like."""

from __future__ import annotations

import time
from collections.abc import Callable

from connectors.directories.ldap.dialect import LdapDialect, is_389
from connectors.directories.ldap.options import LdapOptions
from connectors.directories.ldap.retro_changelog import RetroChangelog
from connectors.directories.ldap.syncrepl import Syncrepl
from connectors.directories.ldap_wire.dialect import RootEntry
from connectors.directories.ldap_wire.face import LdapFace
from connectors.directories.ldap_wire.history import History
from connectors.directories.ldap_wire.reading import Source
from syncd.ports import UNHEARD, Calls


class LdapDirectory(LdapFace):
    """People of one LDAP directory, identified by entryUUID, nsUniqueId or what the options name."""

    def __init__(
        self,
        name: str,
        options: LdapOptions,
        *,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        source = Source(name, options, lambda root: LdapDialect(options, root.vendor), calls, sleep)
        super().__init__(source, _history)


def _history(root: RootEntry) -> History:
    return RetroChangelog() if is_389(root.vendor) else Syncrepl()
