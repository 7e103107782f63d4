"""Pace: when what rings becomes a run. Many rings are one run, and who rings all day is not read all day.

it rings                        once it has been quiet for half a second, or has rung for three: a run
it rings while that run works   the next run, after a rest
the rest                        two seconds; at least four times as long as the run took, so that the
                                doorbell keeps syncd busy for a fifth of the time at most
runs that find nothing          rest twice as long each time, up to a minute, until one finds something or
                                it has been quiet for as long as the rest
"""

from __future__ import annotations

_QUIET = 0.5
_LONGEST_RINGING = 3.0
_REST = 2.0
_TIMES_AS_LONG = 4
_LONGEST_REST, _LONGEST_REST_OF_ALL = 60.0, 300.0


class Pace:
    """Of one directory. Times are seconds of whatever clock; it knows none itself."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._last = 0.0
        self._working = False
        self._rest = 0.0
        self._rested = float("-inf")
        self._in_vain = 0

    def rang(self, now: float) -> None:
        if now - self._rested > self._rest:
            self._in_vain = 0
        if self._first is None:
            self._first = now
        self._last = now

    def due_in(self, now: float) -> float | None:
        """Seconds until a run is to begin; None when there is nothing to begin one for, or one works."""
        if self._first is None or self._working:
            return None
        quiet = min(self._last + _QUIET, self._first + _LONGEST_RINGING)
        return max(0.0, quiet - now, self._rested - now)

    def begun(self) -> None:
        """A run has been asked for: whatever rings from now on, it may have read too early for."""
        self._first = None
        self._working = True

    def ended(self, now: float, *, took: float, found: bool) -> None:
        """That run is over."""
        self._working = False
        self._in_vain = 0 if found else self._in_vain + 1
        in_vain = min(_REST * 2.0 ** max(0, self._in_vain - 1), _LONGEST_REST)
        self._rest = min(max(in_vain, _TIMES_AS_LONG * took), _LONGEST_REST_OF_ALL)
        self._rested = now + self._rest
