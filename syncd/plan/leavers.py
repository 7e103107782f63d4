"""Leavers: when somebody who is no longer wanted is suspended, and when their seat is freed.

    left, suspend_after not yet over    -> keep, remember since when
    left, suspend_after over            -> suspend
    suspended, release_after over       -> release the seat (counted from leaving, as suspend_after is)
    back                                -> reactivate; a seat that was released is asked for anew
"""

from __future__ import annotations

from dataclasses import dataclass

from syncd.model import Presence


@dataclass(frozen=True, slots=True)
class Grace:
    """Seconds after leaving. A seat is never released from somebody who is not suspended."""

    suspend_after: int = 0
    release_after: int = 14 * 86400

    def suspends(self, left_at: int, now: int) -> bool:
        return left_at + self.suspend_after <= now

    def releases(self, left_at: int, now: int) -> bool:
        return left_at + max(self.suspend_after, self.release_after) <= now


WHY = {
    Presence.DISABLED: "the directory account is disabled",
    Presence.OUT_OF_SCOPE: "no longer in scope",
    Presence.MISSING: "no longer in the directory",
}
