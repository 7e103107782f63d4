"""What the admin says about a SCIM platform: where it is, who we are there, and what a license is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from connectors.platform_options import Address, RemoteOptions
from syncd.settings.types import Secret, Section, with_short_forms

FieldName = Literal[
    "first_name", "last_name", "department", "job_title", "employee_id", "language",
    "manager_email", "group", "role",
]  # fmt: skip
SENT: tuple[FieldName, ...] = (
    "first_name",
    "last_name",
    "department",
    "job_title",
    "employee_id",
    "language",
)
_ACCOUNT: Sequence[JsonSchemaValue] = ({"const": "account"},)


class ScimAuthOptions(Section):
    """Who we are to the platform: a token, a client that gets tokens, or a user; exactly one of these."""

    token: Secret | None = Field(None, description="where the bearer token is kept")
    token_expires: date | None = Field(
        None, description="when that token ends, as in 2027-05-31, where it does not say so itself"
    )
    token_url: str | None = Field(None, description="where a client gets its tokens (OAuth 2.0)")
    client_id: str | None = Field(None, min_length=1, description="the client's id")
    client_secret: Secret | None = Field(None, description="where the client's secret is kept")
    client_secret_in: Literal["header", "body"] = Field(
        "header", description="where token_url wants the client's id and secret"
    )
    scope: str | None = Field(None, min_length=1, description="the scope to ask for, where one is needed")
    user: str | None = Field(None, min_length=1, description="a user's name (HTTP Basic)")
    password: Secret | None = Field(None, description="where that user's password is kept")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        client = self.token_url, self.client_id, self.client_secret
        user = self.user, self.password
        for kind in (client, user):
            if any(part is not None for part in kind) and None in kind:
                raise PydanticCustomError("auth", _TOGETHER)
        if sum(kind[0] is not None for kind in ((self.token,), client, user)) != 1:
            raise PydanticCustomError("auth", _ONE_OF)
        return self


_TOGETHER = "needs all of token_url, client_id and client_secret, or both of user and password"
_ONE_OF = (
    "must be exactly one of token, of token_url with client_id and client_secret, and of user with password"
)


class ScimExtensionOptions(Section):
    """Attributes of the vendor's own that carry a license; `value`, `ends_at` or both."""

    urn: str = Field(
        alias="schema", pattern=r"^urn:\S+$", description="the extension's schema, as in urn:vendor:…:User"
    )
    attribute: str | None = Field(None, min_length=1, description="the attribute that names the license")
    value: str | bool | tuple[str, ...] | None = Field(
        None, description="what it holds while there is one; a list for an attribute of several values"
    )
    ends_at: str | None = Field(None, min_length=1, description="the attribute for its end (a dateTime)")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if (self.attribute is None) != (self.value is None):
            raise PydanticCustomError(
                "extension", "attribute and value belong together: give both or neither"
            )
        if self.attribute is None and self.ends_at is None:
            raise PydanticCustomError("extension", "needs attribute and value, or ends_at, or all of them")
        return self


class ScimLicenseOptions(Section):
    """What a license is on the platform; one of these, or `account`: an active account is a seat."""

    extension: ScimExtensionOptions | None = Field(default=None, description="attributes of the vendor's own")
    entitlement: str | None = Field(
        default=None, min_length=1, description="this value in a user's entitlements"
    )
    group: str | None = Field(default=None, min_length=1, description="membership of the group of this name")

    @model_validator(mode="before")
    @classmethod
    def _the_account(cls, data: Any) -> Any:
        return {} if data == "account" else data

    @model_validator(mode="after")
    def _one_at_most(self) -> Self:
        if sum(way is not None for way in (self.extension, self.entitlement, self.group)) > 1:
            raise PydanticCustomError("license", "must be one of account, extension, entitlement and group")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_short_forms(core, handler, _ACCOUNT)


class ScimOptions(RemoteOptions):
    """One platform that speaks SCIM 2.0."""

    url: Address = Field(
        description="the base of its SCIM addresses, as in https://learn.example.com/scim/v2"
    )
    auth: ScimAuthOptions = Field(description="who we are to the platform")
    license: ScimLicenseOptions = Field(
        ScimLicenseOptions(),
        description="what a license is there: `account` (an active account is a seat), or one of those below",
        json_schema_extra={"default": "account"},
    )
    key_prefix: str = Field(
        "syncd-",
        pattern=r"^[A-Za-z][A-Za-z0-9._:-]{0,30}[._:-]$",
        description="what our accounts' externalId begins with; another one for each register",
    )
    user_name: Literal["email", "employee_id", "key"] = Field(
        "email", description="what becomes the userName: the address, the employee id, or our key"
    )
    fields: tuple[FieldName, ...] = Field(
        SENT, description="what of a learner the platform is told, and compared by, besides the address"
    )
    bulk: bool = Field(default=True, description="send many changes in one request where that is offered")
    page_size: int = Field(200, ge=1, le=5000, description="accounts asked for at a time")

    @property
    def addresses(self) -> Mapping[str, str]:
        asked = self.auth.token_url
        return {**super().addresses, **({"auth.token_url": asked} if asked else {})}
