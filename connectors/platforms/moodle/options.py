"""What the admin says about a Moodle site: where it is, its accounts, and what a license is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, StringConstraints, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from connectors.platform_options import Address, RemoteOptions
from syncd.settings.types import Secret, Section, with_short_forms

ACCOUNT = "account"
_ENDPOINT = "/webservice/rest/server.php"
_SHORT_NAME = r"^[A-Za-z0-9_]+$"
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[a-z0-9]+)*$")]


class MoodleFields(Section):
    """Custom profile fields of Moodle (text input), by their short names."""

    license_ends: str | None = Field(
        default=None, pattern=_SHORT_NAME, description="when the license ends, as in 2027-03-10T00:00:00Z"
    )
    job_title: str | None = Field(default=None, pattern=_SHORT_NAME, description="the job title")
    manager_email: str | None = Field(
        default=None, pattern=_SHORT_NAME, description="the manager's e-mail address"
    )
    employee_id: str | None = Field(default=None, pattern=_SHORT_NAME, description="the employee id")
    group: str | None = Field(default=None, pattern=_SHORT_NAME, description="the learner's group")
    role: str | None = Field(default=None, pattern=_SHORT_NAME, description="learner or manager")

    @property
    def of_profile(self) -> dict[str, str]:
        """The profile's fields that have one: name with us, short name there."""
        named = self.model_dump(exclude={"license_ends"})
        return {name: short for name, short in named.items() if short}

    @property
    def short_names(self) -> tuple[str, ...]:
        return tuple(short for short in self.model_dump().values() if short)


class IomadOptions(Section):
    """A license of IOMAD: a number of slots of a company, for some courses."""

    company: int | str = Field(description="short name of the company, or its id")
    department: str | None = Field(
        None,
        min_length=1,
        description="short name of the department new people come into, if not the top one",
    )
    license: int | str = Field(description="its id, or its name within the company")
    courses: tuple[int, ...] = Field(
        min_length=1, description="ids of its courses: everybody takes a slot of each"
    )
    field: str = Field(
        pattern=_SHORT_NAME,
        description="custom profile field that keeps which slots somebody has: IOMAD does not tell",
    )
    unassign_leavers: bool = Field(
        False,
        description="take leavers out of the company when their license goes back: that frees slots",
    )


class MoodleLicense(Section):
    """What a license is on the site, if it is more than an account that is not suspended."""

    cohort: str | None = Field(
        default=None, min_length=1, description="membership of the cohort (site group) with this ID number"
    )
    iomad: IomadOptions | None = Field(default=None, description="a slot of a license of IOMAD")

    @model_validator(mode="before")
    @classmethod
    def _account_alone(cls, data: Any) -> Any:
        return {} if data == ACCOUNT else data

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.cohort is not None and self.iomad is not None:
            raise PydanticCustomError("license", "must be account, or one of cohort and iomad")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_short_forms(core, handler, ({"const": ACCOUNT},))


class MoodleOptions(RemoteOptions):
    """One Moodle site."""

    url: Address = Field(description="address of the site, as in https://learn.example.com")
    token: Secret = Field(description="where the web service token is kept")
    token_expires: date | None = Field(
        None,
        description="the token's `Valid until`, as in 2027-05-31, to be warned of it",
    )
    key_prefix: str = Field(
        "syncd-",
        pattern=r"^[A-Za-z0-9._:-]{0,39}[A-Za-z._:-]$",
        description="how the ID number of accounts that are ours begins; the learner's number follows. "
        "Choose once, and another for each register that has learners on this site",
    )
    username: Literal["email", "employee_id"] = Field(
        "email", description="what the username of a new account is made of, in lower case"
    )
    auth: str = Field(
        "manual",
        pattern=r"^[a-z0-9_]+$",
        description="how people with new accounts log in, by the name of Moodle's plugin: manual, oidc, "
        "ldap, saml2, …; with manual Moodle mails them a password",
    )
    languages: Mapping[str, Language] = Field(
        default_factory=dict,
        description="Moodle's language for each of the directory's; left out, people choose for themselves",
    )
    fields: MoodleFields = Field(default=MoodleFields(), description="what is kept in custom fields")
    license: MoodleLicense = Field(
        default=MoodleLicense(),
        description="what a license is there: an account that is not suspended, a cohort, or a slot of IOMAD",
    )

    @field_validator("url")
    @classmethod
    def _the_site(cls, url: str) -> str:
        return url.removesuffix(_ENDPOINT)

    @field_validator("languages")
    @classmethod
    def _in_lower_case(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        return {name.lower().replace("_", "-"): language for name, language in value.items()}

    @model_validator(mode="after")
    def _ends_are_kept(self) -> Self:
        if self.license.iomad is not None and self.fields.license_ends is None:
            raise ValueError(
                "fields.license_ends is required with license.iomad: IOMAD does not tell who has which"
            )
        return self

    @property
    def endpoint(self) -> str:
        return self.url + _ENDPOINT

    @property
    def batch(self) -> int:
        """How many people one call is about: Moodle may take a second for each, and nothing is sent twice."""
        return min(50, self.read_timeout)
