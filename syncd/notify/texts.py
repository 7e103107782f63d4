"""Texts: notices in words, as text and as HTML, in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

import structlog

from syncd.licensing.notices import NAMED, Event
from syncd.notify.languages import built_in, spoken, words_of
from syncd.notify.message import Section
from syncd.notify.templates import Templates
from syncd.settings.notify import NotifySection

TEST = "test"
_GREEN = "#2e7d5b"
_COLOURS: Mapping[str, str] = {
    **dict.fromkeys((Event.FAILED, Event.HELD), "#c0392b"),
    **dict.fromkeys((Event.SHORTFALL, Event.FORECAST, Event.CREDENTIALS, Event.RENEWAL_GAP), "#d9822b"),
    **dict.fromkeys((Event.USAGE, Event.EXPIRY, Event.LEARNER_EXPIRY), "#d6a519"),
    **dict.fromkeys((Event.ORDER_REQUESTED, Event.ORDER_ASSIGNED, Event.WELCOME, TEST), _GREEN),
}
_URGENCY = {event: place for place, event in enumerate(_COLOURS)}
_log = structlog.get_logger()


class Told(NamedTuple):
    """One notice, as texts are made of it."""

    event: str
    facts: Mapping[str, Any]
    found_at: int


class Written(NamedTuple):
    subject: str
    text: str
    html: str
    sections: Sequence[Section]


class Texts:
    """`syncd`: the command, as an admin has to type it."""

    def __init__(self, section: NotifySection, company: str, zone: tzinfo, syncd: str) -> None:
        self._section = section
        self._zone = zone
        self._known = {"company": company, "syncd": syncd}
        self._made: dict[str, Templates] = {}

    def write(
        self, notices: Sequence[Told], now: int, *, personal: bool = False, language: str = ""
    ) -> Written:
        """Everything one recipient is told at once, the most urgent first."""
        code = spoken(self._section, language)
        templates = self._templates(code)
        common = {**self._known, "now": now, "language": code, "personal": personal}
        ordered = sorted(notices, key=lambda notice: _URGENCY[notice.event])
        sections = [section_of(templates, notice, common) for notice in ordered]
        head = {**sections[0].facts, **common, "title": sections[0].title, "count": len(sections)}
        subject = templates.words(f"words.subject{'_many' if len(sections) > 1 else ''}", head)
        whole = {
            **common,
            "subject": " ".join(subject.split()),
            "intro": templates.words(f"words.intro{'_personal' if personal else ''}", head),
            "footer": templates.words("words.footer", head),
            "sections": [_filled(templates, section, common) for section in sections],
        }
        text = templates.file(("message.txt",), whole).strip() + "\n"
        return Written(" ".join(subject.split()), text, templates.file(("message.html",), whole), sections)

    def _templates(self, code: str) -> Templates:
        if code not in self._made:
            language, wrong = words_of(self._section, code)
            for problem in wrong:
                _log.warning("words_ignored", problem=str(problem))
            self._made[code] = Templates(self._section.templates, language, built_in(code), self._zone)
        return self._made[code]


def section_of(templates: Templates, notice: Told, common: Mapping[str, Any]) -> Section:
    """A notice in words."""
    facts = {**notice.facts, **common}
    if notice.event == TEST:
        title, body, todo, command = *(templates.words(f"words.test_{n}", facts) for n in _TEST), "", ""
    else:
        title, body, todo, command = (
            templates.words(f"events.{notice.event}.{part}", facts) for part in _PARTS
        )
    title = " ".join(title.split()) or notice.event.replace(
        "_", " "
    )  # facts of another version may lack some
    commands = [line.strip() for line in command.splitlines() if line.strip()]
    return Section(notice.event, title, body, todo, commands, notice.facts, notice.found_at)


_PARTS = ("title", "body", "todo", "command")
_TEST = ("title", "body")


def section_facts(templates: Templates, section: Section, common: Mapping[str, Any]) -> dict[str, Any]:
    """What a section's template is given: the facts of the event, and its words."""
    people = list(section.facts.get("people", ()))[:NAMED]
    counted = section.facts.get("people_count", section.facts.get("waiting", 0))
    facts = {**section.facts, **common, "people": people, "more": max(0, counted - len(people))}
    return {
        **facts,
        "event": section.event,
        "title": section.title,
        "body": section.body,
        "paragraphs": [part.strip() for part in section.body.split("\n\n") if part.strip()],
        "todo": section.todo,
        "commands": section.commands,
        "colour": _COLOURS[section.event],
        "words": {name: templates.words(f"words.{name}", facts) for name in ("people", "more")},
    }


def _filled(templates: Templates, section: Section, common: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a section with its `text` and `html`, by the event's own template where there is one."""
    facts = section_facts(templates, section, common)
    txt, html = (
        templates.file((f"{section.event}.{kind}", f"section.{kind}"), facts) for kind in ("txt", "html")
    )
    return {**facts, "text": txt.strip(), "html": html}
