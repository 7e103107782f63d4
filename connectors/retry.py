"""The one retry policy: repeat what is safe to repeat (connect, bind, begin to read), and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from syncd.errors import Retriable

Result = TypeVar("Result")


def repeat(
    call: Callable[[], Result], *, attempts: int = 3, sleep: Callable[[float], None] = time.sleep
) -> Result:
    """What `call` returns, calling again after `Retriable`, with pauses of up to 1, 2, 4 … 15 seconds.

    The last failure is raised as it came. Every other exception is raised at once: wrong
    credentials are never sent twice, since that locks accounts.
    """
    policy = Retrying(
        retry=retry_if_exception_type(Retriable),
        stop=stop_after_attempt(attempts),
        wait=wait_random_exponential(multiplier=1, max=15),
        sleep=sleep,
        reraise=True,
    )
    return policy(call)
