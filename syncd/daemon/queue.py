"""The queue: what is asked of the worker. A thousand asking for a sync ask for one sync.

asked while nothing waits        it is the next run
asked while one waits            that one serves both; reading everybody wins over reading what changed
asked while one is running       it waits its turn: what the running one has read may be old
a plan to apply                  waits by itself: it is one plan and no other
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run somebody asked for. `causes`: who and why, each once. `reviewed`: the plan to apply, if one.

    `by_hand`: somebody waits for it, also where another daemon leads.
    `ended` are set when the run has ended, however it did.
    """

    causes: tuple[str, ...]
    full: bool = False
    by_hand: bool = False
    reviewed: int | None = None
    ended: tuple[threading.Event, ...] = ()

    def settle(self) -> None:
        for event in self.ended:
            event.set()


class Queue:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int | None, Wanted] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(
        self, cause: str, *, full: bool = False, by_hand: bool = False, reviewed: int | None = None
    ) -> threading.Event:
        """Want a run. The event is set when the run that serves this has ended."""
        with self._changed:
            waiting = self._waiting.get(reviewed) or Wanted((), reviewed=reviewed, ended=(threading.Event(),))
            self._waiting[reviewed] = _joined(waiting, Wanted((cause,), full, by_hand))
            self._changed.notify_all()
            return waiting.ended[0]

    def take(self, timeout: float, *, by_hand: bool = False) -> Wanted | None:
        """The next run, first asked first served; None when woken, or after `timeout` seconds without one.

        `by_hand`: only what somebody asked for by hand.
        """
        with self._changed:
            if self._next(by_hand) is None:
                self._changed.wait(timeout)
            found = self._next(by_hand)
            return self._waiting.pop(found.reviewed) if found else None

    def put_back(self, wanted: Wanted) -> None:
        """What could not be begun is next again, with whatever has been asked for meanwhile."""
        with self._changed:
            later = self._waiting.pop(wanted.reviewed, None)
            self._waiting = {
                wanted.reviewed: _joined(wanted, later) if later else wanted,
                **self._waiting,
            }

    def _next(self, by_hand: bool) -> Wanted | None:
        return next((wanted for wanted in self._waiting.values() if wanted.by_hand or not by_hand), None)

    def wake(self) -> None:
        """Let whoever waits in `take` look around."""
        with self._changed:
            self._changed.notify_all()


def _joined(one: Wanted, other: Wanted) -> Wanted:
    return replace(
        one,
        causes=tuple(dict.fromkeys((*one.causes, *other.causes))),
        full=one.full or other.full,
        by_hand=one.by_hand or other.by_hand,
        ended=(*one.ended, *other.ended),
    )
