"""A visit: what one page may look at, and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from syncd.app import App
from syncd.daemon.http.access import Holder
from syncd.daemon.queue import Queue
from syncd.daemon.status import Snapshot
from syncd.settings.http import Role

HOME = "/console"
_LONGEST = 200
_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Visit:
    """`path` and `query` are what was asked for, in words; nobody has looked at them yet."""

    app: App
    queue: Queue
    status: Snapshot
    who: Holder
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def now(self) -> int:
        return self.app.clock()

    @property
    def zone(self) -> tzinfo:
        return self.app.settings.zone

    @property
    def operates(self) -> bool:
        return self.who.role >= Role.OPERATOR

    @property
    def page(self) -> int:
        """Which page of several, from 1."""
        word = self.word("page")
        return min(_MOST_PAGES, max(1, int(word))) if word.isascii() and word.isdigit() else 1

    def word(self, name: str) -> str:
        """What somebody asked for; a database's text has no NUL."""
        return self.query.get(name, "").replace("\0", "").strip()[:_LONGEST]

    def chosen(self, name: str, among: tuple[str, ...]) -> str:
        """One of these, or nothing."""
        word = self.word(name)
        return word if word in among else ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be made of a template. `at`: which entry of the menu it belongs to."""

    template: str
    title: str
    at: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Moved:
    """Look there instead; a path of ours."""

    to: str


Answer = Page | Moved


def path(*parts: object, **query: object) -> str:
    """An address in the console; what is empty in `query` is left out."""
    asked = {name: value for name, value in query.items() if value}
    return "/".join((HOME, *map(str, parts))) + (f"?{urlencode(asked)}" if asked else "")


def told(title: str, message: str, next_step: str = "", *, status: int) -> Page:
    """A page that says why there is no other, and what to do next."""
    return Page("told.html", title, facts={"message": message, "next_step": next_step}, status=status)


def missing(what: str = "There is no such page.") -> Page:
    return told("Not found", what, "See the pages in the menu above.", status=404)
