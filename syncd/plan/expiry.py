"""Expiry: what the end of a license comes to. It follows from the clock; this is what is done about it, once.

    over, nothing follows      -> expire: the account is suspended until somebody renews the license
    over, a renewal goes on    -> expire: only the register changes; nobody notices
    suspended already          -> expire: the account stays suspended by whoever did that

However late this is done, it comes to the same: nothing is looked for only since a certain moment.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncd.model import Account, Change, Kind
from syncd.plan.roster import KnownLearner


def decide(learner: KnownLearner, now: int) -> Iterator[Change]:
    """The licenses of `learner` that are over at `now` and have yet to be recorded as expired."""
    goes_on = learner.goes_on(now)
    suspends = not goes_on and learner.account is not Account.SUSPENDED
    why = "the renewal goes on" if goes_on else "the license has ended"
    if learner.lot is not None and learner.seat_ends_at <= now:
        yield _change(learner, learner.key, why, learner.lot, learner.seat_ends_at, suspends=suspends)
    following = learner.following
    if following is not None and following.ends_at <= now:
        key = f"{learner.key}/renewal"
        yield _change(learner, key, why, following.lot, following.ends_at, suspends=suspends)


def _change(learner: KnownLearner, key: str, why: str, lot: int, ends_at: int, *, suspends: bool) -> Change:
    name, data = learner.profile.full_name, {"suspends": True} if suspends else {}
    return Change(Kind.EXPIRE, key, learner.profile.email, name, why, learner.id, data, lot, ends_at)
