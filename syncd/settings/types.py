"""The building blocks of every configuration section: strict sections and secrets by reference."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from syncd.errors import ConfigError


class Section(BaseModel):
    """A mapping in the configuration. Unknown keys are errors; values never change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Secret(Section):
    """Where a secret is kept, never the secret itself. It is read at the moment of use."""

    env: str | None = Field(None, description="name of an environment variable")
    file: Path | None = Field(None, description="path of a file that holds the secret alone")
    credential: str | None = Field(None, description="name of a systemd credential (LoadCredential=)")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(place is not None for place in (self.env, self.file, self.credential)) != 1:
            raise ValueError("name exactly one of env, file or credential")
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
            raise ConfigError(f"the secret in {self.place} is empty or not set", next_step="put the secret there")
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
            raise ConfigError(
                f"the secret in {self.place} cannot be read: {exc.strerror if isinstance(exc, OSError) else 'not UTF-8 text'}",
                next_step="check the path and that the user running syncd may read it",
            ) from exc
