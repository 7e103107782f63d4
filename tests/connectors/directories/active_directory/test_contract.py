"""Active Directory keeps the promises of every directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest

from connectors.directories.active_directory.face import ActiveDirectory
from tests.connectors.directories.ldap_reading import active_directory, bind
from tests.contracts.directory import DirectoryContract
from tests.contracts.doorbell import DoorbellContract
from tests.contracts.incremental import IncrementalContract
from tests.contracts.town import Person
from tests.servers.ldap_admin import Account
from tests.servers.samba import Samba


class SambaTown:
    """A unit of a real domain."""

    attributes: Mapping[str, str] = {
        "email": "mail",
        "first_name": "givenname",
        "last_name": "sn",
        "department": "department",
        "manager_email": "manager.mail",
    }

    def __init__(self, samba: Samba, unit: str, account: Account | None = None) -> None:
        self._samba = samba
        self._unit = unit
        self._account = account or samba.following_account
        self._dns: dict[str, str] = {}
        self._groups: dict[str, str] = {}

    def directory(self) -> ActiveDirectory:
        account = bind(self._account)
        unit = {"base_dn": self._unit, "group_base_dn": self._unit}
        return active_directory(self._samba, bind=account, page_size=10, **unit)

    def add(self, *people: Person) -> None:
        for one in people:
            self._dns[one.handle] = self._samba.add_person(
                one.handle,
                ou=self._unit,
                mail=one.email,
                givenName=one.first_name,
                sn=one.last_name,
                department=one.department,
            )

    def rename(self, handle: str, *, last_name: str, email: str) -> None:
        dn = self._dns[handle]
        self._samba.admin.replace(dn, {"sn": last_name, "mail": email})
        self._dns[handle] = self._samba.admin.rename(dn, f"CN={handle} {last_name}")

    def change(self, handle: str, *, department: str) -> None:
        self._samba.admin.replace(self._dns[handle], {"department": department})

    def move(self, handle: str) -> None:
        admin = self._samba.admin
        other = admin.add(f"OU=Elsewhere,{self._unit}", {"objectClass": "organizationalUnit"})
        self._dns[handle] = admin.rename(self._dns[handle], f"CN={handle}", new_parent=other)

    def disable(self, handle: str) -> None:
        self._samba.disable(self._dns[handle])

    def delete(self, handle: str) -> None:
        self._samba.admin.delete(self._dns[handle])

    def join(self, handle: str, group: str) -> None:
        self._samba.admin.add_values(self._group(group), {"member": self._dns[handle]})

    def leave(self, handle: str, group: str) -> None:
        self._samba.admin.remove_values(self._group(group), {"member": self._dns[handle]})

    def nest(self, inner: str, outer: str) -> None:
        self._samba.admin.add_values(self._group(outer), {"member": self._group(inner)})

    def report(self, handle: str, *, to: str) -> None:
        self._samba.admin.replace(self._dns[handle], {"manager": self._dns[to]})

    def _group(self, name: str) -> str:
        if name not in self._groups:
            self._groups[name] = self._samba.add_group(name, ou=self._unit)
        return self._groups[name]


class TestActiveDirectoryContract(DirectoryContract, IncrementalContract, DoorbellContract):
    crowd: ClassVar[int] = 25  # more than two of the pages of 10 asked for here
    tells_nesting = tells_reports_of_the_deleted = False

    @pytest.fixture
    def town(self, samba: Samba, samba_ou: str) -> SambaTown:
        return SambaTown(samba, samba_ou)


@pytest.fixture(scope="module")
def looker(samba: Samba) -> Iterator[Account]:
    """It sees what was deleted, as administrators do, and may not replicate changes."""
    users = f"CN=Users,{samba.base}"
    name, password = "svc-looks@contoso.test", "Sync-of-Contoso-2"
    dn = samba.add_person(
        "svc-looks", ou=users, sAMAccountName="svc-looks", userPrincipalName=name, password=password
    )
    samba.admin.add_values(f"CN=Domain Admins,{users}", {"member": dn})
    samba.deny_replication(dn)
    yield Account(name, password)
    samba.admin.delete(dn)


class TestWithoutTheRightToReplicate(IncrementalContract, DoorbellContract):
    tells_nesting = tells_reports_of_the_deleted = False

    @pytest.fixture
    def town(self, samba: Samba, samba_ou: str, looker: Account) -> SambaTown:
        return SambaTown(samba, samba_ou, looker)
