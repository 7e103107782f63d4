"""Expiring: whose license is over by the clock comes into the plan, however long ago that was."""

from __future__ import annotations

from collections.abc import Collection

from syncd.plan import expiry
from syncd.ports import Register

_PAGE = 1000


def expire(register: Register, run: int, now: int, *, spared: Collection[int] = ()) -> set[int]:
    """Plan the end of every license that is over; return who is suspended by it.

    `spared` are renewed in this same plan: their old license ends with that.
    """
    suspended: set[int] = set()
    over = [learner for learner in register.licenses.over(now) if learner not in spared]
    for start in range(0, len(over), _PAGE):
        known = register.people.learners(over[start : start + _PAGE], now)
        changes = [change for learner in known for change in expiry.decide(learner, now)]
        register.journal.write(run, changes)
        suspended |= {change.learner or 0 for change in changes if "suspends" in change.data}
    return suspended
