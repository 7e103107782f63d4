"""What the admin says about any LDAP directory: servers, TLS, the account, where to look and for whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from connectors.directories.ldap_wire.dn import is_below, looks_like_dn
from connectors.directories.ldap_wire.filters import checked
from syncd.settings.types import DirectoryOptions, Duration, Secret, Section


class TlsOptions(Section):
    """How the connection is protected. With ldaps:// it is from its first byte on."""

    start: bool = Field(
        default=False, description="StartTLS: protect an ldap:// connection before anything else is sent"
    )
    ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities to trust; without it, those of the operating system",
    )
    verify: bool = Field(
        default=True,
        description="whether the server must prove who it is; false lets anybody in between read everything",
    )
    server_name: str | None = Field(
        default=None, description="the name the certificate must carry, where it is not the one in the URL"
    )


class PasswordBind(Section):
    """A simple bind: the account and its password."""

    method: Literal["password"] = Field("password", description="may be left out")
    user: str = Field(
        min_length=1,
        description="DN, or for Active Directory also name@domain or DOMAIN\\name, of the reading account",
    )
    password: Secret = Field(description="where the password is kept")


class KerberosBind(Section):
    """A bind with a Kerberos ticket (SASL GSSAPI). Needs the extra `kerberos`, and TLS with most servers."""

    method: Literal["kerberos"] = Field(description="kerberos: by ticket instead of password")
    principal: str | None = Field(
        None, description="whose ticket; without it, the one in the credentials cache"
    )
    keytab: Path | None = Field(None, description="keytab to get the ticket with; without it, the system's")
    service_host: str | None = Field(
        None, description="host name in the service ticket (ldap/HOST), where the URL has another"
    )

    @model_validator(mode="after")
    def _whose_key(self) -> Self:
        if self.keytab and not self.principal:
            raise ValueError("keytab needs principal: whose key to take from it")
        return self


class AnonymousBind(Section):
    """No account: what the server shows to everybody."""

    method: Literal["anonymous"] = Field(description="anonymous: without an account")


def _method(value: Any) -> str:
    found = (
        value.get("method", "password")
        if isinstance(value, Mapping)
        else getattr(value, "method", "password")
    )
    return found if isinstance(found, str) else "password"


AccountBind = Annotated[
    Annotated[PasswordBind, Tag("password")] | Annotated[KerberosBind, Tag("kerberos")],
    Discriminator(_method),
]
AnyBind = Annotated[
    Annotated[PasswordBind, Tag("password")]
    | Annotated[KerberosBind, Tag("kerberos")]
    | Annotated[AnonymousBind, Tag("anonymous")],
    Discriminator(_method),
]


class LdapWireOptions(DirectoryOptions):
    """The options Active Directory and other LDAP directories share."""

    reach: ClassVar[frozenset[str]] = frozenset(
        {
            "servers", "tls", "allow_clear_text_password", "bind",
            "page_size", "connect_timeout", "receive_timeout",
        }
    )  # fmt: skip

    servers: tuple[str, ...] = Field(
        min_length=1, description="ldaps:// or ldap:// URLs, tried in this order until one answers"
    )
    tls: TlsOptions = Field(default_factory=TlsOptions, description="certificate checks and StartTLS")
    allow_clear_text_password: bool = Field(
        False, description="send the password over ldap:// without StartTLS, readable on the way"
    )
    bind: AnyBind = Field(description="who reads: user and password, Kerberos, or nobody")
    base_dn: tuple[str, ...] = Field(
        min_length=1, description="the entry, or the entries, below which people are read"
    )
    filter: str = Field("", description="an LDAP filter people must match besides being people")
    group_base_dn: str | None = Field(
        None,
        description="where groups are looked up by name; without it, the naming context of the first base_dn",
    )
    link_attribute: str | None = Field(
        None, description="an attribute with the same value for the same person in another directory"
    )
    page_size: int = Field(1000, ge=1, le=10_000, description="people the server is asked for at a time")
    connect_timeout: Duration = Field(10, description="how long a server may take to accept a connection")
    receive_timeout: Duration = Field(
        60, description="how long a server may be silent in the middle of an answer"
    )

    @field_validator("servers", "base_dn", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("servers")
    @classmethod
    def _urls(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        for server in servers:
            parts = urlsplit(server)
            if parts.scheme not in ("ldap", "ldaps") or not parts.hostname or parts.path not in ("", "/"):
                raise ValueError(f"{server!r} is not of the form ldaps://host or ldap://host:port")
            _ = parts.port  # raises ValueError when it is no number
        return servers

    @field_validator("base_dn")
    @classmethod
    def _apart(cls, bases: tuple[str, ...]) -> tuple[str, ...]:
        for base in bases:
            if not looks_like_dn(base):
                raise ValueError(f"{base!r} is not a distinguished name such as OU=Staff,DC=example,DC=com")
        for place, base in enumerate(bases):
            for other in bases[:place]:
                if is_below(base, other) or is_below(other, base):
                    raise ValueError(f"{base!r} and {other!r} overlap: people would be read twice")
        return bases

    @field_validator("filter")
    @classmethod
    def _sound(cls, value: str) -> str:
        return checked(value) if value.strip() else ""

    @field_validator("connect_timeout", "receive_timeout")
    @classmethod
    def _some_time(cls, value: int) -> int:
        if value < 1:
            raise ValueError("must be at least 1s: a wait without end is no option")
        return value

    @model_validator(mode="after")
    def _password_protected(self) -> Self:
        clear = [
            server for server in self.servers if urlsplit(server).scheme == "ldap" and not self.tls.start
        ]
        if clear and isinstance(self.bind, PasswordBind) and not self.allow_clear_text_password:
            raise ValueError(
                f"the password would travel readable to {clear[0]}: use ldaps://, or tls: {{ start: true }}, "
                "or accept it with allow_clear_text_password: true"
            )
        if self.tls.start and any(urlsplit(server).scheme == "ldaps" for server in self.servers):
            raise ValueError("tls.start is for ldap:// servers: ldaps:// is protected from the start")
        return self

    @property
    def has_links(self) -> bool:
        return self.link_attribute is not None

    def warnings(self) -> Iterator[tuple[str, str]]:
        if not self.tls.verify:
            yield (
                "tls.verify",
                "the server's certificate is not checked: anybody in between can read the password",
            )
        if self.allow_clear_text_password and isinstance(self.bind, PasswordBind):
            yield "allow_clear_text_password", "the password may travel readable"
