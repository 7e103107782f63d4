"""Table: rows under headings, aligned by what characters really take on the screen.

In a window the widest columns are cut with … until the row fits; piped, nothing is ever cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from wcwidth import clip, ljust, rjust, width

from syncd.cli.screen import Screen, clean

_MEASURED = 500  # rows that decide how wide a column is
_NARROWEST = 8
_FOLDED = 24
_GAP = "  "
_SPACE = re.compile(r" (?=(?:[^`]*`[^`]*`)*[^`]*$)")  # but none in `a command`: it is there to be copied


def show(
    screen: Screen,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[int] = (),
    folds: bool = False,
    indent: str = "",
) -> None:
    """Print a table, row by row as they come; nothing for no rows.

    `right`: columns aligned to the right. `folds`: the last column goes on below rather than being cut.
    """
    stream = iter(rows)
    head = [[clean(cell) for cell in row] for row in islice(stream, _MEASURED)]
    if not head:
        return
    columns = _used(head, headings)
    widths = _natural([headings[column] for column in columns], head, columns)
    if screen.width is not None:
        widths = _fitting(widths, screen.width - len(indent), folds=folds)
    sides = [column in right for column in columns]
    titles = _line([headings[column] for column in columns], widths, sides, screen.width)
    screen.say(indent + titles, "dim")
    for row in chain(head, stream):
        cells = [clean(row[column]) for column in columns]
        for line in _unfolded(cells, widths[-1]) if folds and screen.width else (cells,):
            screen.say(indent + _line(line, widths, sides, screen.width))


def facts(screen: Screen, rows: Iterable[tuple[str, str]], *, indent: str = "  ") -> None:
    """Print names and values, one a line, the values below each other; long values go on below."""
    pairs = [(name, value) for name, value in rows if value]
    margin = max((width(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        start = indent + ljust(name, margin) + _GAP
        for number, line in enumerate(_folded(value, screen.width, width(start))):
            screen.say((start if not number else " " * width(start)) + line)


def paragraph(screen: Screen, text: str, style: str = "", *, indent: str = "", hanging: str = "") -> None:
    """Print text, folded at words where there is a window; later lines begin with `hanging`."""
    for number, line in enumerate(_folded(text, screen.width, max(len(indent), len(hanging)))):
        screen.say((hanging if number else indent) + line, style)


def steps(screen: Screen, what_to_do: Iterable[str]) -> None:
    """What the admin may do next, a line each."""
    for step in what_to_do:
        paragraph(screen, f"→ {step}", hanging="  ")


def cut(text: str, most: int) -> str:
    """`text` in at most so many cells, with … for what is missing."""
    return text if width(text) <= most else clip(text, 0, max(0, most - 1)).rstrip() + "…"


def _used(head: Sequence[Sequence[str]], headings: Sequence[str]) -> list[int]:
    """The columns in which anybody has something."""
    return [column for column in range(len(headings)) if any(row[column] for row in head)]


def _natural(headings: Sequence[str], head: Sequence[Sequence[str]], columns: Sequence[int]) -> list[int]:
    return [
        max(width(heading), *(width(row[column]) for row in head))
        for heading, column in zip(headings, columns, strict=True)
    ]


def _fitting(natural: Sequence[int], limit: int, *, folds: bool) -> list[int]:
    """Widths that fit: one that folds gives way first, then the widest, one cell at a time.

    In the end nobody is wider than the one that folds while that one lacks room: it holds sentences.
    """
    widths = list(natural)
    room = limit - len(_GAP) * (len(widths) - 1)
    if folds:
        widths[-1] = max(min(widths[-1], _FOLDED), min(widths[-1], room - sum(widths[:-1])))
    while sum(widths) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    while folds and widths[-1] < min(natural[-1], max(widths)):
        widths[widths.index(max(widths))] -= 1
        widths[-1] += 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], limit: int | None) -> str:
    parts = []
    for cell, size, is_right in zip(cells, widths, right, strict=True):
        shown = cell if limit is None else cut(cell, size)
        parts.append(rjust(shown, size) if is_right else ljust(shown, size))
    return _GAP.join(parts).rstrip()


def _unfolded(cells: Sequence[str], limit: int) -> Iterator[Sequence[str]]:
    """A row as several, for its last cell to go on below."""
    blank = [""] * (len(cells) - 1)
    for number, line in enumerate(_folded(cells[-1], limit, 0)):
        yield [*(blank if number else cells[:-1]), line]


def _folded(text: str, limit: int | None, used: int) -> Iterator[str]:
    """`text` in lines that fit; a single word that does not is left whole, to be copied."""
    for paragraph_ in text.split("\n"):
        line, *words = _SPACE.split(paragraph_)
        for word in words:
            if line.strip() and limit is not None and used + width(line) + 1 + width(word) > limit:
                yield line
                line = word
            else:
                line = f"{line} {word}"
        yield line
