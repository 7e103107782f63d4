"""The building blocks of every section: strictness, paths, durations, percentages, secrets by reference.

Connectors describe their options with these and import nothing else from the settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from syncd.errors import ConfigError


class Section(BaseModel):
    """A mapping in the configuration. Unknown keys are errors; values never change once read.

    A key without a value counts as left out. A relative `Path` is taken from the folder of the
    configuration file, which arrives as `folder` in the validation context.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}

    @field_validator("*", mode="after", check_fields=False)
    @classmethod
    def _from_its_folder(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Path) and info.context and "folder" in info.context:
            return Path(info.context["folder"]) / value
        return value


def with_short_forms(
    core: CoreSchema, handler: GetJsonSchemaHandler, short: Sequence[JsonSchemaValue]
) -> JsonSchemaValue:
    """The JSON Schema of a section that may also be written in one of its `short` forms."""
    reference = handler(core)
    section = handler.resolve_ref_schema(reference)
    in_full = dict(section)
    section.clear()
    section.update({"description": in_full.pop("description", ""), "anyOf": [*short, in_full]})
    return reference


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


OneOrSeveral = Annotated[
    tuple[str, ...],
    BeforeValidator(_several),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    ),
]
"""A list of texts; a single one may be written without its brackets."""


class DirectoryOptions(Section):
    """What every directory connector's options tell the settings about themselves.

    `mapping_defaults`: where each profile field comes from unless the admin says otherwise, as they would
    write it.
    `reach`: the options that say how the directory is reached, not what is read of it. Changing
    them re-reads nobody; everything else, secrets excepted, is part of `Settings.salt`.
    """

    mapping_defaults: ClassVar[Mapping[str, Any]] = {}
    reach: ClassVar[frozenset[str]] = frozenset()

    @property
    def has_links(self) -> bool:
        """Whether its people come with values that are the same, for the same human, elsewhere."""
        return False

    def warnings(self) -> Iterator[tuple[str, str]]:
        """What is allowed but unwise: the option's path ("tls.verify"), and why it matters."""
        yield from ()


class PlatformOptions(Section):
    """What every platform connector's options have, and tell the settings about themselves."""

    adopt_by_email: bool = Field(
        default=False,
        description="take over an account that syncd did not make when its e-mail address is the same",
    )

    def in_zone(self, zone: str) -> Self:  # noqa: ARG002
        """These options, for a company with this time zone: for a platform that is told dates."""
        return self

    def warnings(self) -> Iterator[tuple[str, str]]:
        """What is allowed but unwise: the option's path ("tls.verify"), and why it matters."""
        yield from ()


_DURATION = re.compile(
    r"(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII
)
_UNITS = (604_800, 86_400, 3600, 60, 1)
_LONGEST = 100 * 366 * 86_400
DURATION_PATTERN = r"^(0|([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$"
PERCENT_PATTERN = r"^[0-9]+([.][0-9]+)?\s*%$"


def seconds(value: object) -> int:
    """The seconds in "90s", "15m", "2h", "1h30m", "14d", "2w" or 0. Raises a worded pydantic error."""
    if value == "0" or (value == 0 and isinstance(value, int) and not isinstance(value, bool)):
        return 0
    found = _DURATION.fullmatch(value.replace(" ", "")) if isinstance(value, str) else None
    if not found or not found[0]:
        raise PydanticCustomError("duration", "must be a duration with its unit, such as 90s, 15m, 2h or 14d")
    total = sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS, strict=True))
    if total > _LONGEST:
        raise PydanticCustomError("duration", "must be shorter than a hundred years")
    return total


def duration_text(total: int) -> str:
    """The shortest way to write a number of seconds as a duration: "14d", "1h30m", "0d"."""
    parts = []
    for unit, letter in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, total = divmod(total, unit)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0d"


def percentage(value: object) -> float:
    """The number in "5%" or "2.5 %". Raises a worded pydantic error."""
    if isinstance(value, str) and re.fullmatch(PERCENT_PATTERN, value.strip(), re.ASCII):
        number = float(value.strip().rstrip("%"))
        if number <= 100:
            return number
    raise PydanticCustomError("percent", "must be a percentage from 0% to 100%, such as 5%")


DURATION_SCHEMA = {"type": ["string", "integer"], "pattern": DURATION_PATTERN, "maximum": 0, "minimum": 0}
Duration = Annotated[int, BeforeValidator(seconds), WithJsonSchema(DURATION_SCHEMA)]
"""Seconds; written "90s", "15m", "2h", "14d" or 0. Defaults in code are plain seconds."""

Percent = Annotated[
    float, BeforeValidator(percentage), WithJsonSchema({"type": "string", "pattern": PERCENT_PATTERN})
]
"""0 to 100; written "5%"."""


class Secret(Section):
    """Where a secret is kept, never the secret itself. It is read at the moment of use."""

    env: str | None = Field(default=None, min_length=1, description="name of an environment variable")
    file: Path | None = Field(default=None, description="path of a file that holds the secret alone")
    credential: str | None = Field(
        default=None, pattern=r"^[^/\x00]+$", description="name of a systemd credential (LoadCredential=)"
    )

    @model_validator(mode="before")
    @classmethod
    def _a_reference(cls, data: Any) -> Any:
        """Refuse anything but a reference before pydantic could speak of it: it may be the secret."""
        if isinstance(data, Secret):
            return data
        if not isinstance(data, dict) or not data.keys() <= cls.model_fields.keys():
            raise PydanticCustomError(
                "secret",
                "must not be written here; say where it is kept: { env: NAME } or { file: /path/to/it }",
            )
        return data

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(place is not None for place in (self.env, self.file, self.credential)) != 1:
            raise PydanticCustomError("secret", "must name exactly one place: env, file or credential")
        return self

    def __repr__(self) -> str:
        return f"Secret({self.place})"

    __str__ = __repr__

    @property
    def place(self) -> str:
        """Where the secret is kept, for messages."""
        if self.env is not None:
            return f"environment variable {self.env}"
        return f"file {self.file}" if self.file is not None else f"systemd credential {self.credential}"

    def reveal(self) -> str:
        """The secret, without the newline editors leave at the end. Raises `ConfigError`."""
        if self.env is not None:
            value = os.environ.get(self.env, "")
        else:
            value = self._read(self.file or self._credential_path())
        if not value:
            raise ConfigError(
                f"the secret in {self.place} is empty or not set", next_step="put the secret there"
            )
        return value

    def _credential_path(self) -> Path:
        base = os.environ.get("CREDENTIALS_DIRECTORY")
        if not base:
            raise ConfigError(
                f"{self.place}: systemd passed no credentials",
                next_step=f"add LoadCredential={self.credential}:/path to the unit, or use file: or env:",
            )
        return Path(base) / str(self.credential)

    def _read(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as exc:
            why = exc.strerror if isinstance(exc, OSError) else "not UTF-8 text"
            raise ConfigError(
                f"the secret in {self.place} cannot be read: {why}",
                next_step="check the path and that the user running syncd may read it",
            ) from exc
