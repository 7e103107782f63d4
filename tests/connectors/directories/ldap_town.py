"""A unit of a real OpenLDAP or 389 Directory Server, as the contract of every directory wants it."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.directories.ldap.face import LdapDirectory
from tests.connectors.directories.ldap_reading import ldap_directory
from tests.contracts.town import Person
from tests.servers.ds389 import Ds389
from tests.servers.slapd import Slapd


class LdapTown:
    """`gone` is what this company writes on people to disable them."""

    attributes: Mapping[str, str] = {
        "email": "mail",
        "first_name": "givenname",
        "last_name": "sn",
        "department": "departmentnumber",
        "manager_email": "manager.mail",
    }

    def __init__(self, server: Slapd | Ds389, unit: str, *, gone: Mapping[str, str]) -> None:
        self._server = server
        self._unit = unit
        self._gone = gone
        self._dns: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        self._elsewhere = server.admin.add(f"ou=elsewhere,{unit}", {"objectClass": "organizationalUnit"})

    def directory(self) -> LdapDirectory:
        return ldap_directory(
            self._server,
            base_dn=self._unit,
            group_base_dn=self._unit,
            page_size=10,
            disabled_when=[{"attribute": "employeeType", "equals": "Gone"}],
        )

    def add(self, *people: Person) -> None:
        for one in people:
            self._dns[one.handle] = self._server.add_person(
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
        self._server.admin.replace(dn, {"sn": last_name, "mail": email})
        self._dns[handle] = self._server.admin.rename(dn, f"uid={handle}-{last_name}")

    def change(self, handle: str, *, department: str) -> None:
        self._server.admin.replace(self._dns[handle], {"departmentNumber": department})

    def move(self, handle: str) -> None:
        renamed = self._server.admin.rename(self._dns[handle], f"uid={handle}", new_parent=self._elsewhere)
        self._dns[handle] = renamed

    def disable(self, handle: str) -> None:
        self._server.admin.replace(self._dns[handle], self._gone)

    def delete(self, handle: str) -> None:
        self._server.admin.delete(self._dns[handle])

    def join(self, handle: str, group: str) -> None:
        self._server.admin.add_values(self._group(group), {"member": self._dns[handle]})

    def leave(self, handle: str, group: str) -> None:
        self._server.admin.remove_values(self._group(group), {"member": self._dns[handle]})

    def nest(self, inner: str, outer: str) -> None:
        self._server.admin.add_values(self._group(outer), {"member": self._group(inner)})

    def report(self, handle: str, *, to: str) -> None:
        self._server.admin.replace(self._dns[handle], {"manager": self._dns[to]})

    def _group(self, name: str) -> str:
        if name not in self._groups:
            dn = f"cn={name},{self._unit}"  # the class wants a member, so the group holds itself
            self._groups[name] = self._server.admin.add(dn, {"objectClass": "groupOfNames", "member": dn})
        return self._groups[name]
