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


_OF_PRESENCE = {
    Presence.PRESENT: Glimpse.PRESENT,
    Presence.DISABLED: Glimpse.DISABLED,
    Presence.OUT_OF_SCOPE: Glimpse.OUT_OF_SCOPE,
}
_TO_PRESENCE = {glimpse: presence for presence, glimpse in _OF_PRESENCE.items()}


class Sight:
    """`complete` names the directories that have been read to their end: only there can one be absent."""

    def __init__(self, highest_number: int) -> None:
        self.glimpses = bytearray(highest_number + 1)
        self.complete: set[str] = set()

    def saw(self, number: int, presence: Presence) -> None:
        self.glimpses[number] = _OF_PRESENCE[presence]

    def skipped(self, number: int) -> None:
        self.glimpses[number] = Glimpse.SKIPPED

    def is_unseen(self, number: int) -> bool:
        return self.glimpses[number] == Glimpse.UNSEEN

    def presence(self, number: int, directory: str, recorded: Presence) -> Presence:
        """What holds now: what this run saw, else what is recorded, else (read and absent) missing."""
        glimpse = Glimpse(self.glimpses[number])
        if glimpse is Glimpse.UNSEEN:
            return Presence.MISSING if directory in self.complete else recorded
        return _TO_PRESENCE.get(glimpse, recorded)
