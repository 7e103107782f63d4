"""OpenLDAP keeps the promises of every directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from connectors.directories.ldap.face import LdapDirectory
from tests.connectors.directories.ldap_reading import ldap_directory
from tests.contracts.directory import DirectoryContract
from tests.contracts.town import Person
from tests.servers.slapd import Slapd


class SlapdTown:
    """A unit of a real OpenLDAP directory. `employeeType: gone` is how this company disables people."""

    attributes: Mapping[str, str] = {
        "email": "mail",
        "first_name": "givenname",
        "last_name": "sn",
        "department": "departmentnumber",
        "manager_email": "manager.mail",
    }

    def __init__(self, slapd: Slapd, unit: str) -> None:
        self._slapd = slapd
        self._unit = unit
        self._dns: dict[str, str] = {}
        self._groups: dict[str, str] = {}

    def directory(self) -> LdapDirectory:
        return ldap_directory(
            self._slapd,
            base_dn=self._unit,
            group_base_dn=self._unit,
            page_size=20,
            disabled_when=[{"attribute": "employeeType", "equals": "Gone"}],
        )

    def add(self, *people: Person) -> None:
        for one in people:
            self._dns[one.handle] = self._slapd.add_person(
                one.handle,
                ou=self._unit,
                uid=one.handle,
                mail=one.email,
                givenName=one.first_name,
                sn=one.last_name,
                departmentNumber=one.department,
            )

    def rename(self, handle: str, *, last_name: str, email: str) -> None:
        dn = self._dns[handle]
        self._slapd.admin.replace(dn, {"sn": last_name, "mail": email})
        self._dns[handle] = self._slapd.admin.rename(dn, f"uid={handle}-{last_name}")

    def change(self, handle: str, *, department: str) -> None:
        self._slapd.admin.replace(self._dns[handle], {"departmentNumber": department})

    def move(self, handle: str) -> None:
        admin = self._slapd.admin
        other = admin.add(f"ou=elsewhere,{self._unit}", {"objectClass": "organizationalUnit"})
        self._dns[handle] = admin.rename(self._dns[handle], f"uid={handle}", new_parent=other)

    def disable(self, handle: str) -> None:
        self._slapd.admin.replace(self._dns[handle], {"employeeType": "gone"})

    def delete(self, handle: str) -> None:
        self._slapd.admin.delete(self._dns[handle])

    def join(self, handle: str, group: str) -> None:
        self._slapd.admin.add_values(self._group(group), {"member": self._dns[handle]})

    def leave(self, handle: str, group: str) -> None:
        self._slapd.admin.remove_values(self._group(group), {"member": self._dns[handle]})

    def nest(self, inner: str, outer: str) -> None:
        self._slapd.admin.add_values(self._group(outer), {"member": self._group(inner)})

    def report(self, handle: str, *, to: str) -> None:
        self._slapd.admin.replace(self._dns[handle], {"manager": self._dns[to]})

    def _group(self, name: str) -> str:
        if name not in self._groups:
            self._groups[name] = self._slapd.add_group(name, ou=self._unit)
        return self._groups[name]


class TestOpenLdapContract(DirectoryContract):
    crowd: ClassVar[int] = 45  # more than two of the pages of 20 asked for here

    @pytest.fixture
    def town(self, slapd: Slapd, slapd_ou: str) -> SlapdTown:
        return SlapdTown(slapd, slapd_ou)
