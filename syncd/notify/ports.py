"""What notices need of the register. What each part promises stands with its one implementation there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from syncd.licensing.notices import Address, Decision, Key, Notice, Person, Posting, PostingState, Situation
from syncd.plan.seats import SeatPolicy


class Notices(Protocol):
    def one_at_a_time(self) -> AbstractContextManager[None]: ...
    def open(self) -> set[Key]: ...
    def record(
        self, decision: Decision, addresses: Callable[[Notice], Sequence[Address]], now: int
    ) -> list[Notice]: ...
    def due(self, now: int, *, personal: int) -> list[Posting]: ...
    def begin(self, ids: Collection[int], message: str, next_try_at: int) -> None: ...
    def sent(self, ids: Collection[int], now: int) -> None: ...
    def failed(
        self, ids: Collection[int], state: PostingState, why: str, *, unknown: bool = False
    ) -> None: ...


class Situations(Protocol):
    def read(
        self,
        policy: SeatPolicy,
        now: int,
        *,
        lots_ending_in: int,
        learners_ending_in: int | None,
        newcomers: bool,
    ) -> Situation: ...
    def settled(self) -> bool: ...
    def managers(self) -> list[Person]: ...
