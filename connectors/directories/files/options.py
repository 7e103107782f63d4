"""The options of `type: file`: which file, how it is written, and which columns mean what."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from syncd.settings.types import DirectoryOptions, Section

Column = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
"""A column of the header (or an LDIF attribute). Upper and lower case are the same."""


class DisabledWhen(Section):
    """A person is disabled when this column holds one of these values, in any case."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    column: Column = Field(description="the column that says so")
    equals: tuple[str, ...] = Field(min_length=1, description="the values that mean disabled")


class GroupColumn(Section):
    """The groups a person is in, written in one column."""

    column: Column = Field(description="the column that names the groups")
    separator: str = Field(";", min_length=1, max_length=3, description="what stands between two groups")


class FileOptions(DirectoryOptions):
    """A CSV file with a header, or an LDIF export; read in full at every run."""

    mapping_defaults: ClassVar[Mapping[str, str]] = {
        "email": "email",
        "first_name": "first_name",
        "last_name": "last_name",
        "department": "department",
        "job_title": "job_title",
        "manager_email": "manager_email",
        "employee_id": "employee_id",
        "language": "language",
        "group": "department",
    }
    reach: ClassVar[frozenset[str]] = frozenset({"path"})

    path: Path = Field(description="the file; a relative path is taken from the configuration's folder")
    format: Literal["csv", "ldif"] | None = Field(None, description="left out, the extension decides")
    encoding: str = Field("utf-8", description="utf-8 (with or without BOM), utf-16, cp1252, …")
    delimiter: str = Field(",", description='what stands between two columns, or "auto" to find , ; or tab')
    id: Column | None = Field(
        None,
        description="the column that identifies a person for ever, such as employee_id; LDIF has its own",
    )
    disabled_when: DisabledWhen | None = Field(None, description="which people are disabled")
    groups: GroupColumn | None = Field(None, description="where the groups are; LDIF has memberOf")
    link: Column | None = Field(
        None, description="a column whose value is the same for this human in another directory"
    )

    @property
    def is_ldif(self) -> bool:
        return self.format == "ldif" or (
            self.format is None and self.path.suffix.lower() in (".ldif", ".ldf")
        )

    @property
    def has_links(self) -> bool:
        """With a column of links; an LDIF export of Active Directory has its own."""
        return self.link is not None or self.is_ldif

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "a".encode(value)
            return codecs.lookup(value).name
        except LookupError as exc:
            raise PydanticCustomError(
                "encoding", "must be a text encoding such as utf-8, cp1252 or utf-16"
            ) from exc

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if value == "auto" or (len(value) == 1 and value not in '"\r\n\0'):
            return value
        raise PydanticCustomError("delimiter", 'must be one character such as "," or ";", or auto')

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if self.id is None and not self.is_ldif:
            raise PydanticCustomError(
                "id",
                "id is required for a CSV file: the column that identifies a person for ever, "
                "such as an employee number (not the e-mail address, which changes)",
            )
        return self

    def warnings(self) -> Iterator[tuple[str, str]]:
        """As `DirectoryOptions.warnings`."""
        if self.id is not None and "mail" in self.id:
            yield (
                "id",
                "an e-mail address changes, and its owner would leave and join: use a number that stays",
            )
