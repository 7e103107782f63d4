"""Progress: how far a long run has come, on standard error, for whoever watches. Else silent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[str, int, int | None], None]
_PATIENCE = 0.7  # seconds before anything is shown: most runs are over by then
_EVERY = 0.1


@contextmanager
def shown() -> Iterator[Report]:
    """Gives what `App.run` reports to. The bar is gone when the work is."""
    if not sys.stderr.isatty():
        yield _nowhere
        return
    bar = _Bar()
    try:
        yield bar.report
    finally:
        bar.close()


def _nowhere(_stage: str, _done: int, _total: int | None) -> None:
    pass


class _Bar:
    """Draws at most ten times a second, and imports what draws only once it has something to draw."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._drawn = 0.0
        self._stage = ""
        self._stop: Callable[[], None] | None = None
        self._draw: Callable[[str, int, int | None], None] | None = None

    def report(self, stage: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._begun < _PATIENCE or (stage == self._stage and now - self._drawn < _EVERY):
            return
        if self._draw is None:
            self._open()
        assert self._draw is not None
        self._stage, self._drawn = stage, now
        self._draw(stage, done, total)

    def close(self) -> None:
        if self._stop is not None:
            self._stop()

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
        )
        task = progress.add_task("", total=None, count="")
        progress.start()
        self._stop = progress.stop

        def draw(stage: str, done: int, total: int | None) -> None:
            count = (f"{done:,} of {total:,}" if total else f"{done:,}") if done else ""
            progress.update(task, description=stage, completed=done, total=total, count=count, refresh=True)

        self._draw = draw
