"""Progress: how far a long run has come, on standard error, for whoever watches. Else silent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

Report = Callable[[str, int, int | None], None]
_PATIENCE = 0.7  # seconds before anything is shown: most runs are over by then
_EVERY = 0.1
_WIDTH = 24
_WIPE = "\r\x1b[2K\x1b[?25h"  # the line is empty again, the cursor back: click hides it while it draws


@contextmanager
def shown(stream: TextIO | None = None, patience: float = _PATIENCE) -> Iterator[Report]:
    """Gives what `App.run` reports to. The bar is gone when the work is."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _nowhere
        return
    bar = _Bar(stream, patience)
    try:
        yield bar.report
    finally:
        bar.wipe()


def _nowhere(_stage: str, _done: int, _total: int | None) -> None:
    pass


class _Bar:
    """One line, drawn at most ten times a second: the stage, how much of it is done, and of how much."""

    def __init__(self, stream: TextIO, patience: float) -> None:
        self._stream = stream
        self._first = time.monotonic() + patience
        self._drawn = 0.0
        self._stage = ""
        self._bar: ProgressBar[str] | None = None

    def report(self, stage: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now < self._first or (stage == self._stage and now - self._drawn < _EVERY):
            return
        if stage != self._stage:
            self.wipe()
            self._bar = self._new(stage, total)
        assert self._bar is not None
        self._stage, self._drawn = stage, now
        count = (f"{done:,} of {total:,}" if total else f"{done:,}") if done else ""
        self._bar.update(done - self._bar.pos, count)

    def wipe(self) -> None:
        if self._bar is not None:
            self._stream.write(_WIPE)
            self._stream.flush()

    def _new(self, stage: str, total: int | None) -> ProgressBar[str]:
        return click.progressbar(
            repeat(""),
            length=total,
            label=stage,
            bar_template="%(label)s  %(bar)s  %(info)s",
            show_percent=False,
            show_eta=False,
            item_show_func=self._told,
            update_min_steps=0,
            file=self._stream,
            width=_WIDTH,
        )

    def _told(self, count: str | None) -> str:
        left = self._bar.format_eta() if self._bar else ""
        return f"{count or ''}  {left} left" if left else count or ""
