"""Schema: the configuration as JSON Schema, for editors that complete and check it while it is typed.

python -m syncd.settings.schema > config/syncd.schema.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from pydantic.json_schema import models_json_schema

from connectors.catalog import DIRECTORIES, load
from syncd.settings.platform import TYPES, options_of
from syncd.settings.sections import ConfigFile, DirectorySection, PlatformSection
from syncd.settings.types import DURATION_PATTERN, PERCENT_PATTERN, duration_text

Node = dict[str, Any]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> Node:
    """One document, draft 2020-12, that every valid configuration passes."""
    directories = {type_: load(connector.options) for type_, connector in sorted(DIRECTORIES.items())}
    platforms = {type_: options_of(type_) for type_ in TYPES}
    models = [ConfigFile, DirectorySection, PlatformSection, *directories.values(), *platforms.values()]
    references, schema = models_json_schema([(model, "validation") for model in models])
    definitions = schema["$defs"]
    named = {model: references[model, "validation"]["$ref"].rpartition("/")[2] for model in models}
    own = {model: definitions.pop(name) for model, name in named.items()}
    root, common, head = own[ConfigFile], own[DirectorySection], own[PlatformSection]
    root["properties"]["directories"]["items"] = {
        "oneOf": [_kind(type_, common, own[model]) for type_, model in directories.items()]
    }
    root["properties"]["platform"] = {
        "description": root["properties"]["platform"]["description"],
        "oneOf": [_kind(type_, head, own[model]) for type_, model in platforms.items()],
    }
    for name in root["properties"].keys() - set(root["required"]):
        root["properties"][name] = _may_be_blank(root["properties"][name])
    whole = {"$schema": _DRAFT, **root, "title": "syncd configuration", "$defs": definitions}
    for tidy in (_without_titles, _without_null, _with_readable_default):
        _each(whole, tidy)
    return whole


def text() -> str:
    """The schema as the file in `config/` has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _kind(type_: str, common: Node, options: Node) -> Node:
    """What every directory, or platform, has, with what this type adds."""
    own = dict(common["properties"])
    kind = {"const": type_, "description": own.pop("type")["description"]}
    mapping = {"mapping": own.pop("mapping")} if "mapping" in own else {}
    return {
        "type": "object",
        "description": options.get("description", ""),
        "properties": {**own, "type": kind, **options.get("properties", {}), **mapping},
        "required": [*common["required"], *options.get("required", ())],
        "additionalProperties": False,
    }


def _may_be_blank(field: Node) -> Node:
    """A section whose lines are all comments is null to YAML, and left out to syncd."""
    about = {key: field.pop(key) for key in ("description", "default", "examples") if key in field}
    return about | {"anyOf": [field, {"type": "null"}]}


def _each(node: object, tidy: Callable[[Node], None]) -> None:
    if isinstance(node, dict):
        tidy(node)
        for key, value in node.items():
            for part in value.values() if key in ("properties", "$defs") else (value,):
                _each(part, tidy)
    elif isinstance(node, list):
        for value in node:
            _each(value, tidy)


def _without_titles(node: Node) -> None:
    """Pydantic titles a field with its own name; a title that says more stays."""
    for name, field in node.get("properties", {}).items():
        if str(field.get("title", "")).lower() == name.replace("_", " "):
            del field["title"]


def _without_null(node: Node) -> None:
    """A key that may be left out need not be offered as null; in a mapping null undoes a default."""
    choices = node.get("anyOf")
    if node.get("default", "") is None:
        del node["default"]
        others = [choice for choice in choices or () if choice != {"type": "null"}]
        if len(others) == 1 and not str(others[0].get("$ref", "")).endswith("/FieldSection"):
            del node["anyOf"]
            node.update(others[0] | node)


def _with_readable_default(node: Node) -> None:
    default = node.get("default")
    patterns = [form.get("pattern") for form in (node, *node.get("anyOf", ()))]
    if isinstance(default, dict) or default in ((), []):
        del node["default"]
    elif DURATION_PATTERN in patterns and isinstance(default, int):
        node["default"] = duration_text(default)
    elif PERCENT_PATTERN in patterns and isinstance(default, float):
        node["default"] = f"{default:g}%"


if __name__ == "__main__":
    sys.stdout.write(text())
