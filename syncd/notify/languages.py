"""Languages: whose words are used: the admin's over ours, ours where theirs cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from syncd.notify.templates import TEXTS
from syncd.settings.language import Language, read_language, unknown_words
from syncd.settings.notify import LANGUAGES, NotifySection
from syncd.settings.problems import ConfigProblems, Problem


def spoken(section: NotifySection, language: str) -> str:
    """The wanted language where there are words for it ("de-AT": de), else the configured one."""
    code = language.lower().replace("_", "-").partition("-")[0]
    return code if code in (*LANGUAGES, section.language) else section.language


def words_of(section: NotifySection, code: str) -> tuple[Language, Sequence[Problem]]:
    """The words for a language, and what is wrong with the admin's own."""
    below, path = built_in(code), section.language_file
    if path is None or code != section.language:
        return below, []
    try:
        own = read_language(code, path)
    except ConfigProblems as exc:
        return below, exc.problems
    return own.over(below), unknown_words(own, below)


@cache
def built_in(code: str) -> Language:
    """Our words for a language; the English ones where we have none."""
    return read_language(code, TEXTS / f"{code if code in LANGUAGES else LANGUAGES[0]}.yaml")
