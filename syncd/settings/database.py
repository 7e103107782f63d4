"""Database: where the register lives. A URL with a password in it is a secret and only ever a reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Self
from urllib.parse import quote

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from syncd.errors import ConfigError
from syncd.settings.types import Secret, Section, with_short_forms

_POSTGRESQL = ("postgresql+psycopg://", "postgresql://", "postgres://")
_SHORT: Sequence[JsonSchemaValue] = (
    {"type": "string", "pattern": "^(sqlite:///|postgresql([+]psycopg)?://|postgres://)"},
)
_PASSWORD = re.compile(r"://[^/?#]*:[^/?#]*@|[?&](?:password|passfile|sslpassword)=", re.IGNORECASE)


class DatabaseSection(Section):
    """A URL without a password; a URL and its password; or where the whole URL is kept."""

    url: str | None = Field(
        default=None,
        min_length=1,
        description="without a password",
        examples=["sqlite:///syncd.db", "postgresql+psycopg://syncd@db.contoso.com/syncd"],
    )
    password: Secret | None = Field(default=None, description="where the password for `url` is kept")
    env: str | None = Field(
        default=None, min_length=1, description="name of an environment variable with the whole URL"
    )
    file: Path | None = Field(default=None, description="path of a file that holds the whole URL alone")
    credential: str | None = Field(
        default=None, min_length=1, description="name of a systemd credential with the whole URL"
    )

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, data: Any) -> Any:
        return {"url": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _usable(self) -> Self:
        kept = {name: getattr(self, name) for name in ("env", "file", "credential") if getattr(self, name)}
        if (self.url is not None) + len(kept) != 1:
            raise PydanticCustomError("database", "must have exactly one of url, env, file or credential")
        if self.password and (self.url is None or not self.url.startswith(_POSTGRESQL)):
            raise PydanticCustomError(
                "database", "must have a postgresql+psycopg:// url to go with the password"
            )
        if self.password and "@" not in str(self.url):
            raise PydanticCustomError(
                "database", "must name a user: {how}", {"how": "postgresql+psycopg://user@host/name"}
            )
        if self.url is not None and (wrong := url_error(self.url)):
            raise PydanticCustomError("database", wrong)
        if self.url is not None and _PASSWORD.search(self.url):
            raise PydanticCustomError(
                "database",
                "must not contain the password; write {how}",
                {"how": "{ url: …, password: { env: NAME } }"},
            )
        return self

    @classmethod
    def at(cls, url: str) -> Self:
        return cls.model_validate(url)

    def resolve(self, folder: Path) -> str:
        """The URL as SQLAlchemy wants it, password and all. Raises `ConfigError`. Never log it."""
        secret = None if self.url else Secret(env=self.env, file=self.file, credential=self.credential)
        url = secret.reveal().strip() if secret else self.url or ""
        if secret and (wrong := url_error(url)):
            raise ConfigError(f"the database URL in {secret.place} {wrong}")
        if url.startswith("sqlite:"):
            return _anchored(url, folder)
        return _with_password(_with_driver(url), self.password)

    @property
    def lacks_driver(self) -> bool:
        """Whether it is PostgreSQL and its driver is not installed."""
        return bool(self.url and self.url.startswith(_POSTGRESQL) and find_spec("psycopg") is None)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_short_forms(core, handler, _SHORT)


def url_error(url: str) -> str:
    """What is wrong with a database URL, or nothing. Does not repeat it."""
    if url.startswith("sqlite:"):
        path = url.removeprefix("sqlite:///").partition("?")[0]
        if not url.startswith("sqlite:///") or path in ("", ":memory:"):
            return "must name a database file, such as sqlite:///syncd.db"
        return ""
    if url.startswith(_POSTGRESQL):
        return ""
    if url.startswith("postgresql+"):
        return "must use the driver psycopg: postgresql+psycopg://"
    return "must begin with sqlite:/// or postgresql+psycopg://"


def _anchored(url: str, folder: Path) -> str:
    path, mark, query = url.removeprefix("sqlite:///").partition("?")
    absolute = PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
    return f"sqlite:///{path if absolute else folder / path}{mark}{query}"


def _with_driver(url: str) -> str:
    return _POSTGRESQL[0] + url.partition("://")[2]


def _with_password(url: str, password: Secret | None) -> str:
    if password is None:
        return url
    user, _, rest = url.partition("://")[2].partition("@")
    return f"{_POSTGRESQL[0]}{user}:{quote(password.reveal(), safe='')}@{rest}"
