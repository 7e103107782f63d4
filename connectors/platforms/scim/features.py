"""What a server can do, and which attributes it knows: its ServiceProviderConfig and its Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.platforms.scim.attributes import CORE, Attribute, Json, as_bool, items, member, text
from connectors.platforms.scim.wire import Wire

_FEWEST = 2  # operations for which a bulk request is worth it


@dataclass(slots=True)
class Features:
    """`told`: whether the server has said so itself. `bulk`: the most operations in one request; 0 for none.

    `names`: by schema, the attributes there are; None where the server does not say.
    """

    told: bool = False
    patch: bool = True
    filters: bool = True
    etag: bool = False
    bulk: int = 0
    payload: int = 0
    names: Mapping[str, frozenset[str]] | None = field(default=None)

    def knows(self, one: Attribute) -> bool:
        """Whether the server has this attribute; yes, where it does not say."""
        schema = (one.schema or CORE).casefold()
        return self.names is None or one.name.casefold() in self.names.get(schema, ())

    @property
    def in_words(self) -> str:
        if not self.told:
            return "it does not say what it can do (no ServiceProviderConfig)"
        able = (("PATCH", self.patch), ("filters", self.filters), ("ETags", self.etag))
        words = [f"{name} {'yes' if has else 'no'}" for name, has in able]
        return ", ".join([*words, f"bulk {f'up to {self.bulk}' if self.bulk else 'no'}"])


def discover(wire: Wire, *, bulk: bool) -> Features:
    """`bulk`: whether it is wanted. A server that says nothing is taken to know PATCH and filters."""
    answer = wire.ask("/ServiceProviderConfig", "discover")
    features = Features()
    if answer.ok:
        if not isinstance(member(answer.body, "patch"), Mapping):
            wire.no_scim()
        features = _of(answer.body)
    if not bulk or features.bulk < _FEWEST:
        features.bulk = 0
    answer = wire.ask("/Schemas", "discover")
    features.names = _names(answer.body) if answer.ok else None
    return features


def _of(config: Json) -> Features:
    bulk = member(config, "bulk")
    return Features(
        told=True,
        patch=_supported(config, "patch"),
        filters=_supported(config, "filter"),
        etag=_supported(config, "etag"),
        bulk=_number(bulk, "maxOperations") if _supported(config, "bulk") else 0,
        payload=_number(bulk, "maxPayloadSize"),
    )


def _supported(config: Json, name: str) -> bool:
    return as_bool(member(member(config, name), "supported")) is True


def _number(holder: Any, name: str) -> int:
    written = text(member(holder, name))
    return int(written) if written.isdecimal() else 0


def _names(body: Json) -> Mapping[str, frozenset[str]] | None:
    """None for a list that is not whole, or does not even describe users."""
    schemas = items(member(body, "Resources"))
    found = dict(map(_described, schemas))
    return found if CORE.casefold() in found and len(schemas) >= _number(body, "totalResults") else None


def _described(schema: Json) -> tuple[str, frozenset[str]]:
    names = (text(one.get("name")).casefold() for one in items(member(schema, "attributes")))
    return text(schema.get("id")).casefold(), frozenset(names)
