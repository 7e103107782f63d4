"""Expiring: whose license is over by the clock comes into the plan, however long ago that was."""

from __future__ import annotations

from collections.abc import Collection

from syncd.plan import expiry
from syncd.register_port import Register
from syncd.survey import Surveyed

_PAGE = 1000


def expire(
    register: Register, run: int, now: int, surveyed: Surveyed, *, renewed: Collection[int] = ()
) -> int:
    """Plan the end of every license that is over; return how many people are here without one then.

    The old license of those `renewed` in this same plan ends with that.
    """
    lapsed = {*register.licenses.lapsed(), *surveyed.lapsed}
    over = [learner for learner in register.licenses.over(now) if learner not in renewed]
    for start in range(0, len(over), _PAGE):
        known = register.people.learners(over[start : start + _PAGE], now)
        changes = [change for learner in known for change in expiry.decide(learner, now)]
        register.journal.write(run, changes)
        lapsed |= {change.learner or 0 for change in changes if "suspends" in change.data}
    return len(lapsed.difference(surveyed.leaving, renewed))
