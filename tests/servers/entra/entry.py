"""One object of the directory, and one line of the log of changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.servers.entra.properties import EXTENSION_ATTRIBUTES, Resource

CREATED = ("*",)
"""All properties are news: of an object that was made or restored."""


_FIFTEEN = "onPremisesExtensionAttributes"


@dataclass(slots=True, eq=False)
class Entry:
    """`values` holds what was ever set; None is what was cleared. Numbers grow with every object."""

    id: str
    resource: Resource
    number: int
    values: dict[str, Any]
    born: int  # the version of the tenant that first had it
    manager: str | None = None
    members: dict[str, None] = field(default_factory=dict)
    deleted_at: float | None = None
    purged: bool = False

    def select(self, names: tuple[str, ...]) -> dict[str, Any]:
        """As a read of the object shows it: what was never set is null, or an empty list."""
        values, blank = self.values, self.resource.blank
        return {name: values[name] if name in values else blank(name) for name in names}


class Change(NamedTuple):
    """What happened to one object. No names: it was deleted. The links are ids."""

    id: str
    kind: str
    names: tuple[str, ...]
    added: str = ""
    removed: str = ""


def number_of(entry: Entry) -> int:
    return entry.number


def prepare(resource: Resource, properties: dict[str, Any], before: dict[str, Any]) -> None:
    """Refuse unknown names. All fifteen extension attributes are always there; others stay as they were."""
    unknown = sorted(name for name in properties.keys() - resource.known if not resource.has(name))
    if unknown:
        raise ValueError(f"a {resource.name} has no {', '.join(unknown)}")
    if given := properties.get(_FIFTEEN):
        properties[_FIFTEEN] = (before.get(_FIFTEEN) or dict.fromkeys(EXTENSION_ATTRIBUTES)) | given
