"""Columns: which column of somebody's file holds which field, by what they say, else by its heading."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from syncd.errors import ConfigError
from syncd.model import PROFILE_FIELDS

_GUESSES: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "e mail", "email address", "e mail address", "mail", "work email", "e mail adresse"),
    "first_name": ("first name", "firstname", "given name", "givenname", "forename", "vorname"),
    "last_name": ("last name", "lastname", "surname", "family name", "sn", "nachname"),
    "department": ("department", "dept", "division", "abteilung"),
    "job_title": ("job title", "jobtitle", "title", "position"),
    "manager_email": ("manager email", "manager e mail", "manager mail", "manager"),
    "employee_id": ("employee id", "employeeid", "employee number", "staff number", "personnel number"),
    "language": ("language", "preferred language", "locale"),
    "group": ("group", "team"),
    "role": ("role",),
}


def named(given: Sequence[str]) -> dict[str, str]:
    """Field to heading, as `--column email="E-Mail"` says it. Raises `ConfigError`."""
    found: dict[str, str] = {}
    for pair in given:
        field, sign, heading = pair.partition("=")
        field = field.strip().lower().replace(" ", "_").replace("-", "_")
        if field not in PROFILE_FIELDS:
            near = get_close_matches(field, PROFILE_FIELDS, 1)
            guess = f'did you mean --column {near[0]}="{heading}"? ' if near else ""
            raise ConfigError(f"there is no field {field!r}", next_step=f"{guess}{_fields()}")
        if not sign or not heading.strip():
            raise ConfigError(
                f"--column {pair} names no column", next_step=f'write it as --column {field}="Heading"'
            )
        found[field] = heading.strip()
    return found


def places(columns: Mapping[str, int], said: Mapping[str, str], file: str) -> dict[str, int]:
    """The place of each field's column among `columns`, lower-case headings. Raises `ConfigError`."""
    headings = ", ".join(columns)
    found: dict[str, int] = {}
    for field, heading in said.items():
        if heading.lower() not in columns:
            raise ConfigError(f"{file} has no column {heading}", next_step=f"it has: {headings}")
        found[field] = columns[heading.lower()]
    for field in PROFILE_FIELDS:
        free = {_plain(name): place for name, place in columns.items() if place not in found.values()}
        for guess in _GUESSES[field]:
            if field not in found and guess in free:
                found[field] = free[guess]
    if "email" not in found:
        raise ConfigError(
            f"{file} has no column with e-mail addresses",
            next_step=f'say which it is: --column email="Heading"; it has: {headings}',
        )
    return found


def unused(columns: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """The headings nothing is taken from."""
    return [name for name, place in columns.items() if place not in found.values()]


def _plain(heading: str) -> str:
    return " ".join(re.split(r"[\s_.\-]+", heading)).strip()


def _fields() -> str:
    return f"the fields are {', '.join(PROFILE_FIELDS)}"
