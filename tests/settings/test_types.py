"""Durations and percentages mean what they say, and sections keep the small promises connectors rely on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from syncd.settings.types import (
    DirectoryOptions,
    Duration,
    OneOrSeveral,
    duration_text,
    percentage,
    seconds,
)


class Options(DirectoryOptions):
    mapping_defaults: ClassVar[Mapping[str, str]] = {"email": "mail"}

    path: Path = Path("people.csv")
    timeout: Duration = 30
    bases: OneOrSeveral = ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (0, 0),
        ("0", 0),
        ("0d", 0),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("14d", 1_209_600),
        ("2w", 1_209_600),
    ],
)
def test_a_duration_is_a_number_and_a_unit(written: object, expected: int) -> None:
    assert seconds(written) == expected


@pytest.mark.parametrize(("written", "expected"), [("1h30m", 5400), ("1d 12h", 129_600)])
def test_durations_add_up(written: str, expected: int) -> None:
    assert seconds(written) == expected


@pytest.mark.parametrize(
    "written", [5, -1, 1.5, True, False, None, "", "5", "m", "-5m", "5 days", "5M", "1m1h", "٣m", [], {}]
)
def test_anything_else_is_no_duration(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="must be a duration with its unit"):
        seconds(written)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_duration_reads_back_as_it_is_written(total: int) -> None:
    assert seconds(duration_text(total)) == total


@pytest.mark.parametrize(("written", "expected"), [("5%", 5.0), ("2.5 %", 2.5), ("0%", 0.0), ("100%", 100.0)])
def test_a_percentage_has_its_sign(written: str, expected: float) -> None:
    assert percentage(written) == expected


@pytest.mark.parametrize("written", [5, "5", "-5%", "101%", "%", "5%%", "1e2%", None, "٣%"])
def test_anything_else_is_no_percentage(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="must be a percentage from 0% to 100%"):
        percentage(written)


def test_a_relative_path_starts_at_the_configuration(tmp_path: Path) -> None:
    options = Options.model_validate({"path": "hr/people.csv"}, context={"folder": tmp_path})
    assert options.path == tmp_path / "hr/people.csv"


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    assert Options.model_validate({"path": "/srv/x.csv"}, context={"folder": tmp_path}).path == Path(
        "/srv/x.csv"
    )


def test_a_key_without_a_value_is_left_out() -> None:
    assert Options.model_validate({"timeout": None, "path": None}) == Options()


def test_one_text_may_stand_for_a_list_of_one() -> None:
    assert Options.model_validate({"bases": "DC=x"}).bases == ("DC=x",)
    assert Options.model_validate({"bases": ["DC=x", "DC=y"]}).bases == ("DC=x", "DC=y")


def test_options_never_change() -> None:
    with pytest.raises(ValidationError):
        Options().timeout = 5  # type: ignore[misc]
