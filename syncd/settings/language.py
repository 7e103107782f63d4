"""Language: the words of notices, in one YAML file for each language, as plain and validated texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from syncd.licensing.notices import Event
from syncd.settings.document import Loc, read_document
from syncd.settings.problems import ConfigProblems, Problem
from syncd.settings.types import Section
from syncd.settings.wording import problems_of


class EventWords(Section):
    """What is said of one event. Each is a template."""

    title: str | None = Field(default=None, description="one line")
    body: str | None = Field(default=None, description="paragraphs, with an empty line between them")
    todo: str | None = Field(default=None, description="what to do about it")
    command: str | None = Field(default=None, description="the commands for that, one a line")


class LanguageFile(Section):
    """A language, or what is to be said differently in one."""

    date: str | None = Field(default=None, description="with {day}, {month} or {number}, and {year} in it")
    time: str | None = Field(default=None, description="with {hour} and {minute} in it")
    thousands: str | None = Field(default=None, description="what separates thousands")
    months: tuple[str, ...] | None = Field(default=None, min_length=12, max_length=12)
    words: Mapping[str, str] = Field(default_factory=dict)
    events: Mapping[Event, EventWords] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Language:
    """`texts` has every template by its place: "words.intro", "events.usage.title". `files`: where from."""

    code: str
    date: str
    time: str
    thousands: str
    months: tuple[str, ...]
    texts: Mapping[str, str]
    files: Mapping[str, tuple[Path, int]]

    def over(self, other: Language) -> Language:
        """This one, with `other` for what it leaves out."""
        return Language(
            code=self.code,
            date=self.date or other.date,
            time=self.time or other.time,
            thousands=self.thousands or other.thousands,
            months=self.months or other.months,
            texts={**other.texts, **self.texts},
            files={**other.files, **self.files},
        )


def read_language(code: str, path: Path) -> Language:
    """The language in a YAML file. Raises `ConfigProblems` with every problem there is."""
    document = read_document(path)
    try:
        found = LanguageFile.model_validate(document.data)
    except ValidationError as exc:
        raise ConfigProblems([*document.problems, *problems_of(document, exc, LanguageFile)]) from exc
    if document.problems:
        raise ConfigProblems(document.problems)
    places: dict[str, Loc] = {f"words.{name}": ("words", name) for name in found.words}
    texts = {f"words.{name}": text for name, text in found.words.items()}
    for event, words in found.events.items():
        for field in EventWords.model_fields:
            text = getattr(words, field)
            if text is not None:
                place = f"events.{event}.{field}"
                texts[place], places[place] = text, ("events", str(event), field)
    files = {place: (path, document.line(loc)) for place, loc in places.items()}
    dated = (found.date or "", found.time or "", found.thousands or "", found.months or ())
    return Language(code, *dated, texts=texts, files=files)


def unknown_words(language: Language, known: Language) -> list[Problem]:
    """Texts that nothing would ever use."""
    return [
        Problem(*language.files[place], place, "is not a text that notices use")
        for place in sorted(language.texts.keys() - known.texts.keys())
    ]
