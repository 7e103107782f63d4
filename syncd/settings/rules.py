"""Rules: how the configuration says which people are meant. All parts of one rule must hold."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from syncd.model import GroupRef
from syncd.plan.scope import Rule, Scope
from syncd.settings.types import Section


def _texts(value: Any) -> tuple[str, ...]:
    """One or several values, as text: directories keep numbers and TRUE as text, too."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, (str, int)) for item in values):
        raise PydanticCustomError("texts", "must be text or a list of texts; put each in quotes")
    return tuple(str(item) for item in values)


Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(_texts),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "integer", "boolean"]},
                {"type": "array", "items": {"type": ["string", "integer", "boolean"]}, "minItems": 1},
            ]
        }
    ),
]


class RuleSection(Section):
    """One rule, such as { group: Staff } or { attribute: employeeType, equals: contractor }."""

    directory: str | None = Field(
        default=None, min_length=1, description="only people of this directory, by its name"
    )
    group: str | None = Field(
        default=None, min_length=1, description="only members of this group, by name or DN"
    )
    nested: bool | None = Field(
        default=None, description="members of member groups count too (default: true)"
    )
    ou: str | None = Field(
        default=None, description="only people below this DN", examples=["OU=Staff,DC=contoso,DC=com"]
    )
    attribute: str | None = Field(
        default=None, min_length=1, description="the attribute that decides, with one of:"
    )
    matches: str | None = Field(
        default=None, description="a regular expression found in a value, whatever its case"
    )
    equals: Texts | None = Field(
        default=None, description="a value, or a list of values, whatever their case"
    )
    present: bool | None = Field(default=None, description="true: has any value; false: has none")

    @field_validator("ou")
    @classmethod
    def _is_a_dn(cls, value: str | None) -> str | None:
        if value is not None and "=" not in value:
            raise PydanticCustomError("dn", "must be a DN, such as OU=Staff,DC=contoso,DC=com")
        return value

    @field_validator("matches")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "", re.IGNORECASE)
        except (re.error, OverflowError, RecursionError) as exc:
            place = (
                f" (at its character {exc.pos + 1})"
                if isinstance(exc, re.error) and exc.pos is not None
                else ""
            )
            raise PydanticCustomError(
                "regex", "must be a valid regular expression{place}", {"place": place}
            ) from exc
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        tests = [name for name in ("matches", "equals", "present") if getattr(self, name) is not None]
        if tests and not self.attribute:
            raise PydanticCustomError(
                "rule", "must name the attribute that {test} is about", {"test": tests[0]}
            )
        if self.attribute and len(tests) != 1:
            raise PydanticCustomError(
                "rule", "must say exactly one of matches, equals or present of its attribute"
            )
        if self.nested is not None and not self.group:
            raise PydanticCustomError("rule", "must name the group that nested is about")
        if not (self.group or self.ou or self.attribute or self.directory):
            raise PydanticCustomError("rule", "must have at least one of group, ou, attribute or directory")
        return self

    def rule(self) -> Rule:
        """The same rule as the plan wants it: names in lower case, the expression compiled."""
        return Rule(
            text=self.text,
            directory=self.directory or "",
            group=GroupRef(self.group, self.nested is not False) if self.group else None,
            ou=self.ou or "",
            attribute=(self.attribute or "").strip().lower(),
            matches=None if self.matches is None else re.compile(self.matches, re.IGNORECASE),
            equals=frozenset(text.casefold() for text in self.equals or ()),
            present=self.present,
        )

    @property
    def text(self) -> str:
        """The rule in a few words: "group Staff and employeeType matches ^svc"."""
        parts = (
            []
            if self.group is None
            else [f"group {self.group}" + ("" if self.nested is not False else ", direct")]
        )
        parts += [] if self.ou is None else [f"below {self.ou}"]
        if self.matches is not None:
            parts.append(f"{self.attribute} matches {self.matches}")
        if self.equals:
            parts.append(f"{self.attribute} is {' or '.join(self.equals)}")
        if self.present is not None:
            parts.append(f"{self.attribute} is {'present' if self.present else 'absent'}")
        parts += [] if self.directory is None else [f"directory {self.directory}"]
        return " and ".join(parts)


class ScopeSection(Section):
    """Who is synced: included by a rule (no include rules: everybody), and excluded by none."""

    include: tuple[RuleSection, ...] = Field(
        default=(), description="people who are synced; without any rule: everybody"
    )
    exclude: tuple[RuleSection, ...] = Field(
        default=(), description="people who are not, whatever includes them"
    )

    def scope(self) -> Scope:
        return Scope(rules(self.include), rules(self.exclude))


def rules(sections: tuple[RuleSection, ...]) -> tuple[Rule, ...]:
    """The rules of a list, in its order."""
    return tuple(section.rule() for section in sections)
