"""What Active Directory means: objectGUID, userAccountControl, accountExpires, SIDs, primary groups."""

from __future__ import annotations

from uuid import UUID

from connectors.directories.ad_values import account_status, guid_text, sid_text
from connectors.directories.ldap_wire.dialect import Entry, GroupKind, Standing
from connectors.directories.ldap_wire.dn import canonical
from connectors.directories.ldap_wire.search import Assertion
from syncd.errors import Skipped, Unavailable

_PARTITIONS = ("cn=configuration", "cn=schema", "dc=domaindnszones", "dc=forestdnszones")
_GUID_SIZE = 16
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
        if name in _GUIDS and len(value) == _GUID_SIZE:
            return guid_text(value)
        return sid_text(value) if name == "objectsid" else value.decode("utf-8")

    def identify(self, entry: Entry) -> str:
        value = entry.first("objectguid")
        if value is None or len(value) != _GUID_SIZE:
            raise Unavailable(f"{entry.dn} shows no objectGUID", next_step="let the reading account read it")
        return guid_text(value)

    def by_id(self, id_: str) -> Assertion | None:
        try:
            return Assertion("objectGUID", UUID(id_).bytes_le)
        except ValueError:
            return None

    def links(self, entry: Entry) -> tuple[str, ...]:
        """What Entra Connect may know them by (ConsistencyGuid, or else objectGUID), and the SID."""
        found = [f"guid:{self.identify(entry)}"]
        consistency = entry.first("ms-ds-consistencyguid")
        if consistency is not None and len(consistency) == _GUID_SIZE:
            found.append(f"guid:{guid_text(consistency)}")
        if (value := entry.first("objectsid")) is not None:
            found.append(f"sid:{sid_text(value)}")
        if self._link and (shared := entry.text(self._link).strip()):
            found.append(f"value:{shared.lower()}")
        return tuple(dict.fromkeys(found))

    def standing(self, entry: Entry, now: int) -> Standing:
        control = _number(entry, "userAccountControl")
        if control is None:
            raise Skipped(
                f"{entry.dn} shows no userAccountControl: nobody knows whether the account is enabled",
                next_step="let the reading account read userAccountControl",
            )
        return Standing(*account_status(control, _number(entry, "accountExpires"), now))

    def referenced(self, reference: str) -> str:
        return "(directReports=*)" if reference == "manager" else self.people

    def holds_people(self, dn: str) -> bool:
        """Every search at a domain's root refers to the forest's own partitions, where nobody lives."""
        return not canonical(dn).startswith(_PARTITIONS)


def _number(entry: Entry, name: str) -> int | None:
    text = entry.text(name.lower())
    try:
        return int(text) if text else None
    except ValueError as exc:
        raise Skipped(f"{entry.dn}: {name} is {text!r}, not a number", next_step="correct it") from exc
