"""Planning: what is decided of people, page by page, becomes the plan; at the end it is settled.

decided                 -> written down, with who wants a seat
decided otherwise after -> taken back; or linked to the learner they turn out to be
several directories     -> newcomers and learners are what these say together
everybody seen          -> who has left is suspended, and their seats are released
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from syncd.drafts import Drafts
from syncd.model import Change, Kind
from syncd.plan import leavers
from syncd.plan.conflicts import left_to
from syncd.plan.decisions import Adopted, Decisions, TakenBack
from syncd.plan.drafting import linked_to, own_words
from syncd.plan.matching import Matcher
from syncd.plan.places import directory_of
from syncd.plan.policy import Policy
from syncd.plan.roster import KnownLearner
from syncd.plan.seats import YEAR, SeatRequest
from syncd.plan.sight import Sight
from syncd.plan.skips import Reason
from syncd.register_port import Register
from syncd.together import Together

PAGE = 1000  # people looked up in the register at once
_REPRIORITIZING = (Kind.NOTE, Kind.UPDATE)  # of somebody in line

T = TypeVar("T")


class Planning:
    """The plan of one run in the making.

    `requests`: who wants a seat. `priorities`: new ones of people in line. `leaving`: learners who have left.
    `lapsed`: who is back without a license, since theirs has ended. `freed`: seats by lot.
    """

    def __init__(
        self,
        register: Register,
        policy: Policy,
        matcher: Matcher,
        together: Together,
        drafts: Drafts,
        sight: Sight,
        now: int,
    ) -> None:
        self._register = register
        self._policy = policy
        self._matcher = matcher
        self._together = together
        self._drafts = drafts
        self._sight = sight
        self._now = now
        self.requests: list[SeatRequest] = []
        self.priorities: dict[int, int] = {}
        self.leaving: set[int] = set()
        self.lapsed: set[int] = set()
        self.freed: Counter[int] = Counter()

    def heed(self, decisions: Decisions) -> None:
        """Write down what was decided, and undo what it does away with."""
        self._prioritise(decisions.changes)
        self.lapsed |= {c.learner for c in decisions.changes if "lapsed" in c.data and c.learner}
        self._drafts.write(*decisions.changes)
        self.requests += decisions.requests
        for taken_back in decisions.taken_back:
            self._take_back(taken_back)
        for adopted in decisions.adopted:
            self._adopt(adopted)

    def settle(self, absent: Sequence[int]) -> None:
        """Everything has been read. `absent`: identities that were not seen where everybody was."""
        self._settle_newcomers()
        self._settle_learners(absent)
        self._drafts.flush()

    def _prioritise(self, changes: Sequence[Change]) -> None:
        """Who waits has another place in the line from now on."""
        for change in changes:
            if change.kind in _REPRIORITIZING and change.learner and "priority" in change.data:
                self.priorities[change.learner] = int(change.data["priority"])

    def _take_back(self, taken_back: TakenBack) -> None:
        """What was decided of somebody is not done after all: they are skipped, and whoever joined them."""
        taken = {"reason": Reason.ADDRESS_TAKEN}
        because = {"conflict": list(taken_back.rivals)} if taken_back.rivals else taken
        undone = {change.key: change for change in self._undo(taken_back.key)}
        for key, change in sorted(undone.items()):
            data = {"where": _where(change), **because}
            email, name = own_words(change)
            self._drafts.write(Change(Kind.SKIP, key, email, name, taken_back.why, data=data))

    def _adopt(self, adopted: Adopted) -> None:
        """The newcomer planned earlier is a learner there is: linked, not created; so is who joined them."""
        known, taken = adopted.learner, {entry.identity.directory for entry in adopted.learner.identities}
        for change in self._undo(adopted.key):
            if directory_of(change.key) in taken:
                self._drafts.write(left_to(known, change))
            else:
                self._drafts.write(linked_to(known, change, adopted.why))

    def _undo(self, key: str) -> list[Change]:
        undone = self._drafts.undo(key)
        keys = {change.key for change in undone}
        self.lapsed.difference_update(change.learner or 0 for change in undone)
        self.requests = [entry for entry in self.requests if entry.key not in keys]
        return undone

    def _settle_newcomers(self) -> None:
        """Who was planned as new, and is known to several directories, is what they say together."""
        self._drafts.flush()
        better: dict[str, int] = {}
        for page in paged(sorted(self._matcher.joined.items()), PAGE):
            amendments = [*self._together.new(page)]
            better |= {c.key: int(c.data["priority"]) for entry in amendments for c in entry.write}
            self._drafts.amend(amendments)
        if better:
            self.requests = [
                entry._replace(priority=better.get(entry.key, entry.priority)) for entry in self.requests
            ]

    def _settle_learners(self, absent: Sequence[int]) -> None:
        """Who has left; and what several directories say together of those who have not."""
        people = self._register.people
        self._drafts.flush()
        for page in paged(sorted(self._suspects(absent)), PAGE):
            decisions, learners = Decisions(), people.learners(page, self._now)
            amendments = [*self._together.known(learners, decisions)]
            self._drafts.amend(amendments)
            self._prioritise([change for entry in amendments for change in entry.write])
            self.heed(decisions)
            kept = self._used_up(page)
            for learner in learners:
                self._judge_leaving(learner, kept[learner.id])

    def _suspects(self, absent: Sequence[int]) -> Collection[int]:
        """Learners who may have left, or of whom several directories may say something new."""
        people, matcher = self._register.people, self._matcher
        delete_after = self._policy.grace.delete_after
        gone_since = None if delete_after is None else self._now - delete_after
        suspects = {*people.leaving(gone_since), *matcher.left, *matcher.shared}
        suspects |= matcher.places.learners() - matcher.joined.keys()
        for numbers in paged(absent, PAGE):
            suspects |= people.owners(numbers)
        return suspects

    def _used_up(self, learners: Sequence[int]) -> dict[int, set[int]]:
        """Whose seats, by lot, must not go to anybody else before they end."""
        kept: dict[int, set[int]] = defaultdict(set)
        most = self._policy.seats.max_moves
        if most is not None:
            for learner, lot in self._register.moves.used_up(learners, most, self._now - YEAR):
                kept[learner].add(lot)
        return kept

    def _judge_leaving(self, learner: KnownLearner, kept: Collection[int]) -> None:
        linked = any(True for _ in self._matcher.places.of(learner.id))
        if leavers.has_left(learner, self._sight, linked=linked):
            self.leaving.add(learner.id)
        grace = self._policy.grace
        for change in leavers.decide(grace, learner, self._sight, self._now, linked=linked, kept=kept):
            if change.kind is Kind.RELEASE and change.lot is not None:
                self.freed[change.lot] += 1
            self._drafts.write(change)


def paged(everything: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def _where(change: Change) -> object:
    seen = change.data.get("identity")
    return seen.get("where", "") if isinstance(seen, dict) else ""
