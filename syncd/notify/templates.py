"""Templates: Jinja2 in a sandbox that only reads what it is given. An admin's first, then our own.

A template that fails costs its wording and nothing else: it is logged, and the built-in text goes out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syncd.settings.language import Language

TEXTS = Path(__file__).parent / "texts"
_WIDTH = 76
_log = structlog.get_logger()


class Mistake(NamedTuple):
    """What is wrong in a template; `line` 0 where nobody can tell."""

    name: str
    line: int
    why: str


class Templates:
    """Templates of files and of a language, with the filters they may use. `folder`: the admin's own."""

    def __init__(self, folder: Path | None, language: Language, fallback: Language, zone: tzinfo) -> None:
        self._language = language
        self._fallback = fallback
        ours = FileSystemLoader(TEXTS)
        self._ours = _environment(ours, _filters(fallback, zone))
        self._theirs = self._ours
        if folder is not None:
            self._theirs = _environment(
                ChoiceLoader([FileSystemLoader(folder), ours]), _filters(language, zone)
            )
        self._words = _environment(None, _filters(language, zone), files=False)
        self._own_words = _environment(None, _filters(fallback, zone), files=False)

    def file(self, names: tuple[str, ...], facts: Mapping[str, Any]) -> str:
        """The first of these files there is, filled in; the built-in one when it fails."""
        return _guarded(
            lambda: self._theirs.select_template(list(names)).render(facts),
            lambda: self._ours.select_template(list(names)).render(facts),
            names[0],
        )

    def words(self, place: str, facts: Mapping[str, Any]) -> str:
        """A text of the language, filled in; the built-in one when it fails. Empty where there is none."""
        mine, ours = self._language.texts.get(place, ""), self._fallback.texts.get(place, "")
        return _guarded(
            lambda: self._words.from_string(mine).render(facts),
            lambda: self._own_words.from_string(ours).render(facts),
            place,
        ).strip()

    def mistake_in_file(self, name: str, facts: Mapping[str, Any]) -> Mistake | None:
        """What is wrong with the admin's file of this name, tried out with sample facts."""
        return _tried(lambda: self._theirs.get_template(name).render(facts), name)[1]

    def mistake_in_words(self, place: str, facts: Mapping[str, Any]) -> Mistake | None:
        return _tried(lambda: self._words.from_string(self._language.texts[place]).render(facts), place)[1]


def _guarded(render: Callable[[], str], otherwise: Callable[[], str], name: str) -> str:
    text, mistake = _tried(render, name)
    if mistake is None:
        return text
    _log.warning("template_failed", template=mistake.name, line=mistake.line, why=mistake.why)
    return _tried(otherwise, name)[0]


def _environment(
    loader: Any, filters: Mapping[str, Callable[..., Any]], *, files: bool = True
) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=select_autoescape(["html"]) if files else False,
        undefined=StrictUndefined,
        trim_blocks=files,
        lstrip_blocks=files,
    )
    environment.filters.update(filters)
    return environment


def _filters(language: Language, zone: tzinfo) -> dict[str, Callable[..., Any]]:
    def number(value: int) -> str:
        return f"{value:,}".replace(",", language.thousands)

    def many(value: int, one: str, more: str) -> str:
        return f"{number(value)} {one if value == 1 else more}"

    def day(value: int) -> str:
        return _dated(language.date, datetime.fromtimestamp(value, zone), language)

    def moment(value: int) -> str:
        when = datetime.fromtimestamp(value, zone)
        return f"{_dated(language.date, when, language)}, {_dated(language.time, when, language)}"

    return {"number": number, "many": many, "day": day, "moment": moment, "fold": _fold}


def _dated(pattern: str, when: datetime, language: Language) -> str:
    parts = {
        "{day}": str(when.day),
        "{month}": language.months[when.month - 1],
        "{number}": f"{when.month:02}",
        "{year}": str(when.year),
        "{hour}": f"{when.hour:02}",
        "{minute}": f"{when.minute:02}",
    }
    for place, value in parts.items():
        pattern = pattern.replace(place, value)
    return pattern


def _fold(text: str) -> str:
    """Lines of a mail: no longer than they are comfortable to read."""
    return "\n".join(
        textwrap.fill(
            line,
            _WIDTH,
            subsequent_indent="  " if line.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    )


def _tried(render: Callable[[], str], name: str) -> tuple[str, Mistake | None]:
    try:
        return render(), None
    except TemplateSyntaxError as exc:
        return "", Mistake(exc.name or name, exc.lineno, exc.message or "is not a template")
    except TemplateNotFound as exc:
        return "", Mistake(*_place(exc, name), f"there is no template {exc.name}")
    except Exception as exc:  # noqa: BLE001 - somebody else's template may raise anything
        return "", Mistake(*_place(exc, name), f"{exc}" or type(exc).__name__)


def _place(exc: Exception, name: str) -> tuple[str, int]:
    """The file and line of the innermost template that an exception came through."""
    places = [(file, line) for file, line in _frames(exc) if file == "<template>" or _is_template(file)]
    file, line = places[-1] if places else (name, 0)
    return (name if file == "<template>" else Path(file).name), line


def _frames(exc: Exception) -> Iterator[tuple[str, int]]:
    step = exc.__traceback__
    while step is not None:
        yield step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next


def _is_template(file: str) -> bool:
    return file.endswith((".txt", ".html"))
