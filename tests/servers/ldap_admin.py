"""An administrator's hands on a test directory, over LDAPS: add, modify, rename, delete, search."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import ldap3
from ldap3.core.exceptions import LDAPNoSuchObjectResult

Values = Mapping[str, Any]


class Account(NamedTuple):
    """Somebody who may bind: `user` as the server wants it in a simple bind."""

    user: str
    password: str


class LdapAdmin:
    """Each call binds anew, so it works across restarts of the server. Failures raise ldap3's exceptions."""

    def __init__(self, url: str, account: Account, *, ca: Path, base: str) -> None:
        self._url = url
        self._account = account
        self._ca = ca
        self._base = base
        self._numbers = count(1)

    @contextmanager
    def connection(self) -> Iterator[ldap3.Connection]:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(self._ca))
        server = ldap3.Server(self._url, tls=tls, get_info=ldap3.NONE, connect_timeout=10)
        connection = ldap3.Connection(
            server,
            self._account.user,
            self._account.password,
            raise_exceptions=True,
            auto_referrals=False,
            receive_timeout=120,
        )
        connection.bind()
        try:
            yield connection
        finally:
            connection.unbind()

    def add(self, dn: str, attributes: Values) -> str:
        with self.connection() as connection:
            connection.add(dn, attributes=dict(attributes))
        return dn

    def replace(self, dn: str, attributes: Values) -> None:
        """Set attributes to these values; an empty list removes one."""
        changes = {name: [(ldap3.MODIFY_REPLACE, _as_list(value))] for name, value in attributes.items()}
        with self.connection() as connection:
            connection.modify(dn, changes)

    def add_values(self, dn: str, attributes: Values) -> None:
        changes = {name: [(ldap3.MODIFY_ADD, _as_list(value))] for name, value in attributes.items()}
        with self.connection() as connection:
            connection.modify(dn, changes)

    def remove_values(self, dn: str, attributes: Values) -> None:
        changes = {name: [(ldap3.MODIFY_DELETE, _as_list(value))] for name, value in attributes.items()}
        with self.connection() as connection:
            connection.modify(dn, changes)

    def rename(self, dn: str, new_rdn: str, *, new_parent: str | None = None) -> str:
        with self.connection() as connection:
            connection.modify_dn(dn, new_rdn, new_superior=new_parent)
        return f"{new_rdn},{new_parent or dn.partition(',')[2]}"

    def delete(self, dn: str) -> None:
        with self.connection() as connection:
            connection.delete(dn)

    def delete_tree(self, dn: str) -> None:
        """Delete an entry and all below it; nothing happens when it does not exist."""
        with self.connection() as connection:
            try:
                entries = _search(connection, dn, "(objectClass=*)", ["1.1"])
            except LDAPNoSuchObjectResult:
                return
            for found in sorted((entry["dn"] for entry in entries), key=lambda name: -name.count(",")):
                connection.delete(found)

    def search(
        self, base: str = "", query: str = "(objectClass=*)", attributes: Sequence[str] = ("*",)
    ) -> list[Any]:
        """All that matches, read in pages: ldap3's entries, dicts with `dn` and `attributes`."""
        with self.connection() as connection:
            return _search(connection, base or self._base, query, list(attributes))

    @contextmanager
    def scratch(self, rdn: str = "OU=scratch") -> Iterator[str]:
        """A fresh organizational unit below the base; it and all in it are deleted afterwards."""
        dn = self.add(f"{rdn}-{next(self._numbers)},{self._base}", {"objectClass": "organizationalUnit"})
        try:
            yield dn
        finally:
            self.delete_tree(dn)


def _search(connection: ldap3.Connection, base: str, query: str, attributes: list[str]) -> list[Any]:
    found = connection.extend.standard.paged_search(base, query, attributes=attributes, paged_size=500)
    return [entry for entry in found if entry["type"] == "searchResEntry"]


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
