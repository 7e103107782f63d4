"""Interrupting: Ctrl-C and SIGTERM let a run finish what it is in the middle of.

the next time the run tells its progress (between two pages or batches)   it ends there
after a few seconds without that, or at a second Ctrl-C                    it ends wherever it is
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from syncd.cli.endings import Terminated
from syncd.cli.progress import Report

_PATIENCE = 5.0


@contextmanager
def gently(report: Report) -> Iterator[Report]:
    """Gives what the run reports its progress to in place of `report`."""
    interruption = _Interruption(report)
    signals = {
        signal.SIGINT: interruption.ask,
        signal.SIGTERM: interruption.ask,
        signal.SIGALRM: interruption.insist,
    }
    before = {number: signal.signal(number, handler) for number, handler in signals.items()}
    try:
        yield interruption.report
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


class _Interruption:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._asked: KeyboardInterrupt | None = None

    def ask(self, number: int, frame: object) -> None:
        if self._asked is not None:
            self.insist(number, frame)
        self._asked = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)

    def insist(self, _number: int, _frame: object) -> NoReturn:
        raise self._asked or KeyboardInterrupt()

    def report(self, stage: str, done: int, total: int | None) -> None:
        if self._asked is not None:
            raise self._asked
        self._report(stage, done, total)
