"""Addresses: a CSV file with a column `Email`, as a manager exports it or types it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from syncd.errors import ConfigError, Unavailable
from syncd.text.csv_rows import CsvRows
from syncd.text.text_file import TextFile, given

_NAMES = ("email", "e-mail", "email address", "e-mail address", "mail")
_HINT = "its first line names a column Email, and every other line has an address in it"


def read(path: Path, encoding: str) -> dict[str, str]:
    """The addresses of a file in lower case, each with where it stands first. "-" is standard input."""
    found: dict[str, str] = {}
    try:
        with given(path, encoding, "say --encoding") as file:
            for address, where in _addresses(file):
                found.setdefault(address, where)
    except Unavailable as exc:  # a file that is no CSV is for whoever wrote it to correct
        raise ConfigError(exc.message, next_step=exc.next_step) from exc
    return found


def _addresses(file: TextFile) -> Iterator[tuple[str, str]]:
    table = CsvRows(file, "auto")
    column = _column(table.columns, file.path)
    for line, cells in table.ragged():
        if address := cells[column].strip().lower() if column < len(cells) else "":
            yield address, f"{file.path}, line {line}"
    file.verify()


def _column(columns: Mapping[str, int], path: Path) -> int:
    for wanted in _NAMES:
        if wanted in columns:
            return columns[wanted]
    raise ConfigError(f"{path} has no column Email", next_step=_HINT)
