"""HTTP: where the daemon answers, who may ask it what, and how a token gets there without being overheard."""

from __future__ import annotations

from enum import IntEnum
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    FilePath,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from syncd.settings.types import OneOrSeveral, Secret, Section

_LOCAL_NAME = "localhost"


class Role(IntEnum):
    """What a token is good for; each may do what those before it may."""

    METRICS = 1  # numbers, and nobody's name
    VIEWER = 2  # everything there is to see
    OPERATOR = 3  # sync now; approve and reject


def _role(value: Any) -> Any:
    if isinstance(value, str) and value.upper() in Role.__members__:
        return Role[value.upper()]
    raise PydanticCustomError("role", "must be one of metrics, viewer and operator")


RoleName = Annotated[
    Role,
    BeforeValidator(_role),
    WithJsonSchema({"type": "string", "enum": [role.name.lower() for role in Role]}),
]


def _address(value: str) -> str:
    """ "host:port", as given. Raises a worded pydantic error."""
    host, separator, port = value.rpartition(":")
    if not (separator and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise PydanticCustomError("address", "must be an address and a port, such as 127.0.0.1:8080")
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ip_network(network)
        except ValueError as exc:
            raise PydanticCustomError(
                "network", "must be addresses or networks, such as 10.0.0.5 or 10.1.0.0/16"
            ) from exc
    return value


class TokenSection(Section):
    """Somebody who may ask."""

    name: str = Field(min_length=1, max_length=64, description="whose token it is; it stands in the record")
    role: RoleName = Field(
        description="metrics: numbers; viewer: everything; operator: sync, approve, reject"
    )
    token: Secret = Field(description="where the token is kept")


class HttpTlsSection(Section):
    """The certificate the daemon shows."""

    certificate: FilePath = Field(description="the certificate and those above it, PEM")
    key: FilePath = Field(description="its private key, PEM, without a passphrase")


class HttpSection(Section):
    """Health, metrics, the API and the console of `syncd serve`."""

    listen: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None, description="where to listen; without it there is no HTTP", examples=["127.0.0.1:8080"]
    )
    tls: HttpTlsSection | None = Field(default=None, description="serve HTTPS with this certificate")
    behind_proxy: Annotated[OneOrSeveral, AfterValidator(_networks)] = Field(
        default=(),
        description="the proxy in front that speaks TLS: only from there API and console are answered",
    )
    tokens: tuple[TokenSection, ...] = Field(
        default=(), description="who may ask; without tokens only health and metrics are answered"
    )
    console: bool = Field(
        default=False, description="also answer with web pages, for whoever has a token of viewer or operator"
    )

    @property
    def host(self) -> str:
        return (self.listen or "").rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int((self.listen or ":0").rpartition(":")[2])

    @property
    def shown(self) -> HttpTlsSection | None:
        """The certificate that whoever asks is shown; None where nobody is."""
        return self.tls if self.listen else None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can ask."""
        if self.host == _LOCAL_NAME:
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @field_validator("console")
    @classmethod
    def _somebody_can_sign_in(cls, value: bool, info: ValidationInfo) -> bool:
        given = info.data
        if value and "listen" in given and not given["listen"]:
            raise PydanticCustomError("console", "needs http.listen: where its pages are answered")
        if value and "tokens" in given and all(token.role < Role.VIEWER for token in given["tokens"]):
            raise PydanticCustomError(
                "console",
                "needs somebody to sign in: a token of http.tokens with role viewer or operator",
            )
        return value

    @model_validator(mode="after")
    def _tokens_are_not_overheard(self) -> Self:
        if self.listen and self.tokens and not (self.is_local or self.tls or self.behind_proxy):
            raise PydanticCustomError(
                "overheard",
                "has tokens and would send them in the clear: give it tls, or name the proxy in behind_proxy",
            )
        return self
