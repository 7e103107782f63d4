"""What the admin says about an LDAP directory that is not Active Directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, field_validator

from connectors.directories.ldap_wire.filters import checked
from connectors.directories.ldap_wire.options import LdapWireOptions
from syncd.settings.types import Section

PEOPLE = "(|(objectClass=inetOrgPerson)(objectClass=person)(objectClass=posixAccount))"


class DisabledWhen(Section):
    """A sign that somebody's account is disabled."""

    attribute: str = Field(min_length=1, description="attribute to look at")
    equals: tuple[str, ...] = Field(min_length=1, description="values that mean disabled, in any case")

    @field_validator("equals", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class LdapOptions(LdapWireOptions):
    """One LDAP directory."""

    mapping_defaults: ClassVar[Mapping[str, str]] = {
        "email": "mail",
        "first_name": "givenName",
        "last_name": "sn",
        "department": "departmentNumber",
        "job_title": "title",
        "employee_id": "employeeNumber",
        "language": "preferredLanguage",
        "group": "departmentNumber",
    }

    person_filter: str = Field(PEOPLE, description="an LDAP filter that every person passes and nobody else")
    id_attribute: str | None = Field(
        None,
        description="the attribute that never changes; by itself nsUniqueId for 389-DS, else entryUUID",
    )
    disabled_when: tuple[DisabledWhen, ...] = Field(
        (),
        description="signs of a disabled account, besides nsAccountLock, pwdAccountLockedTime, shadowExpire",
    )

    @field_validator("person_filter")
    @classmethod
    def _sound_person_filter(cls, value: str) -> str:
        return checked(value)
