"""Tables: what a page lists, ready for its template. Columns that say nothing are left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

from syncd.daemon.console.visit import Visit, path

SHOWN = 50
_LINE, _WORD = 17, 34  # characters
Item = TypeVar("Item")


class Cell(NamedTuple):
    """`to`: where it leads. `tone`: how it stands: good, warn, bad or quiet. `part`: how much of a bar."""

    text: str
    to: str = ""
    tone: str = ""
    part: float | None = None

    @property
    def is_short(self) -> bool:
        """Whether it is not to be broken: an address, a date, a word."""
        return len(self.text) <= (_LINE if " " in self.text else _WORD)


class Column(NamedTuple):
    title: str
    right: bool
    place: int


@dataclass(frozen=True, slots=True)
class Table:
    """`head`: the column that names the row."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    head: int = 0


def table(
    caption: str,
    titles: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
    *,
    right: Collection[int] = (),
    head: int = 0,
) -> Table:
    made = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    used = [
        Column(title, place in right, place)
        for place, title in enumerate(titles)
        if place == head or any(row[place].text for row in made)
    ]
    return Table(caption, used, made, head)


@dataclass(frozen=True, slots=True)
class Turning:
    """To the pages before and after; empty where there is none."""

    page: int
    before: str
    after: str


def turned(
    visit: Visit, found: Iterable[Item], *where: object, **query: object
) -> tuple[list[Item], Turning]:
    """The items of the page asked for, of all there are; and the way to its neighbours."""
    return _cut(visit, islice(found, (visit.page - 1) * SHOWN, None), where, query)


def turned_already(
    visit: Visit, found: Iterable[Item], *where: object, **query: object
) -> tuple[list[Item], Turning]:
    """As `turned`, of items that begin where the page does."""
    return _cut(visit, found, where, query)


def _cut(
    visit: Visit, found: Iterable[Item], where: Sequence[object], query: dict[str, object]
) -> tuple[list[Item], Turning]:
    here = list(islice(found, SHOWN + 1))
    page = visit.page
    before = path(*where, **query, page=page - 1 if page > 2 else "") if page > 1 else ""
    after = path(*where, **query, page=page + 1) if len(here) > SHOWN else ""
    return here[:SHOWN], Turning(page, before, after)
