"""Who is in a group, kept as sorted 64-bit digests: a million members are eight megabytes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from syncd.model import GroupRef


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

    def digest(self) -> bytes:
        """The same 16 bytes for the same numbers."""
        return blake2b(self._sorted.tobytes(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Membership:
    """Everybody in one group, by any of the ways to be in it.

    `dns`: digests of DNs. `logins`: digests of login names. `primary`: the group numbers that
    make a person with that `primaryGroupID` a member.
    """

    group: GroupRef
    dns: Digests
    logins: Digests
    primary: frozenset[bytes]

    def holds(self, dn: int, logins: Iterable[int], primary: bytes) -> bool:
        return dn in self.dns or primary in self.primary or any(login in self.logins for login in logins)
