"""What the admin says about a hand-off by file: which folder, which columns, and how they are written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from connectors.platforms.csv_handoff.actions import Action
from syncd.settings.types import Duration, PlatformOptions, Section


class ColumnValue(StrEnum):
    """What may stand in a column: a field of the profile, or what syncd knows besides."""

    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    DEPARTMENT = "department"
    JOB_TITLE = "job_title"
    MANAGER_EMAIL = "manager_email"
    EMPLOYEE_ID = "employee_id"
    LANGUAGE = "language"
    GROUP = "group"
    ROLE = "role"
    FULL_NAME = "full_name"
    CURRENT_EMAIL = "current_email"
    KEY = "key"
    LICENSE_END = "license_end"
    STATUS = "status"
    ACTION = "action"
    DELIVERY = "delivery"


Columns = Mapping[str, ColumnValue]
_V = ColumnValue
_DATE = re.compile(r"(?:[ ./-]|%[dmYy])+")
_WHO = (_V.EMAIL, _V.CURRENT_EMAIL, _V.KEY, _V.EMPLOYEE_ID)
_WHAT = (_V.ACTION, _V.STATUS)
_NAMES: Columns = {"First name": _V.FIRST_NAME, "Last name": _V.LAST_NAME}
_PERSON: Columns = {**_NAMES, "Email address": _V.EMAIL, "Department": _V.DEPARTMENT}
_MOVED: Columns = {"Current email address": _V.CURRENT_EMAIL, **_PERSON}
_GOING: Columns = {"Email address": _V.EMAIL, **_NAMES}
_BY_DEFAULT: Mapping[Action, Columns] = {
    Action.ADD: _PERSON,
    Action.CHANGE: _MOVED,
    Action.RESUME: _MOVED,
    Action.RENEW: {"Email": _V.EMAIL},
    Action.REMOVE: {"Email address": _V.EMAIL},
}
_ONE_FILE: Columns = {"Action": _V.ACTION, **_MOVED, "License end": _V.LICENSE_END}


class ColumnOptions(Section):
    """The columns of the files: a header, and what stands below it. Left out, those of the action."""

    every: Columns = Field(default={}, description="of every file that has none of its own below")
    add: Columns = Field(default={}, description="of those who are new")
    change: Columns = Field(default={}, description="of those whose name, address or department is new")
    suspend: Columns = Field(default={}, description="of those who are not to log in any more")
    resume: Columns = Field(default={}, description="of those who are to log in again")
    renew: Columns = Field(default={}, description="of those who get a license, or another one")
    expire: Columns = Field(default={}, description="of those whose license has ended")
    release: Columns = Field(default={}, description="of those who left and whose license is free")
    remove: Columns = Field(default={}, description="of those whose account is to be deleted")


class CsvOptions(PlatformOptions):
    """Files in a folder, for a platform that takes nothing else."""

    folder: Path = Field(description="where files are put; it must exist, and syncd may write there")
    layout: Literal["per_action", "one_file"] = Field(
        "per_action", description="a file for each action, or one that says what to do in a column"
    )
    without: tuple[Action, ...] = Field(
        (), description="actions that need no file there, such as expire where it knows the end itself"
    )
    columns: ColumnOptions = Field(ColumnOptions(), description="the columns of the files")
    delimiter: str = Field(",", description="what stands between two columns")
    encoding: str = Field("utf-8", description="utf-8, utf-8-sig (for Excel), cp1252, utf-16, …")
    line_end: Literal["crlf", "lf"] = Field("crlf", description="how lines end")
    date_format: str = Field(
        "%Y-%m-%d",
        description="how dates are written: %d day, %m month, %Y or %y year",
    )
    timezone: str | None = Field(None, description="whose days dates are; left out, the company's")
    escape_formulas: bool = Field(
        default=True,
        description="put ' before a name that a spreadsheet would run: one that begins with = + - or @",
    )
    readable_by: Literal["owner", "group"] = Field(
        "owner", description="who may read the files: the user running syncd, or their group, too"
    )
    key_prefix: str = Field(
        "syncd-",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$",
        description="what a learner's `key` begins with",
    )
    picked_up_within: Duration = Field(
        3 * 86_400, description="a file that waits longer is told of by `syncd check`; 0: never"
    )
    summary: bool = Field(
        default=False, description="add a text file that says what to do with which file, for a person"
    )

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "a".encode(value)
            return codecs.lookup(value).name
        except LookupError as exc:
            raise PydanticCustomError(
                "encoding", "must be a text encoding such as utf-8, utf-8-sig or cp1252"
            ) from exc

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if len(value) == 1 and value not in '"\r\n\0':
            return value
        raise PydanticCustomError("delimiter", 'must be one character such as "," or ";"')

    @field_validator("date_format")
    @classmethod
    def _a_day(cls, value: str) -> str:
        if _DATE.fullmatch(value):
            return value
        raise PydanticCustomError("date", "must be made of %d, %m and %Y or %y, such as %d/%m/%Y")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (OSError, ValueError, LookupError) as exc:
                raise PydanticCustomError("zone", "must be a time zone, such as Europe/London") from exc
        return value

    @model_validator(mode="after")
    def _columns_tell(self) -> Self:
        if self.layout == "one_file" and self.columns.model_fields_set - {"every"}:
            raise PydanticCustomError("columns", "must have nothing but `every` in columns for one file")
        for action in Action:
            where, columns = self._given(action)
            for header in columns:
                self._writable(where, header)
            self._tells(where, columns.values())
        return self

    def _writable(self, where: str, header: str) -> None:
        if not header.strip():
            raise PydanticCustomError("header", "has a header in {where} that is empty", {"where": where})
        try:
            header.encode(self.encoding)
        except UnicodeEncodeError as exc:
            words = "has a header in {where} that cannot be written in {encoding}: {header}"
            facts = {"where": where, "header": header, "encoding": self.encoding}
            raise PydanticCustomError("header", words, facts) from exc

    def _tells(self, where: str, sources: Iterable[str]) -> None:
        """By whom and of what a row is."""
        found = set(sources)
        if found.isdisjoint(_WHO):
            words = "needs a column in {where} that says who: email, current_email, key or employee_id"
            raise PydanticCustomError("columns", words, {"where": where})
        if self.layout == "one_file" and found.isdisjoint(_WHAT):
            words = "needs a column in {where} that says what to do: action or status"
            raise PydanticCustomError("columns", words, {"where": where})

    def columns_of(self, action: Action) -> Columns:
        """Those of the file with this action; with one file for all, the same for each."""
        return self._given(action)[1]

    def _given(self, action: Action) -> tuple[str, Columns]:
        """And the key they stand under, or would."""
        own: Columns = getattr(self.columns, action)
        if self.layout == "one_file":
            return "columns.every", self.columns.every or _ONE_FILE
        if own:
            return f"columns.{action}", own
        return "columns.every", self.columns.every or _BY_DEFAULT.get(action, _GOING)

    def in_zone(self, zone: str) -> Self:
        return self if self.timezone else self.model_copy(update={"timezone": zone})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone or "UTC")

    def warnings(self) -> Iterator[tuple[str, str]]:
        if self.adopt_by_email:
            yield "adopt_by_email", "means nothing here: nobody can be asked who is there"
        if not self.escape_formulas:
            yield "escape_formulas", "lets a name in the directory run as a formula in a spreadsheet"
