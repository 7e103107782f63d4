"""What the admin says about reaching anything over HTTPS: whom to trust, which proxy, how long to wait."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from syncd.settings.types import Duration, Secret, Section, with_short_forms

_SHORT: Sequence[JsonSchemaValue] = ({"type": "string", "minLength": 1},)


class ProxyOptions(Section):
    """The proxy to go through: its URL, or, where it asks who we are:"""

    url: str = Field(description="http://host:port of the proxy, without user and password")
    user: str | None = Field(None, min_length=1, description="the user the proxy knows us by")
    password: Secret | None = Field(None, description="where that user's password is kept")

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, data: Any) -> Any:
        return {"url": data} if isinstance(data, str) else data

    @field_validator("url")
    @classmethod
    def _a_proxy(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user or password; use proxy: { url, user, password }")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("is not of the form http://host:port")
        _ = parts.port  # raises ValueError when it is no number
        return url

    @model_validator(mode="after")
    def _user_and_password(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together: give both or neither")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_short_forms(core, handler, _SHORT)


class HttpOptions(Section):
    """The options everything reached over HTTPS shares."""

    ca_file: Path | None = Field(
        None,
        description="PEM file of authorities to trust besides the usual ones, such as that of a proxy "
        "that inspects TLS",
    )
    proxy: ProxyOptions | None = Field(
        None, description="the proxy to go through; without it, the one HTTPS_PROXY and NO_PROXY name, if any"
    )
    connect_timeout: Duration = Field(10, description="how long a server may take to accept a connection")
    read_timeout: Duration = Field(
        60, description="how long a server may be silent before and in the middle of an answer"
    )

    @field_validator("connect_timeout", "read_timeout")
    @classmethod
    def _some_time(cls, value: int) -> int:
        if value < 1:
            raise ValueError("must be at least 1s: a wait without end is no option")
        return value
