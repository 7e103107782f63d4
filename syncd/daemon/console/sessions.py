"""Sessions: who has signed in. A session is a random number in a cookie; the token itself is kept nowhere."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from syncd.daemon.http.access import Holder

LASTS = 8 * 3600.0  # seconds
MOST = 200  # at a time; the oldest gives way


@dataclass(frozen=True, slots=True)
class Session:
    """`number` is the secret its cookie holds."""

    number: str
    holder: Holder
    ends: float


class Sessions:
    """Safe to use from any thread. `clock`: seconds of a clock that nobody sets."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}  # the oldest first

    def begin(self, holder: Holder) -> Session:
        session = Session(secrets.token_urlsafe(32), holder, self._clock() + LASTS)
        with self._lock:
            self._open = {number: each for number, each in self._open.items() if not self._is_over(each)}
            while len(self._open) >= MOST:
                del self._open[next(iter(self._open))]
            self._open[session.number] = session
        return session

    def find(self, number: str) -> Session | None:
        """The session of this number, while it lasts."""
        found = self._open.get(number)
        if found is not None and self._is_over(found):
            self.end(number)
            return None
        return found

    def end(self, number: str) -> None:
        with self._lock:
            self._open.pop(number, None)

    def _is_over(self, session: Session) -> bool:
        return self._clock() >= session.ends
