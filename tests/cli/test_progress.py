"""The bar on standard error: for whoever watches, as far as the work has come, and gone when it is over."""

from __future__ import annotations

import io
import time
from contextlib import suppress

import pytest

from syncd.cli import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that goes on by half a second each time it is looked at."""
    now = [1000.0]

    def tick() -> float:
        now[0] += 0.5
        return now[0]

    monkeypatch.setattr(time, "monotonic", tick)
    return now


@pytest.mark.usefixtures("clock")
def test_what_is_told_is_the_stage_and_how_much_of_it_is_done() -> None:
    terminal = Terminal()
    with progress.shown(terminal, patience=0) as report:
        report("reading corp", 12_000, None)
        report("dealing seats", 0, None)
        report("recording", 2_000, 8_000)
    lines = [line.rstrip() for line in terminal.getvalue().replace("\x1b[?25l", "").split("\r") if line]
    reading, _, dealing, _, recording, gone = lines
    assert reading == f"reading corp  {'-' * 24}  12,000"
    assert dealing == f"dealing seats  {'-' * 24}"
    assert recording == f"recording  {'#' * 6}{'-' * 18}  2,000 of 8,000"
    assert gone == "\x1b[2K\x1b[?25h", "the line is empty, and the cursor is back"


@pytest.mark.usefixtures("clock")
def test_work_that_fails_leaves_no_bar_behind() -> None:
    terminal = Terminal()
    with suppress(ValueError), progress.shown(terminal, patience=0) as report:
        report("reading corp", 1, None)
        raise ValueError("lost")
    assert terminal.getvalue().endswith("\x1b[2K\x1b[?25h")


def test_short_work_shows_nothing() -> None:
    terminal = Terminal()
    with progress.shown(terminal) as report:
        report("reading corp", 1, None)
    assert terminal.getvalue() == ""


def test_nobody_watches_a_pipe() -> None:
    pipe = io.StringIO()
    with progress.shown(pipe, patience=0) as report:
        report("reading corp", 1, None)
    assert pipe.getvalue() == ""
