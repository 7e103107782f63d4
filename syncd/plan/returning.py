"""Returning: a learner who has left, or had begun to, and is there again."""

from __future__ import annotations

from collections.abc import Iterator

from syncd.model import Account, Change, Kind
from syncd.plan.candidate import Candidate
from syncd.plan.decisions import Decisions
from syncd.plan.drafting import draft
from syncd.plan.roster import KnownLearner
from syncd.plan.seats import SeatRequest


class Returning:
    """Keeps whom this run has brought back, so that nobody is twice."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._returned: dict[int, str] = {}

    def of(self, candidate: Candidate, known: KnownLearner, decisions: Decisions) -> Iterator[Change]:
        """What their being there changes; nothing for those who never left."""
        by = known.suspended_by if known.account is Account.SUSPENDED else ""
        if by not in ("sync", "expiry"):
            if known.left_at is not None:
                yield draft(Kind.NOTE, candidate, known.profile, "is back", known.id, {"back": True})
            return
        if known.id in self._returned or (by == "expiry" and known.left_at is None):
            return
        self._returned[known.id] = candidate.key
        data: dict[str, object] = {"back": True}
        why = "is back in the directory"
        if known.license_over:
            data["lapsed"], why = True, f"{why}, but the license has ended"
        elif not known.is_licensed(self._now):
            data["priority"] = candidate.priority
            request = SeatRequest(candidate.priority, self._now, candidate.key, Kind.REACTIVATE, known.id)
            decisions.requests.append(request)
        yield draft(Kind.REACTIVATE, candidate, known.profile, why, known.id, data)

    def take_back(self, key: str) -> None:
        """What was decided under `key` is not done after all."""
        self._returned = {learner: by for learner, by in self._returned.items() if by != key}
