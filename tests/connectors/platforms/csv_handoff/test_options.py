"""What an admin may write of a hand-off by file, and what is told of mistakes, with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.platforms.csv_handoff.options import CsvOptions
from syncd.settings import ConfigProblems, Settings, load

HEAD = """\
company: Contoso
timezone: Europe/London
directories: [{ name: hr, type: file, path: people.csv, id: employee_id }]
platform:
  type: csv_handoff
"""


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "syncd.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return load(path)


def options(folder: Path, text: str) -> CsvOptions:
    found = loaded(folder, text).platform.options
    assert isinstance(found, CsvOptions)
    return found


def test_the_folder_is_taken_from_that_of_the_configuration(tmp_path: Path) -> None:
    assert options(tmp_path, "  folder: out").folder == tmp_path / "out"


@pytest.mark.parametrize(
    ("text", "zone"), [("", "Europe/London"), ("\n  timezone: America/Lima", "America/Lima")]
)
def test_dates_are_days_of_the_company_unless_said_otherwise(tmp_path: Path, text: str, zone: str) -> None:
    assert str(options(tmp_path, f"  folder: out{text}").zone) == zone


PLACE = "  folder: out\n"
ONE = f"{PLACE}  layout: one_file\n"
MISTAKES = {
    "  layout: one_file": "4: platform.folder is required (where files are put; it must exist, and syncd may "
    "write there)",
    f"{PLACE}  encoding: utf-9": "7: platform.encoding must be a text encoding such as utf-8, "
    "utf-8-sig or cp1252",
    f"{PLACE}  delimiter: ', '": '7: platform.delimiter must be one character such as "," or ";"',
    f"{PLACE}  date_format: '%H:%M'": "7: platform.date_format must be made of %d, %m and %Y or %y, such as "
    "%d/%m/%Y",
    f"{PLACE}  timezone: Mars": "7: platform.timezone must be a time zone, such as Europe/London",
    f"{PLACE}  without: [xyz]": "7: platform.without[0] must be one of suspend, expire, release, remove, "
    "change, resume, renew, add",
    f"{PLACE}  key_prefix: ../x": "7: platform.key_prefix contains a character that is not allowed here",
    f"{PLACE}  columns: {{ add: {{ Name: full_name }} }}": "4: platform needs a column in columns.add that "
    "says who: email, current_email, key or employee_id",
    f"{PLACE}  columns: {{ add: {{ '': email }} }}": "4: platform has a header in columns.add that is empty",
    f"{PLACE}  encoding: cp1252\n  columns: {{ add: {{ Łódź: email }} }}": "4: platform has a header in "
    "columns.add that cannot be written in cp1252: Łódź",
    f"{ONE}  columns: {{ every: {{ Mail: email }} }}": "4: platform needs a column in columns.every that "
    "says what to do: action or status",
    f"{ONE}  columns: {{ add: {{ Mail: email }} }}": "4: platform must have nothing but `every` in "
    "columns for one file",
}


@pytest.mark.parametrize(("text", "problem"), MISTAKES.items())
def test_mistakes_are_told(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigProblems) as caught:
        loaded(tmp_path, text)
    assert [str(one).removeprefix(f"{tmp_path}/syncd.yaml:") for one in caught.value.problems] == [problem]


def test_what_stands_in_a_column_is_one_of_a_few(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems) as caught:
        loaded(tmp_path, "  folder: out\n  columns:\n    add: { Mail: emial }")
    (problem,) = caught.value.problems
    assert "platform.columns.add.Mail must be one of email, first_name, " in str(problem)
    assert str(problem).endswith("did you mean email?")


def test_what_means_nothing_or_is_unwise_is_told(tmp_path: Path) -> None:
    found = loaded(tmp_path, "  folder: out\n  adopt_by_email: true\n  escape_formulas: false")
    assert [str(one).partition("platform.")[2] for one in found.warnings] == [
        "adopt_by_email means nothing here: nobody can be asked who is there",
        "escape_formulas lets a name in the directory run as a formula in a spreadsheet",
    ]
