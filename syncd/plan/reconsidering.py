"""Reconsidering: a newcomer planned earlier in this run, in the light of a learner read later.

the learner has a link value of theirs                      -> they are that learner
the learner takes their address, and addresses tell who is  -> they are that learner
the learner takes their address otherwise                   -> a learner goes before: they are left out
"""

from __future__ import annotations

from syncd.plan import conflicts
from syncd.plan.addresses import Addresses, Answer
from syncd.plan.candidate import Candidate
from syncd.plan.claims import Claim, Claims, is_of_another
from syncd.plan.decisions import Adopted, Decisions, TakenBack
from syncd.plan.places import EMAIL, LINK, Places, directory_of
from syncd.plan.policy import Matching
from syncd.plan.roster import KnownLearner, Roster
from syncd.plan.whereabouts import is_elsewhere


class Reconsidering:
    def __init__(self, matching: Matching, claims: Claims, places: Places, addresses: Addresses) -> None:
        self._matching = matching
        self._claims = claims
        self._places = places
        self._addresses = addresses
        self.joined: dict[int, str] = {}
        """Newcomers whom another directory has too, and the key of their creation."""

    def find_by_link(self, candidate: Candidate, known: KnownLearner, decisions: Decisions) -> None:
        """Newcomers of other directories who have a link value of the learner are that learner."""
        for value in candidate.links:
            claim = self._claims.of_link(value)
            if (
                claim is not None
                and claim.newcomer
                and not claim.rival
                and not self._claims.is_out(claim)
                and is_of_another(claim, candidate.key)
            ):
                why = f"the same person as learner {known.id}: {value}"
                if not self._recognise(claim, known, LINK, why, decisions):
                    self._turn_away(claim, known, value, decisions)

    def takes_address(
        self, key: str, email: str, known: KnownLearner, roster: Roster, decisions: Decisions
    ) -> Answer:
        """Whether the learner, found under `key`, may have `email`; a newcomer who has it makes way."""
        answer = self._addresses.ask(email, known, roster.by_email.get(email))
        claim = self._claims.of_email(email)
        if answer is Answer.A_NEWCOMERS and claim is not None:
            across = self._matching.by_email and is_of_another(claim, key) and not claim.rival
            why = f"has the e-mail address of learner {known.id}"
            if not (across and self._recognise(claim, known, EMAIL, why, decisions)) and not claim.rival:
                taken = f"shares the address {email} with {conflicts.in_words(known)}, a learner already"
                self.leave_out(claim, taken, decisions)
            answer = Answer.THEIRS
        if answer is Answer.THEIRS:
            self._addresses.take(email, known, key)
        return answer

    def leave_out(self, claim: Claim, why: str, decisions: Decisions, rivals: tuple[str, ...] = ()) -> None:
        """A newcomer planned before is not added after all, nor is whoever joined them."""
        key = self.joined.pop(claim.learner, claim.key)
        self._claims.leave_out(key, claim.learner)
        decisions.taken_back.append(TakenBack(key, why, rivals))

    def _recognise(self, claim: Claim, known: KnownLearner, by: int, why: str, decisions: Decisions) -> bool:
        """The newcomer is this learner, if the learner has room for them; and so is whoever joined them."""
        key = self.joined.get(claim.learner, claim.key)
        if not is_elsewhere(known, directory_of(key)) or not self._places.claim(known.id, key, by)[0]:
            return False
        for directory, joiner in [*self._places.of(claim.learner)]:
            if not (is_elsewhere(known, directory) and self._places.claim(known.id, joiner, by)[0]):
                self._claims.leave_out(joiner)
        self.joined.pop(claim.learner, None)
        self._claims.become(claim.learner, known.id)
        decisions.adopted.append(Adopted(key, known, why))
        return True

    def _turn_away(self, claim: Claim, known: KnownLearner, value: str, decisions: Decisions) -> None:
        """The learner has somebody else where the newcomer is."""
        directory = directory_of(self.joined.get(claim.learner, claim.key))
        there = next((e.key for e in known.identities if e.identity.directory == directory), "")
        there = there or self._places.holder(known.id, directory)
        what, whom = f"the link value {value}", conflicts.in_words(known)
        self.leave_out(claim, conflicts.place_taken(what, whom, directory, there), decisions, (there,))
