"""What may be said about a file of people, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.directories.files.options import FileOptions


def _options(**given: Any) -> FileOptions:
    return FileOptions.model_validate({"path": "people.csv", "id": "employee_id", **given})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"id": None}, "id is required for a CSV file"),
        ({"encoding": "utf-9"}, "must be a text encoding"),
        ({"encoding": "base64"}, "must be a text encoding"),
        ({"delimiter": "||"}, "must be one character"),
        ({"delimiter": '"'}, "must be one character"),
        ({"format": "xlsx"}, "'csv' or 'ldif'"),
        ({"disabled_when": {"column": "status", "equals": []}}, "at least 1 item"),
        ({"groups": {"separator": ";"}}, "Field required"),
    ],
)
def test_what_cannot_work_is_refused_by_name(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        _options(**given)


def test_the_extension_tells_the_format_unless_it_is_named() -> None:
    assert not _options().is_ldif
    assert _options(path="people.LDIF", id=None).is_ldif
    assert _options(path="people.ldf", id=None).is_ldif
    assert _options(path="people.txt", format="ldif", id=None).is_ldif
    assert not _options(path="people.ldif", format="csv").is_ldif


def test_columns_are_the_same_in_any_case() -> None:
    assert _options(id=" Employee ID ").id == "employee id"


def test_a_relative_path_starts_at_the_configurations_folder() -> None:
    read = FileOptions.model_validate({"path": "people.csv", "id": "id"}, context={"folder": "/etc/syncd"})
    assert read.path == Path("/etc/syncd/people.csv")


def test_values_that_mean_disabled_may_be_numbers() -> None:
    assert _options(disabled_when={"column": "status", "equals": [0, "Left"]}).disabled_when is not None


def test_an_email_as_identity_is_allowed_and_warned_of() -> None:
    assert [path for path, _ in _options(id="email").warnings()] == ["id"]
    assert list(_options().warnings()) == []
