"""Builds LDAP directories over the test servers, and reads them."""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import Any

from connectors.directories.active_directory.face import ActiveDirectory
from connectors.directories.active_directory.options import ActiveDirectoryOptions
from connectors.directories.ldap.face import LdapDirectory
from connectors.directories.ldap.options import LdapOptions
from syncd.model import DirectoryUser, GroupRef
from syncd.ports import Directory, ReadRequest
from tests.servers.ds389 import Ds389
from tests.servers.ldap_admin import Account
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd

NOW = 1_760_000_000  # 2025-10-09
MAIL = frozenset({"mail"})


class Pauses(list[float]):
    """In place of `time.sleep`: remembers instead of waiting."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def bind(account: Account) -> dict[str, Any]:
    """The `bind` of an account, its password in a variable of the environment."""
    name = f"SYNCD_TEST_{blake2b(account.password.encode(), digest_size=6).hexdigest()}"
    os.environ[name] = account.password
    return {"user": account.user, "password": {"env": name}}


def ad_options(samba: Samba, **changes: Any) -> ActiveDirectoryOptions:
    values = {
        "servers": samba.url,
        "tls": {"ca_file": samba.ca},
        "bind": bind(samba.sync_account),
        "base_dn": samba.staff,
    }
    return ActiveDirectoryOptions.model_validate(values | changes)


def ldap_options(server: Slapd | Ds389, **changes: Any) -> LdapOptions:
    values = {
        "servers": server.url,
        "tls": {"ca_file": server.ca},
        "bind": bind(server.sync_account),
        "base_dn": server.staff,
    }
    return LdapOptions.model_validate(values | changes)


def active_directory(samba: Samba, **changes: Any) -> ActiveDirectory:
    return ActiveDirectory("head-office", ad_options(samba, **changes), sleep=Pauses())


def ldap_directory(server: Slapd | Ds389, **changes: Any) -> LdapDirectory:
    return LdapDirectory("campus", ldap_options(server, **changes), sleep=Pauses())


def request(*attributes: str, groups: tuple[GroupRef, ...] = (), now: int = NOW) -> ReadRequest:
    return ReadRequest(frozenset(attributes) or MAIL, frozenset(groups), b"salt", now)


def everybody(directory: Directory, wanted: ReadRequest | None = None) -> dict[str, DirectoryUser]:
    """All people, opened, by DN."""
    pages = directory.read(wanted or request())
    users = [sighting.open() for page in pages for sighting in page]
    return {user.where: user for user in users}
