"""What Active Directory means: objectGUID, userAccountControl, accountExpires, SIDs, primary groups."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from uuid import UUID

from connectors.directories.ldap_wire.dialect import Entry, GroupKind, Standing
from connectors.directories.ldap_wire.dn import canonical
from syncd.errors import Skipped, Unavailable

_DISABLED = 0x2  # ADS_UF_ACCOUNTDISABLE
_NEVER = frozenset({0, 0x7FFF_FFFF_FFFF_FFFF})
_TICKS = 10_000_000  # of 100 ns in a second
_1601_TO_1970 = 11_644_473_600
_PARTITIONS = ("cn=configuration", "cn=schema", "dc=domaindnszones", "dc=forestdnszones")
_GUIDS = frozenset({"objectguid", "ms-ds-consistencyguid"})


class ActiveDirectoryDialect:
    """Knows Active Directory; talks to nobody."""

    people = "(&(objectCategory=person)(objectClass=user))"  # no computers, no contacts
    identity = "objectguid"
    binary = frozenset(
        [
            "jpegphoto",
            "thumbnailphoto",
            "thumbnaillogo",
            "photo",
            "usercertificate",
            "usersmimecertificate",
            "usercert",
            "logonhours",
            "ntsecuritydescriptor",
            "msexchmailboxguid",
            "msexchmailboxsecuritydescriptor",
            "msrtcsip-userroutinggroupid",
            "sidhistory",
            "tokengroups",
            "userparameters",
            "auditingpolicy",
            "replpropertymetadata",
        ]
    )
    groups = GroupKind(
        filter="(objectCategory=group)",
        names=("cn", "sAMAccountName"),
        members=("member",),
        ranged=True,
        primary=True,
        children_by_member_of=True,
    )

    def __init__(self, link_attribute: str | None) -> None:
        self._link = (link_attribute or "").lower()
        fixed = ("objectGUID", "objectSid", "mS-DS-ConsistencyGuid", "userAccountControl", "accountExpires")
        self.attributes: tuple[str, ...] = (*fixed, link_attribute) if link_attribute else fixed

    def text(self, name: str, value: bytes) -> str:
        if name in _GUIDS:
            return guid(value)
        return sid(value) if name == "objectsid" else value.decode("utf-8")

    def identify(self, entry: Entry) -> str:
        value = entry.first("objectguid")
        if value is None or len(value) != 16:
            raise Unavailable(f"{entry.dn} shows no objectGUID", next_step="let the reading account read it")
        return guid(value)

    def links(self, entry: Entry) -> tuple[str, ...]:
        """What Entra Connect may know them by (ConsistencyGuid, or else objectGUID), and the SID."""
        identity = f"guid:{self.identify(entry)}"
        consistency = entry.first("ms-ds-consistencyguid")
        found = [identity]
        if consistency is not None and len(consistency) == 16:
            found.append(f"guid:{guid(consistency)}")
        if (value := entry.first("objectsid")) is not None:
            found.append(f"sid:{sid(value)}")
        if self._link and (shared := entry.text(self._link).strip()):
            found.append(f"value:{shared.lower()}")
        return tuple(dict.fromkeys(found))

    def standing(self, entry: Entry, now: int) -> Standing:
        """https://learn.microsoft.com/windows/win32/adschema/a-useraccountcontrol and a-accountexpires"""
        control = _number(entry, "userAccountControl")
        if control is None:
            raise Skipped(
                f"{entry.dn} shows no userAccountControl: nobody knows whether the account is enabled",
                next_step="let the reading account read userAccountControl",
            )
        if control & _DISABLED:
            return Standing(False, "the account is disabled in Active Directory")
        expires = _number(entry, "accountExpires") or 0
        if expires in _NEVER:
            return Standing()
        moment = expires // _TICKS - _1601_TO_1970
        if moment > now:
            return Standing(changes_at=moment)
        return Standing(False, f"the account expired{_on(moment)}")

    def referenced(self, reference: str) -> str:
        return "(directReports=*)" if reference == "manager" else self.people

    def holds_people(self, dn: str) -> bool:
        """Every search at a domain's root refers to the forest's own partitions, where nobody lives."""
        return not canonical(dn).startswith(_PARTITIONS)


def guid(value: bytes) -> str:
    """As Windows writes it: the first three groups are little-endian."""
    return str(UUID(bytes_le=value)) if len(value) == 16 else value.hex()


def sid(value: bytes) -> str:
    """S-1-5-21-… (MS-DTYP 2.4.2.2)."""
    if len(value) < 8 or len(value) != 8 + 4 * value[1]:
        return value.hex()
    parts = struct.unpack(f"<{value[1]}I", value[8:])
    return "-".join(map(str, ("S", value[0], int.from_bytes(value[2:8], "big"), *parts)))


def _number(entry: Entry, name: str) -> int | None:
    text = entry.text(name.lower())
    try:
        return int(text) if text else None
    except ValueError as exc:
        raise Skipped(f"{entry.dn}: {name} is {text!r}, not a number", next_step="correct it") from exc


def _on(moment: int) -> str:
    """When, where the calendar reaches."""
    try:
        return f" on {datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
    except (OverflowError, ValueError, OSError):
        return ""
