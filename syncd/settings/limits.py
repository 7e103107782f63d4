"""Limits: how much one run may do before the guard holds it, as the configuration writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from syncd.plan.guard import Limit, Limits
from syncd.settings.types import PERCENT_PATTERN, Percent, Section, percentage, with_short_forms

_SHORT: Sequence[JsonSchemaValue] = (
    {"type": "string", "pattern": PERCENT_PATTERN},
    {"type": "integer", "minimum": 0},
    {"const": "none"},
)


class LimitSection(Section):
    """A percentage of the learners, a number of people, both, or none."""

    percent: Percent | None = Field(default=None, description="of the learners there are", examples=["5%"])
    count: int | None = Field(default=None, ge=0, description="people")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        if isinstance(data, (dict, LimitSection)):
            return data
        if data == "none":
            return {}
        if isinstance(data, int) and not isinstance(data, bool):
            return {"count": data}
        if isinstance(data, str) and data.strip().endswith("%"):
            return {"percent": data}
        raise PydanticCustomError(
            "limit", "must be a percentage such as 5%, a number of people such as 200, or none"
        )

    @classmethod
    def of(cls, short: str) -> Self:
        """The limit that a short form stands for."""
        return cls.model_validate(short)

    def limit(self) -> Limit:
        return Limit(count=self.count, percent=self.percent)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_short_forms(core, handler, _SHORT)


def _smallest(value: Any) -> float:
    return 0 if value == "none" else percentage(value)


PercentOrNone = Annotated[
    float,
    BeforeValidator(_smallest),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": PERCENT_PATTERN}, {"const": "none"}]}),
]


class GuardSection(Section):
    """When a run is held for somebody to look at it: what it would do at most, of each kind."""

    max_suspensions: LimitSection = Field(
        default_factory=lambda: LimitSection.of("5%"),
        json_schema_extra={"default": "5%"},
        description="people who would be suspended",
    )
    max_creations: LimitSection = Field(
        default_factory=lambda: LimitSection.of("20%"),
        json_schema_extra={"default": "20%"},
        description="people who would be added",
    )
    max_updates: LimitSection = Field(
        default_factory=lambda: LimitSection.of("50%"),
        json_schema_extra={"default": "50%"},
        description="people who would be changed",
    )
    max_deletions: LimitSection = Field(
        default_factory=lambda: LimitSection.of("1%"),
        json_schema_extra={"default": "1%"},
        description="people who would be deleted, where leavers.delete_after is set",
    )
    max_repairs: LimitSection = Field(
        default_factory=lambda: LimitSection.of("20%"),
        json_schema_extra={"default": "20%"},
        description="people whom the platform has otherwise than the register, and would be told of again",
    )
    min_directory_size: PercentOrNone = Field(
        default=50.0, description="a directory that shrank below this part of its last size is not believed"
    )
    floor: int = Field(default=10, ge=0, description="so many changes of a kind are never held")

    def limits(self) -> Limits:
        return Limits(
            suspensions=self.max_suspensions.limit(),
            creations=self.max_creations.limit(),
            updates=self.max_updates.limit(),
            deletions=self.max_deletions.limit(),
            repairs=self.max_repairs.limit(),
            min_directory_size=self.min_directory_size,
            floor=self.floor,
        )
