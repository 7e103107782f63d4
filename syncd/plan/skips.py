"""Skips: why people are left as they are, in a word that can be counted; `why` has it as a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from syncd.model import Change


class Reason(StrEnum):
    UNREADABLE = "unreadable"  # the directory's entry itself, or no identity in it
    NO_ADDRESS = "no_address"  # no e-mail address, or something that is none
    ADDRESS_TAKEN = "address_taken"  # a learner has it, or two newcomers share it
    CONFLICT = "conflict"  # may be more than one learner
    MOVES = "moves"  # their license has gone to somebody else as often as the contract allows
    BY_HAND = "by_hand"  # a row of a file, a renewal, a suspension that cannot be done


def reason(change: Change) -> Reason:
    """Of one skip: what its data say. What is done by hand says nothing."""
    if "conflict" in change.data:
        return Reason.CONFLICT
    return Reason(change.data.get("reason", Reason.BY_HAND))


def by_reason(skips: Iterable[Change]) -> dict[str, int]:
    """How many there are, by reason."""
    return dict(sorted(Counter(str(reason(change)) for change in skips).items()))
