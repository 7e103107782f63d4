"""Wording: pydantic's findings in the words of an admin. Values are never repeated: one may be a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, Discriminator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from syncd.settings.document import Document, Loc
from syncd.settings.problems import Problem, suggestion

_PLAIN = {
    "string_type": "must be text; put the value in quotes",
    "string_unicode": "must be text",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "contains a character that is not allowed here",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "path_type": "must be a path",
    "path_not_file": "must be the path of a file that exists",
    "path_not_directory": "must be the path of a folder that exists",
    "model_type": "must be a section of `key: value` lines",
    "model_attributes_type": "must be a section of `key: value` lines",
    "dict_type": "must be a section of `key: value` lines",
    "mapping_type": "must be a section of `key: value` lines",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "none_required": "must be left out",
    "url_type": "must be a URL",
    "url_parsing": "must be a URL",
    "url_scheme": "must be a URL of a supported kind",
}
_BOUNDED = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}
_VERBS = ("must ", "is ", "has ", "needs ")
_MISSING = ("missing", "missing_argument", "union_tag_not_found")
_CHOICES = ("enum", "literal_error", "union_tag_invalid")


def problems_of(
    document: Document, error: ValidationError, model: type[BaseModel], at: Loc = (), also: Sequence[str] = ()
) -> Iterator[Problem]:
    """Every finding about the part of `document` at `at`, which was to become a `model`.

    `also` are keys that are known at `at` although `model` has no field for them. The branches of a
    union speak of one key; what they say is joined: "must be text or a list".
    """
    found: dict[tuple[int, str], list[str]] = {}
    for detail in error.errors(include_url=False):
        own = _without_tags(model, detail["loc"])
        loc = (*at, *own)
        missing = detail["type"] in _MISSING
        place = (document.line(loc), document.where(loc, missing=missing))
        found.setdefault(place, []).append(_message(detail, own, model, also))
    for (line, where), messages in found.items():
        yield Problem(document.path, line, where, _joined(messages))


def _joined(messages: Sequence[str]) -> str:
    first, *rest = dict.fromkeys(messages)
    return first + "".join(" or " + m.removeprefix("must be ") for m in rest if m.startswith("must be "))


def _message(detail: ErrorDetails, loc: Loc, model: type[BaseModel], also: Sequence[str]) -> str:
    kind, ctx = detail["type"], detail.get("ctx", {})
    if kind in _MISSING:
        return _required(field_at(model, loc))
    if kind == "extra_forbidden":
        return _unknown_key(loc, model, also)
    if kind in _CHOICES:
        return _choice(str(ctx.get("expected", ctx.get("expected_tags", ""))), detail.get("input"))
    if kind == "too_short" and ctx.get("min_length") == 1:
        return "must have at least one entry"
    if kind in _BOUNDED:
        return _BOUNDED[kind].format_map(ctx)
    if kind == "value_error":
        message = str(ctx.get("error", "is not valid here"))
        return message if message.startswith(_VERBS) else f": {message}"
    if "_" not in kind and kind not in _PLAIN:  # ours: the message is for the admin already
        return detail["msg"]
    return _PLAIN.get(kind, "is not valid here")


def _required(field: FieldInfo | None) -> str:
    about = (field.description or "") if field else ""
    return f"is required ({about})" if about else "is required"


def _unknown_key(loc: Loc, model: type[BaseModel], also: Sequence[str]) -> str:
    owner = section_at(model, loc[:-1])
    known = [*(also if len(loc) == 1 else ()), *(owner.model_fields if owner else ())]
    guess = suggestion(str(loc[-1]), known)
    return f"is not a known key{guess}" if guess else f"is not a known key; there are {', '.join(known)}"


def _choice(expected: str, given: object) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    guess = suggestion(given, choices) if isinstance(given, str) else ""
    if len(choices) == 1:
        return f"must be {choices[0]}"
    return f"must be one of {', '.join(choices)}{guess}"


def field_at(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    """The field that `loc` leads to from `model`, through lists, mappings and unions."""
    found = [
        owner.model_fields[str(loc[-1])]
        for owner in _owners(model, loc[:-1])
        if loc[-1] in owner.model_fields
    ]
    return found[0] if found else None


def section_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The section class that `loc` leads to from `model`."""
    return next(iter(_owners(model, loc)), None)


def _owners(model: type[BaseModel], loc: Loc) -> list[type[BaseModel]]:
    owners = [model]
    for step in loc:
        fields = [owner.model_fields[str(step)] for owner in owners if step in owner.model_fields]
        owners = [section for field in fields for section in _sections(field.annotation)] or owners
    return owners


def _without_tags(model: type[BaseModel], loc: Loc) -> Loc:
    """`loc` without the steps that only name the branch of a tagged union."""
    steps: list[str | int] = []
    tag_follows = False
    for step in loc:
        if tag_follows and isinstance(step, str):
            tag_follows = False
            continue
        steps.append(step)
        if isinstance(step, str):
            field = field_at(model, steps)
            tag_follows = field is not None and any(
                isinstance(item, Discriminator) for item in field.metadata
            )
    return tuple(steps)


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections(argument)
