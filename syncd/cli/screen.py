"""Screen: where facts are printed. Plain when piped; in a terminal as wide as it is, with colour.

Everything passes through `clean`: a name in a directory cannot steer anybody's terminal.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from typing import IO, Any

import click

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "heading": {"bold": True},
    "dim": {"dim": True},
    "good": {"fg": "green"},
    "warn": {"fg": "yellow"},
    "bad": {"fg": "red", "bold": True},
}
_KEPT = "\u200c\u200d"  # joiners that scripts and emoji need
_ASCII = str.maketrans({"→": "->", "✓": "ok", "✗": "FAILED", "…": "...", "—": "-", "·": "-", "–": "-"})


class Screen:
    """Standard output for one command. `width` is None when nobody's window limits it."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream
        out = stream or sys.stdout
        self.terminal = out.isatty()
        self.unicode = is_utf8(out)
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self.colour = self.terminal and not plain
        self.width = shutil.get_terminal_size().columns if self.terminal else None

    def say(self, text: str = "", style: str = "") -> None:
        """Print text, each line cleaned; `style` is one of the few we have."""
        for line in text.split("\n"):
            shown = clean(line) if self.unicode else clean(line).translate(_ASCII)
            click.echo(
                click.style(shown, **_STYLES[style]) if style and self.colour and shown else shown,
                file=self._stream,
                color=self.colour,
            )

    def write(self, text: str) -> None:
        """Print text for programs, exactly as it is."""
        click.echo(text, file=self._stream, nl=False, color=False)

    def json(self, facts: object) -> None:
        """Print facts for programs: ASCII only, so that no pipe can spoil them."""
        click.echo(json.dumps(facts, indent=2, default=str), file=self._stream)


def clean(text: str) -> str:
    """`text` without what would steer a terminal or turn the reading direction around."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def is_utf8(stream: IO[str]) -> bool:
    """Whether every character can be written to it."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") in ("utf8", "utf8sig")


def _shown(character: str) -> str:
    if character.isprintable() or character in _KEPT:
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"
