"""The words: complete in both languages, safe in HTML, replaceable, and never the reason a notice is lost."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncd.licensing.notices import TO_LEARNERS, Event
from syncd.notify.languages import built_in
from syncd.notify.mistakes import mistakes
from syncd.notify.samples import NOW, SAMPLES
from syncd.notify.texts import Texts, Told, Written
from syncd.settings.notify import LANGUAGES, NotifySection

STAFF = [event for event in Event if event not in TO_LEARNERS]


def write(*events: Event, section: NotifySection | None = None, zone: str = "UTC", **facts: Any) -> Written:
    texts = Texts(section or NotifySection(), "Contoso & Co", ZoneInfo(zone), "syncd")
    told = [Told(event, {**SAMPLES[event], **facts}, NOW) for event in events]
    return texts.write(told, NOW, personal=events[0] in TO_LEARNERS)


def section(**values: Any) -> NotifySection:
    return NotifySection.model_validate(values)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", Event)
def test_every_event_has_its_words_in_every_language(event: Event, language: str) -> None:
    written = write(event, section=section(language=language))
    assert "{" not in written.text + written.subject
    assert 10 < len(written.subject) < 100
    assert max(map(len, written.text.splitlines())) <= 90
    assert written.html.startswith("<!DOCTYPE html>")
    assert f'<html lang="{language}">' in written.html
    assert _Balance.of(written.html) == []


@pytest.mark.parametrize(
    ("language", "directory", "words"),
    [
        ("en", "", ["The daemon: c.pem expires in 7 days", "shows it to whoever asks", "reload the daemon"]),
        ("en", "cloud", ["cloud: c.pem expires in 7 days", "logs in to cloud with it"]),
        ("de", "", ["Der Dienst: c.pem läuft in 7 Tagen ab", "weist sich der Dienst", "neu lesen"]),
        ("de", "cloud", ["cloud: c.pem läuft in 7 Tagen ab", "meldet sich syncd bei cloud an"]),
    ],
)
def test_what_the_daemon_is_known_by_is_nothing_it_logs_in_with(
    language: str, directory: str, words: list[str]
) -> None:
    credential = {"directory": directory, "name": "c.pem"}
    written = write(Event.CREDENTIALS, section=section(language=language), **credential)
    text = " ".join(f"{written.subject} {written.text}".split())
    assert [each for each in words if each not in text] == []


def test_the_languages_say_the_same_things() -> None:
    assert set(built_in("en").texts) == set(built_in("de").texts)


def test_text_and_html_say_the_same() -> None:
    written = write(*STAFF)
    shown = " ".join(_Balance.text_of(written.html).split())
    for part in written.sections:
        for paragraph in (part.title, *part.body.split("\n\n"), part.todo, *part.commands):
            words = " ".join(paragraph.split())
            assert words in " ".join(written.text.split())
            assert words in shown


def test_the_most_urgent_comes_first_whatever_order_they_were_found_in() -> None:
    written = write(Event.ORDER_ASSIGNED, Event.USAGE, Event.FAILED)
    assert [part.event for part in written.sections] == ["failed", "usage", "order_assigned"]
    assert written.subject == "Contoso & Co: 3 notices about your licenses"


def test_a_name_in_a_directory_is_no_html_and_no_template() -> None:
    people = [["<script>x</script>", "a@example.com"], ["{{ 7 * 7 }}", "b@example.com"]]
    written = write(Event.SHORTFALL, people=people, waiting=2)
    assert "<script>" not in written.html
    assert "&lt;script&gt;" in written.html
    assert "{{ 7 * 7 }}" in written.html
    assert "{{ 7 * 7 }}" in written.text
    assert "Contoso &amp; Co" in written.html
    assert write(Event.FAILED, error="<b>no</b>").html.count("&lt;b&gt;no&lt;/b&gt;") == 1


def test_a_note_cannot_add_a_header() -> None:
    written = write(Event.ORDER_REQUESTED, type="premium\r\nBcc: all@example.com")
    assert "\n" not in written.subject
    assert "\r" not in written.subject


def test_days_are_those_of_the_company() -> None:
    end = 1_800_054_000  # 15 January 2027, 23:00 UTC
    assert "ends on 15 January 2027" in write(Event.LEARNER_EXPIRY, ends_at=end).html
    assert "ends on 16 January 2027" in write(Event.LEARNER_EXPIRY, ends_at=end, zone="Europe/Berlin").html
    german = write(Event.LEARNER_EXPIRY, section=section(language="de"), ends_at=end)
    assert "endet am 15. Januar 2027" in german.html


def test_what_has_ended_is_told_as_over() -> None:
    cases = (1, 1, "1 learner has"), (0, 2, "2 learners have"), (-3, 20, "20 learners had")
    for days, people, words in cases:
        told = write(Event.EXPIRY, days=days, people_count=people).text
        assert f"{words} one of them" in " ".join(told.split())


def test_numbers_are_written_as_the_language_does() -> None:
    english, german = write(Event.USAGE, allocated=1200, quantity=2000), section(language="de")
    assert "1,200 of 2,000" in english.text
    assert "1.200 von 2.000" in write(Event.USAGE, section=german, allocated=1200, quantity=2000).text


def test_a_learner_is_addressed_in_a_language_of_theirs_that_there_is() -> None:
    texts = Texts(NotifySection(), "Contoso", ZoneInfo("UTC"), "syncd")
    told = [Told(Event.WELCOME, SAMPLES[Event.WELCOME], NOW)]
    for language, word in (("de-AT", "Willkommen"), ("DE", "Willkommen"), ("", "Welcome"), ("fr", "Welcome")):
        assert word in texts.write(told, NOW, personal=True, language=language).subject


def test_an_admin_replaces_a_few_words(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(
        'words: { intro: "Dear colleagues," }\nevents: { usage: { title: "{{ percent }} %!" } }\n'
    )
    ours = section(language_file=path)
    assert list(mistakes(ours)) == []
    written = write(Event.USAGE, section=ours)
    assert written.text.startswith("Dear colleagues,\n")
    assert written.subject == "Contoso & Co: 93 %!"
    assert "To order more, with the number you need:" in written.text


def test_an_admin_brings_another_language(tmp_path: Path) -> None:
    path = tmp_path / "fr.yaml"
    months = (
        "[janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre]"
    )
    path.write_text(f"months: {months}\nevents: {{ welcome: {{ title: 'Bienvenue' }} }}\n", encoding="utf-8")
    french = section(language="fr", language_file=path)
    written = write(Event.WELCOME, section=french)
    assert written.subject == "Contoso & Co: Bienvenue"
    assert "18 janvier 2027" in written.text


def test_an_admin_replaces_templates_all_or_some(tmp_path: Path) -> None:
    (tmp_path / "usage.html").write_text("<p>{{ title }} of {{ company }}{% include 'logo.html' %}</p>")
    (tmp_path / "logo.html").write_text("<img alt=''>")
    (tmp_path / "message.txt").write_text("{{ sections[0].text }}")
    ours = section(templates=tmp_path)
    assert list(mistakes(ours)) == []
    written = write(Event.USAGE, Event.FAILED, section=ours)
    assert "<p>93% of the premium licenses are in use of Contoso &amp; Co<img alt=''></p>" in written.html
    assert "The sync has failed" in written.html
    assert written.text.startswith("The sync has failed\n---")


@pytest.mark.parametrize(
    ("name", "text", "line", "why"),
    [
        ("message.html", "<p>\n{{ intro }\n</p>", 2, "unexpected '}'"),
        ("section.txt", "\n\n{{ tittle }}", 3, "'tittle' is undefined"),
        ("usage.txt", "x\n{{ waiting }}", 2, "'waiting' is undefined"),
        ("section.html", "{% include 'nowhere.html' %}", 1, "there is no template nowhere.html"),
        ("message.txt", "{{ ''.__class__.__mro__ }}", 1, "is unsafe"),
        ("message.txt", "{% for x in range(10**9) %}{% endfor %}", 1, "Range too big"),
    ],
)
def test_a_template_with_a_mistake_is_named_and_the_notice_goes_out(
    tmp_path: Path, logged: list[MutableMapping[str, Any]], name: str, text: str, line: int, why: str
) -> None:
    (tmp_path / name).write_text(text)
    ours = section(templates=tmp_path)
    (problem,) = mistakes(ours)
    assert (problem.path, why in problem.message) == (tmp_path / name, True), problem
    assert problem.line == line
    written = write(Event.USAGE, section=ours)
    assert "112 of 120 premium licenses are allocated" in written.text
    assert "112 of 120 premium licenses are allocated" in written.html
    assert [entry["event"] for entry in logged] == ["template_failed"]
    assert logged[0]["template"] == name


@pytest.mark.parametrize(
    ("text", "line", "where", "why"),
    [
        ("words: {}\nevents:\n  usage:\n    title: '{{ pecent }}'\n", 4, "events.usage.title", "'pecent'"),
        ("events:\n  usage:\n    titel: x\n", 3, "events.usage.titel", "did you mean title?"),
        ("events: { usge: { title: x } }\n", 1, "events", "must be one of"),
        ("words:\n  greeting: x\n", 2, "words.greeting", "is not a text that notices use"),
        ("months: [a, b]\n", 1, "months", "must have at least 12 entries"),
        ("words: [\n", 2, "", ""),
    ],
)
def test_words_with_a_mistake_are_named_and_the_notice_goes_out(
    tmp_path: Path, logged: list[MutableMapping[str, Any]], text: str, line: int, where: str, why: str
) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(text)
    ours = section(language_file=path)
    (problem,) = mistakes(ours)
    assert problem.path == path
    assert problem.line == line
    assert problem.where.startswith(where)
    assert why in problem.message
    assert "112 of 120 premium licenses" in write(Event.USAGE, section=ours).text
    assert len(logged) == 1


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (problem,) = mistakes(section(templates=tmp_path / "nowhere"))
    assert "is not a folder" in problem.message


def test_facts_that_lack_something_cost_words_and_no_notice() -> None:
    texts = Texts(NotifySection(), "Contoso", ZoneInfo("UTC"), "syncd")
    for event in Event:
        written = texts.write([Told(event, {}, NOW)], NOW, personal=event in TO_LEARNERS)
        assert written.subject.startswith("Contoso")
        assert len(written.subject) > len("Contoso: ")


def test_the_docs_name_every_event_and_its_variables() -> None:
    page = (Path(__file__).parents[2] / "docs/notices.md").read_text(encoding="utf-8")
    listed = page.partition("## Events")[2].partition("## When")[0]
    described = page.partition("### Variables")[2]
    assert re.findall(r"^\| `(\w+)` \| ", listed, re.MULTILINE) == [str(event) for event in Event]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", described, re.MULTILINE))
    for event in Event:
        row = rows[event].replace("the same", rows["order_requested"])
        assert set(re.findall(r"`(\w+)`", row)) <= set(SAMPLES[event]), event


class _Balance(HTMLParser):
    """Opens and closes its elements, and knows the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    @classmethod
    def of(cls, html: str) -> list[str]:
        """The elements left open, or closed out of turn."""
        parser = cls()
        parser.feed(html)
        return parser.open

    @classmethod
    def text_of(cls, html: str) -> str:
        parser = cls()
        parser.feed(html)
        return " ".join(parser.text)

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.open.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
