"""Mistakes: what is wrong with an admin's own words and templates, tried out on every event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from syncd.licensing.notices import TO_LEARNERS, Event
from syncd.notify.languages import built_in, words_of
from syncd.notify.samples import NOW, SAMPLES
from syncd.notify.templates import TEXTS, Mistake, Templates
from syncd.notify.texts import Told, section_facts, section_of
from syncd.settings.language import Language
from syncd.settings.notify import NotifySection
from syncd.settings.problems import Problem

_KINDS = ("txt", "html")
_FILES = [f"{name}.{kind}" for name in ("message", "section", *Event) for kind in _KINDS]


def mistakes(section: NotifySection) -> Iterator[Problem]:
    """Every mistake there is, by file and line. What is wrong here costs its wording, and no notice."""
    language, wrong = words_of(section, section.language)
    yield from wrong
    templates = Templates(section.templates, language, built_in(section.language), UTC)
    yield from _in_words(templates, language)
    if section.templates is not None:
        yield from _in_files(templates, section.templates)


def _in_words(templates: Templates, language: Language) -> Iterator[Problem]:
    for place, (path, line) in sorted(language.files.items()):
        if path.parent != TEXTS:
            mistake = templates.mistake_in_words(place, _sample_for(place))
            if mistake is not None:
                yield Problem(path, line, place, f": {mistake.why}")


def _sample_for(place: str) -> dict[str, Any]:
    kind, event, *_ = place.split(".")
    facts = SAMPLES.get(Event(event), {}) if kind == "events" and event in list(Event) else {}
    return {"name": "", "email": "", "title": "", "count": 2, "more": 1, **facts, **_common(personal=False)}


def _in_files(templates: Templates, folder: Path) -> Iterator[Problem]:
    if not folder.is_dir():
        yield Problem(folder, 0, "", "is not a folder; notify.templates names it")
        return
    for name in _FILES:
        if (folder / name).is_file():
            mistake = next(_tried(templates, name), None)
            if mistake is not None:
                yield Problem(folder / mistake.name, mistake.line, "", mistake.why)


def _tried(templates: Templates, name: str) -> Iterator[Mistake]:
    """A template with the facts of each event it may be used for."""
    stem = name.partition(".")[0]
    for event in [Event(stem)] if stem in list(Event) else list(Event):
        common = _common(personal=event in TO_LEARNERS)
        section = section_of(templates, Told(event, SAMPLES[event], NOW), common)
        facts: Mapping[str, Any] = section_facts(templates, section, common)
        if stem == "message":
            sections = [{**facts, "text": section.body, "html": section.body}]
            facts = {**common, "sections": sections, "subject": section.title, "intro": "", "footer": ""}
        mistake = templates.mistake_in_file(name, facts)
        if mistake is not None:
            yield mistake


def _common(*, personal: bool) -> dict[str, Any]:
    return {"company": "Contoso", "syncd": "syncd", "now": NOW, "language": "en", "personal": personal}
