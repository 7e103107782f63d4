"""Duplicates: two learners who turn out to be one human. One of them is kept, the other becomes part of them.

their identities and links    are those of the learner kept; the next sync says what they come to together
the license of the other one  goes back to its lot: the learner kept has one, or neither has
the place in line             is given up, and so is the address
their history                 stays under their number
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from syncd.model import Change, Kind, Presence
from syncd.plan.roster import KnownLearner


class Duplicate(NamedTuple):
    """Two learners, by number: `gone` becomes part of `keep`."""

    keep: int
    gone: int
    reason: str = ""


def objection(keep: KnownLearner, gone: KnownLearner, kept: Collection[int], now: int) -> str:
    """Why they cannot be merged; empty when they can. `kept`: lots whose seats may move no more."""
    twice = sorted(_present(keep) & _present(gone))
    if keep.id == gone.id:
        return "is one learner already"
    if gone.is_licensed(now) and not keep.is_licensed(now):
        return f"has no license, and learner {gone.id} has: keep that one"
    if kept and gone.is_licensed(now):
        return f"cannot take learner {gone.id} in: that license has moved as often as it may"
    if gone.suspended_by == "hand":
        return f"cannot take learner {gone.id} in, who is suspended by hand: resume them first"
    if twice:
        return (
            f"and learner {gone.id} are both present in {twice[0]}: take one of the two accounts away there, "
            "sync, and merge them then"
        )
    return ""


def decide(keep: KnownLearner, gone: KnownLearner, reason: str, kept: Collection[int], now: int) -> Change:
    """The change of the learner that becomes part of the other."""
    place = key(keep.id, gone.id)
    email, name = gone.profile.email, gone.profile.full_name
    if wrong := objection(keep, gone, kept, now):
        why = f"learner {keep.id} {wrong}"
        return Change(Kind.SKIP, place, email, name, why, gone.id)
    why = f"the same person as {keep.profile.email} (learner {keep.id})"
    data = {"into": keep.id, "by_hand": reason}
    return Change(Kind.MERGE, place, email, name, f"{why}: {reason}" if reason else why, gone.id, data)


def key(keep: int, gone: int) -> str:
    """The key of the change: it names both, the one kept first."""
    return f"{keys_of(keep)}{gone}"


def keys_of(keep: int) -> str:
    """How the keys begin of everybody who became part of this learner."""
    return f"merged/{keep}/"


def _present(learner: KnownLearner) -> set[str]:
    return {e.identity.directory for e in learner.identities if e.presence is Presence.PRESENT}
