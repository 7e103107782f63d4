"""Suspensions: what somebody decides by hand about one learner's account. No sync lifts it.

suspend   the account is suspended, whatever else had suspended it; they leave the line, and their
          license stays theirs for as long as they have not left
resume    back as they would be without it: with their license, else in the line; where the license
          has ended, suspended for that
"""

from __future__ import annotations

from typing import NamedTuple

from syncd.model import Change, Kind
from syncd.plan.roster import KnownLearner


class Suspension(NamedTuple):
    """`lifted`: they are let in again. `release`: their license goes back to its lot."""

    learner: int
    reason: str
    lifted: bool = False
    release: bool = False


def objection(suspended_by: str, left_at: int | None, *, lifted: bool) -> str:
    """Why there is nothing to decide; empty when there is."""
    if not lifted:
        return "is suspended by hand already" if suspended_by == "hand" else ""
    if suspended_by != "hand":
        return "is not suspended by hand"
    return "has left: resume them once they are back" if left_at is not None else ""


def decide(learner: KnownLearner, suspension: Suspension, priority: int, now: int) -> Change:
    """`priority`: their place in the line, where they come back without a license."""
    why = f"by hand: {suspension.reason}" if suspension.reason else "by hand"
    data: dict[str, object] = {"by_hand": suspension.reason}
    kind = Kind.SUSPEND
    if wrong := objection(learner.suspended_by, learner.left_at, lifted=suspension.lifted):
        kind, why = Kind.SKIP, wrong
    elif suspension.lifted:
        kind = Kind.REACTIVATE
        if learner.license_over:
            data["lapsed"], why = True, f"{why}; the license has ended"
        elif not learner.is_licensed(now):
            data["priority"] = priority
    elif suspension.release:
        data["releases"] = True
    email, name = learner.profile.email, learner.profile.full_name
    return Change(kind, f"learner/{learner.id}/by hand", email, name, why, learner.id, data)
