"""Fields: how the configuration fills each profile field from a directory's attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from syncd.plan.mapping import FieldRule
from syncd.settings.types import Section, with_short_forms

_SHORT: Sequence[JsonSchemaValue] = ({"type": "string", "minLength": 1},)
_TEMPLATE = re.compile(r"[^{}]*(\{[^{}]+\}[^{}]*)+")


class FieldSection(Section):
    """How one profile field is filled: the name of an attribute, or more precisely:"""

    attribute: str | None = Field(default=None, min_length=1, description="the attribute it comes from")
    first_of: tuple[str, ...] = Field(
        default=(), description="attributes; the first that has a value is taken"
    )
    template: str | None = Field(
        default=None,
        description="text with {attribute} in it, when all of these have a value",
        examples=["{givenName}.{sn}"],
    )
    default: str | None = Field(default=None, description="what it is when nothing else has a value")
    case: Literal["lower", "upper"] | None = Field(
        default=None, description="write it in lower or upper case"
    )
    max_length: int | None = Field(default=None, ge=1, description="cut it after so many characters")

    @model_validator(mode="before")
    @classmethod
    def _attribute_alone(cls, data: Any) -> Any:
        return {"attribute": data} if isinstance(data, str) else data

    @field_validator("first_of")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name.strip() for name in value):
            raise PydanticCustomError("names", "must be a list of attribute names")
        return value

    @field_validator("template")
    @classmethod
    def _has_places(cls, value: str | None) -> str | None:
        if value is not None and not _TEMPLATE.fullmatch(value):
            raise PydanticCustomError(
                "template", "must contain attribute names in braces, as in {example}", _EXAMPLE
            )
        return value

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if self.attribute and self.first_of:
            raise PydanticCustomError("source", "must have either attribute or first_of, not both")
        if not (self.attribute or self.first_of or self.template or self.default):
            raise PydanticCustomError("source", "must have one of attribute, first_of, template or default")
        return self

    def rule(self) -> FieldRule:
        """The same, as the plan wants it: attribute names in lower case."""
        names = (self.attribute,) if self.attribute else self.first_of
        return FieldRule(
            first_of=tuple(name.strip().lower() for name in names),
            template=self.template or "",
            default=self.default or "",
            case=self.case or "",
            max_length=self.max_length or 0,
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_short_forms(core, handler, _SHORT)


_EXAMPLE = {"example": "{givenName}.{sn}"}


class MappingSection(Section):
    """Which attribute each profile field comes from. A field without a value here stays empty."""

    email: FieldSection | None = Field(
        default=None, description="the e-mail address; people without one are skipped"
    )
    first_name: FieldSection | None = Field(default=None, description="given name")
    last_name: FieldSection | None = Field(default=None, description="family name")
    department: FieldSection | None = Field(
        default=None, description="department, as reports group people by it"
    )
    job_title: FieldSection | None = Field(default=None, description="job title")
    manager_email: FieldSection | None = Field(
        default=None, description="e-mail address of the person they report to", examples=["manager.mail"]
    )
    employee_id: FieldSection | None = Field(default=None, description="number or code of the employee")
    language: FieldSection | None = Field(
        default=None, description="language the learner is addressed in, such as en or de"
    )
    group: FieldSection | None = Field(default=None, description="the learner's group on the platform")

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, data: Any) -> Any:
        """Blanks mean something here: they undo the mapping a connector comes with."""
        return data

    def over(self, below: Mapping[str, FieldRule]) -> dict[str, FieldRule]:
        """`below` with the fields this mapping names replaced; those it names without a value, removed."""
        given = {name: getattr(self, name) for name in sorted(self.model_fields_set)}
        kept = {name: rule for name, rule in below.items() if name not in given}
        return kept | {name: section.rule() for name, section in given.items() if section is not None}


def connector_mapping(defaults: Mapping[str, Any]) -> dict[str, FieldRule]:
    """The mapping a connector comes with, written as an admin would write one."""
    return MappingSection.model_validate(dict(defaults)).over({})
