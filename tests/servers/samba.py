"""A real Active Directory domain: Samba's domain controller on a loopback address of its own.

The ports are AD's fixed ones (LDAP 389, LDAPS 636, global catalogue 3268/3269, Kerberos 88); hence root.
What Samba does not do as Microsoft does (page and value limits) is added by `ldap_proxy`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from connectors.directories.ad_values import sid_text
from tests.servers import samba_tree as tree
from tests.servers.certificates import Authority, ServerCertificate
from tests.servers.directory_server import DirectoryServer
from tests.servers.ldap_admin import Account
from tests.servers.process import Child
from tests.servers.tcp import Forwarder, free_addresses

PORTS = (389, 636, 3268, 3269, 88, 464)
_FILETIME_EPOCH = 11_644_473_600  # seconds from 1601 to 1970


class Samba(DirectoryServer):
    """One domain controller of contoso.test. `people` are there from the start, in OU=Staff."""

    base = tree.BASE
    staff = tree.STAFF
    groups = tree.GROUPS
    host = tree.HOST
    port, tls_port = 389, 636
    administrator = Account(f"administrator@{tree.DOMAIN}", tree.ADMINISTRATOR_PASSWORD)
    sync_account = Account(f"svc-syncd@{tree.DOMAIN}", tree.SYNC_PASSWORD)
    following_account = Account(f"svc-follow@{tree.DOMAIN}", tree.SYNC_PASSWORD)  # sees what was deleted, too
    person_dn = staticmethod(tree.person_dn)
    group_dn = staticmethod(tree.group_dn)

    def __init__(self, directory: Path, *, people: int, strong_auth: str) -> None:
        self._directory = directory
        self._strong_auth = strong_auth
        self._numbers = count(1)
        self.people = people
        self.address, self.second_address, self.dead_address = free_addresses(3, *PORTS)
        self.certified = (self.host, "dc2.contoso.test", self.second_address)
        child = Child(
            ["samba", "-F", "--no-process-group", "-Msingle", "--debug-stdout", f"-s{directory}/smb.conf"],
            log=directory / "samba.log",
        )
        super().__init__(Authority.create(directory / "tls", "Contoso Test CA"), child)

    @classmethod
    @contextmanager
    def start(
        cls, directory: Path, *, people: int = 40, strong_auth: str = "allow_sasl_over_tls"
    ) -> Iterator[Samba]:
        """Run one in `directory` until the block ends. `strong_auth="no"` allows simple binds without TLS."""
        tree.unpack(directory, people=people)
        server = cls(directory, people=people, strong_auth=strong_auth)
        with server.running():
            yield server

    @property
    def url(self) -> str:
        return f"ldaps://{self.address}"

    @property
    def plain_url(self) -> str:
        """For StartTLS; a simple bind without it is refused unless `strong_auth="no"`."""
        return f"ldap://{self.address}"

    def resume(self, certificate: ServerCertificate | None = None) -> None:
        """Start, or start again after `stop` or `kill`; perhaps with another certificate."""
        tls = tuple(certificate or self.certificate)
        tree.write_conf(self._directory, address=self.address, strong_auth=self._strong_auth, tls=tls)
        super().resume()

    @contextmanager
    def second_controller(self) -> Iterator[str]:
        """The address of a second controller: another way to the same one. Its certificate is valid there."""
        with (
            Forwarder((self.address, 636), host=self.second_address, port=636),
            Forwarder((self.address, 389), host=self.second_address, port=389),
        ):
            yield self.second_address

    def offline(self, records: str, *, tool: str = "ldbmodify") -> None:
        """Apply LDIF to the files, past LDAP and its rules, while the server runs or not."""
        tree.offline(self._directory, tool, records)

    def add_person(self, name: str, *, ou: str = tree.STAFF, password: str = "", **attributes: Any) -> str:
        """An enabled user with an e-mail address; attributes given replace those made up. Returns the DN."""
        login = f"person-{next(self._numbers)}"
        first, _, last = name.partition(" ")
        made_up = {
            "objectClass": "user",
            "sAMAccountName": login,
            "userPrincipalName": f"{login}@{tree.DOMAIN}",
            "mail": f"{login}@{tree.DOMAIN}",
            "givenName": first,
            "displayName": name,
            "userAccountControl": str(tree.ENABLED),
            "unicodePwd": tree.password_value(password or f"Unused-{login}"),
        }
        wanted = made_up | ({"sn": last} if last else {}) | attributes
        present = {key: value for key, value in wanted.items() if value not in ("", None)}
        return self.admin.add(f"CN={name},{ou}", present)

    def add_group(self, name: str, members: Sequence[str] = (), *, ou: str = tree.GROUPS) -> str:
        attributes = {"objectClass": "group", "sAMAccountName": name, "groupType": tree.UNIVERSAL_SECURITY}
        return self.admin.add(f"CN={name},{ou}", attributes | ({"member": list(members)} if members else {}))

    def deny_replication(self, dn: str) -> None:
        """Take from an account, whatever its groups, the right to replicate changes."""
        (entry,) = self.admin.search(dn, attributes=["objectSid"])
        tree.deny_replication(self._directory, sid_text(entry["raw_attributes"]["objectSid"][0]))

    def disable(self, dn: str) -> None:
        self.admin.replace(dn, {"userAccountControl": str(tree.DISABLED)})

    def enable(self, dn: str) -> None:
        self.admin.replace(dn, {"userAccountControl": str(tree.ENABLED)})

    def expire(self, dn: str, when: datetime) -> None:
        """Let the account end at a moment, past or to come."""
        ticks = (int(when.timestamp()) + _FILETIME_EPOCH) * 10_000_000
        self.admin.replace(dn, {"accountExpires": str(ticks)})
