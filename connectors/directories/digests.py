"""Many 64-bit numbers that stand for people, kept small: a million are eight megabytes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable


class Digests:
    """A set of 64-bit numbers in one block of memory."""

    __slots__ = ("_sorted",)

    def __init__(self, digests: Iterable[int] = ()) -> None:
        self._sorted = array("Q", sorted(set(digests)))

    def __contains__(self, digest: int) -> bool:
        place = bisect_left(self._sorted, digest)
        return place < len(self._sorted) and self._sorted[place] == digest

    def __len__(self) -> int:
        return len(self._sorted)
