"""Together: once everything has been read, what several directories say of one person is put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from syncd.model import Change, Kind
from syncd.plan import settling
from syncd.plan.decisions import Decisions
from syncd.plan.drafting import address_of
from syncd.plan.matching import Matcher
from syncd.plan.merging import Precedence
from syncd.plan.roster import KnownLearner
from syncd.plan.settling import Amendment
from syncd.plan.sight import Sight
from syncd.register_port import Register


class Together:
    """Reads back what one run has planned of people with several identities, a page of them at a time."""

    def __init__(
        self, register: Register, precedence: Precedence, matcher: Matcher, sight: Sight, run: int, now: int
    ) -> None:
        self._register = register
        self._precedence = precedence
        self._matcher = matcher
        self._sight = sight
        self._run = run
        self._now = now

    def known(self, learners: Sequence[KnownLearner], decisions: Decisions) -> Iterator[Amendment]:
        """Learners the register knows. What else has to give way for them is in `decisions`."""
        linked = {learner.id: [*self._matcher.places.of(learner.id)] for learner in learners}
        several = [one for one in learners if len(one.identities) > 1 or linked[one.id]]
        keys = {one.id: [*settling.keys_of(one, linked[one.id])] for one in several}
        rows = self._rows(key for each in keys.values() for key in each)
        for one in several:
            changes = [change for key in keys[one.id] for change in rows[key]]
            asks = self._asks(one, decisions)
            yield settling.settle(self._precedence, one, changes, self._sight, asks)

    def new(self, joined: Sequence[tuple[int, str]]) -> Iterator[Amendment]:
        """Newcomers whom another directory has too: (learner, key of their creation)."""
        places = {learner: [key for _, key in self._matcher.places.of(learner)] for learner, _ in joined}
        rows = self._rows(key for learner, created in joined for key in (created, *places[learner]))
        for learner, key in joined:
            created = next((c for c in rows[key] if c.kind is Kind.CREATE and c.learner == learner), None)
            joins = [
                c for k in places[learner] for c in rows[k] if c.kind is Kind.JOIN and c.learner == learner
            ]
            if created is not None and joins:
                amended = settling.create_together(self._precedence, created, joins, self._is_free)
                if amended != created:
                    yield Amendment([(Kind.CREATE, key)], [amended])

    def _rows(self, keys: Iterator[str]) -> dict[str, list[Change]]:
        found: dict[str, list[Change]] = defaultdict(list)
        for entry in self._register.journal.under(self._run, [*keys]):
            found[entry.change.key].append(entry.change)
        return found

    def _asks(self, learner: KnownLearner, decisions: Decisions) -> Callable[[str, str], str]:
        def asks(key: str, email: str) -> str:
            roster = self._register.people.roster([], [email], [], self._now)
            if self._matcher.takes_address(key, email, learner, roster, decisions):
                return ""
            return address_of(email, roster.by_email.get(email))

        return asks

    def _is_free(self, email: str) -> bool:
        roster = self._register.people.roster([], [email], [], self._now)
        return not roster.by_email and self._matcher.is_free(email)
