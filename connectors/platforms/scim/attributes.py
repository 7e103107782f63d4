"""Attributes of a SCIM resource: read, compared, and turned into a PATCH or a whole resource. Pure.

Names are equal in any case (RFC 7643, 2.1); an empty value and none are the same (2.5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Json = Mapping[str, Any]

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_THEIRS = frozenset({"id", "meta", "groups", "password"})


class Attribute(NamedTuple):
    """One attribute: `name`, or `sub` of a complex one; of the core schema, or of the extension `schema`."""

    name: str
    sub: str = ""
    schema: str = ""

    @property
    def path(self) -> str:
        """As a PATCH names it."""
        name = f"{self.name}.{self.sub}" if self.sub else self.name
        return f"{self.schema}:{name}" if self.schema else name

    def of(self, resource: Json) -> Any:
        """What a resource has there; None for nothing."""
        holder = member(resource, self.schema) if self.schema else resource
        found = member(holder, self.name)
        found = member(found, self.sub) if self.sub else found
        return None if found in ("", [], {}) else found


Wanted = Mapping[Attribute, Any]
"""Attributes and what they shall be; None for nothing."""


def member(holder: Any, name: str) -> Any:
    """What a JSON object has under a name, in any case."""
    if not isinstance(holder, Mapping):
        return None
    if name in holder:
        return holder[name]
    wanted = name.casefold()
    return next((value for key, value in holder.items() if key.casefold() == wanted), None)


def items(value: Any) -> list[Json]:
    """The values of a multi-valued complex attribute."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def differing(wanted: Wanted, there: Json) -> dict[Attribute, Any]:
    """Of what is wanted, what a resource has otherwise."""
    return {one: value for one, value in wanted.items() if not _same(value, one.of(there))}


def patch(changes: Wanted) -> Json:
    """The body of a PATCH; its operations in lower case, which every server takes."""
    return {"schemas": [PATCH], "Operations": [_operation(one, value) for one, value in changes.items()]}


def whole(changes: Wanted, there: Json) -> dict[str, Any]:
    """A resource as a POST or PUT has it: what is there, but for what is the server's own, with changes."""
    found: dict[str, Any] = {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in there.items()
        if name.casefold() not in _THEIRS
    }
    for one, value in changes.items():
        _put(found, one, value)
    found["schemas"] = _schemas(there, found)
    return found


def _same(wanted: Any, there: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(there, bool):
        return as_bool(there) is wanted
    if isinstance(wanted, str) and "@" in wanted:
        return text(there).casefold() == wanted.casefold()
    return bool(wanted == there)


def as_bool(value: Any) -> bool | None:
    """Some servers write booleans as text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.casefold())
    return value if isinstance(value, bool) else None


def _operation(one: Attribute, value: Any) -> Json:
    if value is None:
        return {"op": "remove", "path": one.path}
    return {"op": "replace", "path": one.path, "value": value}


def _put(found: dict[str, Any], one: Attribute, value: Any) -> None:
    steps = [step for step in (one.schema, one.name, one.sub) if step]
    holder = found
    for step in steps[:-1]:
        step = _spelt(holder, step)
        if not isinstance(holder.get(step), dict):
            holder[step] = dict(holder.get(step) or {})
        holder = holder[step]
    last = _spelt(holder, steps[-1])
    if value is None:
        holder.pop(last, None)
    else:
        holder[last] = value


def _spelt(holder: Json, name: str) -> str:
    """A name as the server spells it."""
    return next((key for key in holder if key.casefold() == name.casefold()), name)


def _schemas(there: Json, found: Json) -> Sequence[str]:
    """The schemas a resource names: those it had, the core one, and the extensions it uses."""
    had = [text(one) for one in there.get("schemas") or ()]
    named = {one.casefold() for one in had} | {CORE.casefold()}
    used = [name for name, value in found.items() if name.startswith("urn:") and value]
    return [*(had or [CORE]), *(name for name in used if name.casefold() not in named)]
