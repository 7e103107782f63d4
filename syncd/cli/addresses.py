"""Addresses: a CSV file with a column `Email`, as a manager exports it or types it."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

from syncd.errors import ConfigError

_NAMES = ("email", "e-mail", "email address", "e-mail address", "mail")
_HINT = "its first line names a column Email, and every other line has an address in it"


def read(path: Path) -> dict[str, str]:
    """The addresses of a file in lower case, each with where it stands first. "-" is standard input."""
    name = "standard input" if str(path) == "-" else str(path)
    lines = io.StringIO(_text(path, name), newline="")
    delimiter = ";" if ";" in lines.readline() else ","
    lines.seek(0)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    found: dict[str, str] = {}
    try:
        column = _column(next(rows, []), name)
        for row in rows:
            address = row[column].strip().lower() if column < len(row) else ""
            if address:
                found.setdefault(address, f"{name}, line {rows.line_num}")
    except csv.Error as exc:
        raise ConfigError(f"{name} is not a CSV file: {exc}", next_step=_HINT) from exc
    return found


def _column(headings: list[str], name: str) -> int:
    known = [heading.strip().lower() for heading in headings]
    for wanted in _NAMES:
        if wanted in known:
            return known.index(wanted)
    raise ConfigError(f"{name} has no column Email", next_step=_HINT)


def _text(path: Path, name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{name} cannot be read: {exc.strerror}", next_step="name another file") from exc
    try:
        return raw.decode("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{name} is not UTF-8 text", next_step="save the file as CSV UTF-8") from exc
