"""The one retry policy: repeat what is safe to repeat (connect, bind, read a page), and nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.stop import stop_base
from tenacity.wait import wait_random_exponential

from syncd.errors import Retriable, Unanswered
from syncd.ports import UNHEARD, Calls

Result = TypeVar("Result")

_GROWING = wait_random_exponential(multiplier=1, max=15)


def repeat(
    call: Callable[[], Result],
    *,
    attempts: int = 3,
    within: float = math.inf,
    sleep: Callable[[float], None] = time.sleep,
    calls: Calls = UNHEARD,
) -> Result:
    """What `call` returns, calling again after `Retriable`.

    The pause is what the other side asked for (`Retriable.after`), else up to 1, 2, 4 … 15 seconds. It
    gives up after so many `attempts`, or where the next pause would end later than `within` seconds from
    now, and raises the last failure as it came. Every other exception is raised at once: wrong
    credentials are never sent twice, since that locks accounts. `calls` hear of the pauses.
    """
    policy = Retrying(
        retry=retry_if_exception_type(Retriable),
        stop=stop_after_attempt(attempts) | _Within(within),
        wait=_pause,
        sleep=sleep,
        before_sleep=partial(_tell, calls),
        reraise=True,
    )
    return policy(call)


class Patience:
    """`repeat`, for calls whose pauses may come to so many seconds, all together."""

    def __init__(
        self,
        seconds: float,
        *,
        attempts: int,
        sleep: Callable[[float], None] = time.sleep,
        calls: Calls = UNHEARD,
    ) -> None:
        self._left = float(seconds)
        self._attempts = attempts
        self._sleep = sleep
        self._calls = calls

    def repeat(self, call: Callable[[], Result]) -> Result:
        """As `repeat`, of what only reads."""
        return repeat(call, attempts=self._attempts, within=self._left, sleep=self._pause, calls=self._calls)

    def write(self, call: Callable[[], Result]) -> Result:
        """As `repeat`, of what is not to be done twice: raises `Unanswered` at once."""

        def once() -> Result | Unanswered:
            try:
                return call()
            except Unanswered as exc:
                return exc

        found = self.repeat(once)
        if isinstance(found, Unanswered):
            raise found
        return found

    def _pause(self, seconds: float) -> None:
        self._left -= seconds
        self._sleep(seconds)


class _Within(stop_base):
    """Stops where the next pause would end too late."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, state: RetryCallState) -> bool:
        passed = max(state.seconds_since_start or 0, state.idle_for)
        return passed + state.upcoming_sleep > self._seconds


def pause_asked(retry_after: str | None, now: float) -> float | None:
    """The seconds a `Retry-After` header asks for: a number, decimals too, or a date; None if it is neither.

    `now` is the sender's clock, by which a date is meant (RFC 9110, 10.2.3).
    """
    text = (retry_after or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _pause(state: RetryCallState) -> float:
    asked = _asked(state)
    return _GROWING(state) if asked is None else asked


def _asked(state: RetryCallState) -> float | None:
    failure = state.outcome.exception() if state.outcome else None
    return failure.after if isinstance(failure, Retriable) else None


def _tell(calls: Calls, state: RetryCallState) -> None:
    calls.paused(state.upcoming_sleep, throttled=_asked(state) is not None)
