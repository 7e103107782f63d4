"""Attempts to sign in. A wrong token costs a second, and few are looked at at a time: nobody tries many."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

PAUSE = 1.0  # seconds after a wrong token
OF_ONE = 3  # at a time from one address
OF_ALL = 30


class Attempts:
    """To be used in one event loop. `pause` waits for so many seconds."""

    def __init__(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._pause = pause
        self._by_address: Counter[str] = Counter()

    def begin(self, address: str) -> bool:
        """Whether a token may be looked at; where not, a good one is refused as well. `end` follows."""
        if self._by_address[address] >= OF_ONE or self._by_address.total() >= OF_ALL:
            return False
        self._by_address[address] += 1
        return True

    async def failed(self) -> None:
        """Let whoever was wrong wait for their answer."""
        await self._pause(PAUSE)

    def end(self, address: str) -> None:
        self._by_address[address] -= 1
        self._by_address += Counter()  # forgets those at 0
