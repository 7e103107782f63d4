"""The `Directory` of Active Directory."""

from __future__ import annotations

import time
from collections.abc import Callable

from connectors.directories.active_directory.dialect import ActiveDirectoryDialect
from connectors.directories.active_directory.dirsync import DirSync
from connectors.directories.active_directory.options import ActiveDirectoryOptions
from connectors.directories.ldap_wire.face import LdapFace
from connectors.directories.ldap_wire.reading import Source
from syncd.ports import UNHEARD, Calls


class ActiveDirectory(LdapFace):
    """People of one domain, identified by objectGUID."""

    def __init__(
        self,
        name: str,
        options: ActiveDirectoryOptions,
        *,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        dialect = ActiveDirectoryDialect(options.link_attribute)
        super().__init__(Source(name, options, lambda _: dialect, calls, sleep), lambda _: DirSync())
