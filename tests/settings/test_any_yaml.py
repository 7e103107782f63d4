"""Whatever stands in the file, loading ends in settings or in problems, never in another exception."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.catalog import DIRECTORIES
from connectors.catalog import load as load_class
from syncd.settings import ConfigProblems, load
from syncd.settings.sections import ConfigFile, DirectorySection

KEYS = sorted(
    {*ConfigFile.model_fields, *DirectorySection.model_fields}
    | {
        key
        for section in ConfigFile.model_fields.values()
        for key in getattr(section.annotation, "model_fields", ())
    }
    | {key for connector in DIRECTORIES.values() for key in load_class(connector.options).model_fields}
    | {
        "group",
        "attribute",
        "matches",
        "equals",
        "present",
        "ou",
        "nested",
        "env",
        "file",
        "template",
        "percent",
    }
)
WORDS = ["x", "5%", "14d", "none", "ldaps://dc1", "DC=x", "(", "{a}", "Europe", "sqlite:///x", *DIRECTORIES]
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
directory = st.dictionaries(st.sampled_from([*KEYS, "name", "type"]), values, max_size=6).flatmap(
    lambda entry: st.sampled_from(sorted(DIRECTORIES)).map(
        lambda type_: {**entry, "name": "a", "type": type_}
    )
)
file = st.dictionaries(st.sampled_from(sorted(ConfigFile.model_fields)), values, max_size=8).flatmap(
    lambda whole: st.lists(directory, max_size=2).map(lambda listed: {**whole, "directories": listed})
)
SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)


def _try(folder: pytest.TempPathFactory, text: str | bytes) -> None:
    path: Path = folder.getbasetemp() / "any.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(ConfigProblems):
        load(path)


@SETTINGS
@given(file)
def test_any_structure(tmp_path_factory: pytest.TempPathFactory, data: object) -> None:
    _try(tmp_path_factory, yaml.safe_dump(data, allow_unicode=True))


@SETTINGS
@given(st.text(alphabet="abcd:-[]{}#&*!|>'\"%@`,? \n\t\\<~01\x85\u2028\ufeff"))
def test_any_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    _try(tmp_path_factory, text)


@SETTINGS
@given(st.binary(max_size=60))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    _try(tmp_path_factory, content)
