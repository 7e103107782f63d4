"""What the admin says about an Active Directory domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from connectors.directories.ldap_wire.options import AccountBind, LdapWireOptions


class ActiveDirectoryOptions(LdapWireOptions):
    """One Active Directory domain. Several domains are several directories."""

    mapping_defaults: ClassVar[Mapping[str, str]] = {
        "email": "mail",
        "first_name": "givenName",
        "last_name": "sn",
        "department": "department",
        "job_title": "title",
        "employee_id": "employeeID",
        "language": "preferredLanguage",
        "group": "department",
    }

    bind: AccountBind = Field(description="who reads: user and password, or Kerberos")
    page_size: int = Field(
        1000, ge=1, le=1000, description="people asked for at a time; 1000 is what AD allows"
    )

    @property
    def has_links(self) -> bool:
        """Always: objectGUID, mS-DS-ConsistencyGuid and the SID."""
        return True
