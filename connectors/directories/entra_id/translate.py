"""Pure: what Graph says of a person, and what of that is asked for. No call, no clock.

A request names attributes in lower case; Graph minds how its own are spelled. `Places` says where in a
person's JSON each of them is, and picks them into a row: the same row for the same person, whether a full
read, a delta or a batch showed them.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.directories.ad_values import guid_text
from connectors.directories.entra_id.properties import Path, path_of, require_readable, spelling

FIXED = (
    "id",
    "userPrincipalName",
    "accountEnabled",
    "userType",
    "onPremisesImmutableId",
    "onPremisesSecurityIdentifier",
)
ID, LOGIN, ENABLED, TYPE, ANCHOR, SID = range(len(FIXED))

_GUEST_MARK = "#EXT#"
Row = list[Any]


@dataclass(frozen=True, slots=True)
class Places:
    """What is asked of every person. `names` are the attributes, in the order of their values in a row.

    `plain` are properties, `nested` parts of a property; `followed` are the manager's attributes.
    A row holds FIXED first, then the attributes. `link` is the one that links, and `link_only` says that
    nobody asked for it otherwise.
    """

    names: tuple[str, ...]
    plain: Path
    nested: tuple[tuple[str, str], ...]
    followed: tuple[str, ...]
    link: str = ""
    link_only: bool = False

    @classmethod
    def of(cls, directory: str, attributes: Iterable[str], link: str, extensions: Collection[str]) -> Places:
        """Raises `ConfigError` for what Graph does not tell of many people at once."""
        spelled = spelling(extensions)
        paths: dict[str, Path] = {}
        wanted = frozenset(attributes)
        for name in sorted(wanted | {link.lower()} - {""}):
            require_readable(directory, name)
            paths[name] = path_of(name, spelled)
        ordered = sorted(paths, key=lambda name: (len(paths[name]) > 1, name))
        return cls(
            names=tuple(ordered),
            plain=(*FIXED, *(path[0] for name in ordered if len(path := paths[name]) == 1)),
            nested=tuple((path[0], path[1]) for name in ordered if len(path := paths[name]) > 1),
            followed=tuple(path[1] for name in ordered if (path := paths[name])[0] == "manager"),
            link=link.lower(),
            link_only=link.lower() not in wanted,
        )

    @property
    def select(self) -> str:
        """For $select: every property once. The manager is no property, but expanded."""
        names = [*self.plain, *(name for name, _ in self.nested if name != "manager")]
        return ",".join(dict.fromkeys(names))

    @property
    def expand(self) -> str:
        """For $expand; empty when nobody's manager is asked for."""
        return f"manager($select={','.join(dict.fromkeys(('id', *self.followed)))})" if self.followed else ""

    @property
    def shown(self) -> tuple[str, ...]:
        """The attributes of a person, in order."""
        return tuple(sorted(name for name in self.names if not (self.link_only and name == self.link)))

    def row(self, user: Mapping[str, Any]) -> Row:
        """A person's values. A blank counts as none, since a delta leaves out what was never set."""
        get = user.get
        found = [value if value or value == 0 else None for value in map(get, self.plain)]
        for name, part in self.nested:
            value = (get(name) or _NOTHING).get(part)
            found.append(value if value or value == 0 else None)
        return found

    def attributes(self, row: Row) -> dict[str, tuple[str, ...]]:
        """The values that are not blank, as text. Raises ValueError naming one that is no text."""
        found = {}
        for name, value in zip(self.names, row[len(FIXED) :], strict=True):
            if value is None or (self.link_only and name == self.link):
                continue
            if texts := _texts(name, value):
                found[name] = texts
        return found

    def links(self, row: Row) -> tuple[str, ...]:
        """By what Active Directory may know them: the anchor of Entra Connect and the SID, as AD has them."""
        found = []
        if anchor := _anchor(row[ANCHOR]):
            found.append(f"guid:{anchor}")
        if isinstance(row[SID], str):
            found.append(f"sid:{row[SID].strip()}")
        if self.link:
            value = row[len(FIXED) + self.names.index(self.link)]
            if value is not None and (texts := _texts(self.link, value)):
                found.append(f"value:{texts[0].strip().lower()}")
        return tuple(found)


_NOTHING: Mapping[str, Any] = {}


def is_guest(user: Mapping[str, Any]) -> bool:
    """Invited from elsewhere, by type or by the mark Entra puts into such logins."""
    return user.get("userType") == "Guest" or _GUEST_MARK in (user.get("userPrincipalName") or "")


def mark(object_id: str) -> int:
    """64 bits that stand for an object id: as many of its random digits. Raises ValueError."""
    return int(object_id[:8] + object_id[9:13] + object_id[32:], 16)


def _anchor(value: object) -> str:
    """Base64 of objectGUID or mS-DS-ConsistencyGuid, unless the site chose another anchor."""
    try:
        data = b64decode(value.strip(), validate=True) if isinstance(value, str) else b""
    except ValueError:
        return ""
    return guid_text(data) if len(data) == 16 else ""


def _texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if not value.isspace() else ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, (int, float)):
        return (str(value),)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(item for item in value if item and not item.isspace())
    raise ValueError(name)
