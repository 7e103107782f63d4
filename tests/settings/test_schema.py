"""The JSON Schema in config/ is current, and agrees with what loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connectors.catalog import DIRECTORIES
from syncd.settings import load
from syncd.settings.document import read_document
from syncd.settings.schema import json_schema, text

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLES = sorted(CONFIG.glob("*.yaml"))
SCHEMA = json_schema()


def _errors(document: Any) -> list[str]:
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(document)]


def test_the_checked_in_schema_is_the_current_one() -> None:
    found = (CONFIG / "syncd.schema.json").read_text(encoding="utf-8")
    assert found == text(), "run: python -m syncd.settings.schema > config/syncd.schema.json"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_loads_without_a_warning(path: Path) -> None:
    assert load(path).warnings == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_passes_the_schema_it_names(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=./syncd.schema.json\n"
    )
    assert _errors(read_document(path).data) == []


def test_there_is_an_example_for_every_directory_type() -> None:
    types = {directory.type for path in EXAMPLES for directory in load(path).directories}
    assert types == set(DIRECTORIES)


@pytest.mark.parametrize(
    "change",
    [
        {"compny": "x"},
        {"directories": []},
        {"directories": [{"name": "a", "type": "ldpa"}]},
        {"directories": [{"name": "a", "type": "file", "path": "x", "id": "n", "servers": ["x"]}]},
        {"licenses": {"on_shortfall": "fil"}},
        {"leavers": {"suspend_after": 14}},
        {"guard": {"max_updates": "many"}},
        {"mapping": {"manager": "x"}},
        {"database": "mysql://x"},
    ],
)
def test_an_editor_sees_the_usual_mistakes(change: dict[str, Any]) -> None:
    valid = {"company": "x", "directories": [{"name": "a", "type": "file", "path": "x", "id": "n"}]}
    assert _errors(valid) == []
    assert _errors(valid | change)


def test_a_section_of_comments_passes() -> None:
    valid = {"company": "x", "directories": [{"name": "a", "type": "file", "path": "x", "id": "n"}]}
    assert _errors(valid | {"scope": None, "managers": None, "mapping": {"language": None}}) == []


def test_every_key_is_described() -> None:
    undescribed = [
        path for path, node in _properties(SCHEMA, "") if not node.keys() & {"description", "const"}
    ]
    assert undescribed == []


def test_no_default_contradicts_its_own_schema() -> None:
    for path, node in _properties(SCHEMA, ""):
        if "default" in node:
            validator = Draft202012Validator({**node, "$defs": SCHEMA["$defs"]})
            assert validator.is_valid(node["default"]), path


def _properties(node: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    if isinstance(node, dict):
        for name, child in node.items():
            if name == "properties":
                found += [(f"{path}.{key}", value) for key, value in child.items()]
            found += _properties(child, f"{path}.{name}")
    elif isinstance(node, list):
        for number, child in enumerate(node):
            found += _properties(child, f"{path}[{number}]")
    return found
