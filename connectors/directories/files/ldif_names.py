"""Pure: the words LDIF entries use: attributes by our column names, distinguished names, who is a person."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.directories.ad_values import guid_text, sid_text

PERMANENT = ("objectguid", "entryuuid", "nsuniqueid", "ipauniqueid")
"""What identifies an entry for ever, in AD, OpenLDAP, 389 Directory Server and FreeIPA."""

_GUIDS = ("objectguid", "ms-ds-consistencyguid")
_PEOPLE = {b"person", b"user", b"inetorgperson", b"organizationalperson"}
_OTHERS = {b"computer", b"contact", b"group"}
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "email": ("mail",),
    "first_name": ("givenname",),
    "last_name": ("sn",),
    "department": ("departmentnumber",),
    "job_title": ("title",),
    "manager_email": ("manager.mail",),
    "employee_id": ("employeeid", "employeenumber"),
    "language": ("preferredlanguage",),
}
_FIRST_VALUE = re.compile(r"[^=]*=((?:\\.|[^,+\\])*)", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-9A-Fa-f]{2})|\\(.)", re.DOTALL)


def known_as(name: str) -> tuple[str, ...]:
    """The attributes that may hold this: itself, then the standard ones for the mapping's defaults."""
    source, dot, target = name.partition(".")
    if dot:
        return tuple(f"{source}.{attribute}" for attribute in known_as(target))
    return (name, *_COLUMNS.get(name, ()))


def text_of(name: str, value: bytes) -> str:
    """A value as text, without space around it. Raises ValueError for one that is none."""
    if name in _GUIDS:
        return guid_text(value)
    return sid_text(value) if name == "objectsid" else value.decode("utf-8").strip()


def is_person(classes: list[bytes]) -> bool:
    """By objectClass; an export without it is taken to hold people only."""
    folded = {value.lower() for value in classes}
    return not folded or (bool(folded & _PEOPLE) and not folded & _OTHERS)


def common_name(dn: str) -> str:
    """The value of the first RDN: "Sales, EMEA" of "CN=Sales\\, EMEA,OU=Groups,…"."""
    found = _FIRST_VALUE.match(dn)
    if not found:
        return dn
    plain = _ESCAPED.sub(
        lambda pair: bytes.fromhex(pair[1].decode()) if pair[1] else pair[2], found[1].encode()
    )
    return plain.decode("utf-8", "replace").strip()
