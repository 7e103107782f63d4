"""Connectors: sections whose further keys depend on a `type`, validated by that connector's own options."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from syncd.settings.document import Document, Loc
from syncd.settings.problems import Problem, suggestion
from syncd.settings.wording import problems_of


def section(
    document: Document,
    model: type[BaseModel],
    data: Mapping[str, Any],
    loc: Loc,
    folder: Path,
    *,
    also: Sequence[str],
) -> tuple[Any, list[Problem]]:
    """A `model` of `data`, which stands at `loc`, or what is wrong with it; `also`: keys known besides."""
    try:
        return model.model_validate(dict(data), context={"folder": folder}), []
    except ValidationError as exc:
        return None, list(problems_of(document, exc, model, loc, also))


def unknown_type(document: Document, loc: Loc, given: object, known: Collection[str]) -> list[Problem]:
    """There is no connector of the type `given`; what is no text has been complained of already."""
    if not isinstance(given, str):
        return []
    message = f"must be one of {', '.join(known)}{suggestion(given, known)}"
    return [document.problem((*loc, "type"), message)]
