"""Sight: for every identity the register knows, what this run has seen of it so far.

One byte each, by the identity's number in the register, so that a million of them cost a megabyte.
"""

from __future__ import annotations

from enum import IntEnum

from syncd.model import Presence


class Glimpse(IntEnum):
    UNSEEN = 0
    UNCHANGED = 1  # same fingerprint: everything the register says of it still holds
    PRESENT = 2
    DISABLED = 3
    OUT_OF_SCOPE = 4
    SKIPPED = 5  # there, but unusable: what the register says of it is left alone
    GONE = 6  # its directory says that it is no longer there


_OF_PRESENCE = {
    Presence.PRESENT: Glimpse.PRESENT,
    Presence.DISABLED: Glimpse.DISABLED,
    Presence.OUT_OF_SCOPE: Glimpse.OUT_OF_SCOPE,
}
_TO_PRESENCE = {glimpse: presence for presence, glimpse in _OF_PRESENCE.items()} | {
    Glimpse.GONE: Presence.MISSING
}


class Sight:
    """`complete` names the directories that have been read to their end, `followed` those of them that were
    read by their changes alone. There, whoever was not seen is as before; in the others they are absent.
    """

    def __init__(self, highest_number: int) -> None:
        self.glimpses = bytearray(highest_number + 1)
        self.complete: set[str] = set()
        self.followed: set[str] = set()

    def saw(self, number: int, presence: Presence) -> None:
        self.glimpses[number] = _OF_PRESENCE[presence]

    def skipped(self, number: int) -> None:
        self.glimpses[number] = Glimpse.SKIPPED

    def unchanged(self, number: int) -> None:
        self.glimpses[number] = Glimpse.UNCHANGED

    def gone(self, number: int) -> None:
        self.glimpses[number] = Glimpse.GONE

    def end(self, directory: str, *, followed: bool) -> None:
        """The directory has been read to its end, whole or by its changes."""
        self.complete.add(directory)
        if followed:
            self.followed.add(directory)

    def is_unchanged(self, number: int, directory: str) -> bool:
        glimpse = self.glimpses[number]
        return glimpse == Glimpse.UNCHANGED or (glimpse == Glimpse.UNSEEN and directory in self.followed)

    def is_unseen(self, number: int) -> bool:
        return self.glimpses[number] == Glimpse.UNSEEN

    def presence(self, number: int, directory: str, recorded: Presence) -> Presence:
        """What holds now: what this run saw, else what is recorded, else (read whole and absent) missing."""
        glimpse = Glimpse(self.glimpses[number])
        if glimpse is Glimpse.UNSEEN:
            absent = directory in self.complete and directory not in self.followed
            return Presence.MISSING if absent else recorded
        return _TO_PRESENCE.get(glimpse, recorded)
