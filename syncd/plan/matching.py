"""Matching: which learner is this person, and what has to change for them?

    identity known     -> that learner: update, reactivate or note (here)
    disabled, or out of scope                     -> note (here)
    cannot be used     -> skip (here)
    identity unknown   -> a link, a join, a creation, or a skip (`newcomers`)

With several directories: what a learner's identities say together is settled when everything has been
read (`merging`); only the address is seen to at once, since others may want it. Directories are read in
the order in which their e-mail address counts, so that the first to have somebody has it.

Who is gone, and which address has become free, is known for certain only when every directory has
been read: those few are put off and decided by a last `decide`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncd.model import Kind, Presence, Profile
from syncd.plan import conflicts
from syncd.plan.addresses import Addresses, Answer
from syncd.plan.candidate import Candidate
from syncd.plan.claims import Claims
from syncd.plan.decisions import Decisions
from syncd.plan.drafting import address_of, draft, identity_of, update, with_data
from syncd.plan.leads import clash
from syncd.plan.newcomers import Newcomers
from syncd.plan.places import Places
from syncd.plan.policy import Policy
from syncd.plan.reconsidering import Reconsidering
from syncd.plan.returning import Returning
from syncd.plan.roster import KnownIdentity, KnownLearner, Roster
from syncd.plan.sight import Sight
from syncd.plan.skips import Reason
from syncd.plan.whereabouts import Whereabouts


class Matcher:
    """Decides page after page of one run. Keeps what later pages must know, and nothing else."""

    def __init__(
        self, policy: Policy, directories: Sequence[str], sight: Sight, ids: Iterator[int], now: int
    ) -> None:
        self._sight = sight
        self._several = len(directories) > 1
        self._claims = Claims(several=self._several)
        self._places = Places()
        self._whereabouts = Whereabouts(sight, directories, self._places)
        self._addresses = Addresses(self._claims, self._whereabouts)
        self._returning = Returning(now)
        self._reconsidering = Reconsidering(policy.matching, self._claims, self._places, self._addresses)
        self._newcomers = Newcomers(
            policy.matching,
            self._claims,
            self._places,
            self._addresses,
            self._whereabouts,
            self._reconsidering,
            self._returning,
            ids,
            now,
        )
        self.left: dict[int, None] = {}
        """Learners of whom this run saw an identity disabled or out of scope."""
        self.shared: dict[int, None] = {}
        """Learners with several identities of whom this run saw one anew."""

    @property
    def places(self) -> Places:
        """Where learners have come to be in this run."""
        return self._places

    @property
    def joined(self) -> dict[int, str]:
        """Newcomers whom another directory has too, and the key of their creation."""
        return self._reconsidering.joined

    def decide(self, page: Sequence[Candidate], roster: Roster) -> Decisions:
        """Decide everybody on one page but those put off."""
        decisions = Decisions()
        for candidate in page:
            known = roster.by_identity.get(candidate.identity)
            if candidate.skip:
                self._skip(candidate, candidate.skip, known, roster, decisions)
            elif candidate.profile is None:
                self._unwanted(candidate, known, roster, decisions)
            elif known is not None:
                self._known(candidate, candidate.profile, known, roster, decisions)
            else:
                self._newcomers.decide(candidate, candidate.profile, roster, decisions)
        return decisions

    def put_off(self) -> list[Candidate]:
        """Those to decide with `decide` once everything has been read. Nobody is put off twice."""
        self._whereabouts.close()
        return self._addresses.last_call()

    def takes_address(
        self, key: str, email: str, known: KnownLearner, roster: Roster, decisions: Decisions
    ) -> bool:
        """Whether the learner may have `email` now that everything has been read."""
        answer = self._reconsidering.takes_address(key, email, known, roster, decisions)
        return answer is Answer.THEIRS

    def is_free(self, email: str) -> bool:
        """Whether nobody has spoken for the address in this run."""
        return self._claims.of_email(email) is None

    # -- people the register knows by this identity ------------------------------------------------

    def _known(
        self,
        candidate: Candidate,
        profile: Profile,
        known: KnownLearner,
        roster: Roster,
        decisions: Decisions,
    ) -> None:
        identity = roster.identity(candidate.identity)
        if why := clash(candidate, known, roster):
            self._sight.skipped(identity.number)
            decisions.changes.append(conflicts.skip(candidate, why, (), known))
            return
        self._sight.saw(identity.number, Presence.PRESENT)
        self._hold_places(candidate, profile, known, roster)
        self._reconsidering.find_by_link(candidate, known, decisions)
        wanted = self._wanted(candidate, profile, known)
        if wanted.email != known.profile.email:
            if not self._moves(candidate, wanted.email, known, roster, decisions):
                return
        elif not self._addresses.gives_up(known):  # by what another directory said of them before
            self._addresses.keep(wanted.email, known.id, candidate.key, newcomer=False)
        self._claims.speak_for_links(candidate, known.id, newcomer=False)
        back = self._returning.of(candidate, known, decisions)
        found = [*update(known, wanted, candidate), *back]
        if not found:
            found = [draft(Kind.NOTE, candidate, known.profile, candidate.why, known.id)]
        decisions.changes += [with_data(found[0], self._observed(candidate, known, identity)), *found[1:]]

    def _hold_places(
        self, candidate: Candidate, profile: Profile, known: KnownLearner, roster: Roster
    ) -> None:
        """Who can be found by something the register does not know yet must be known to have a place."""
        news = profile.email != known.profile.email or any(
            all(known.id != holder.id for holder in roster.by_link.get(value, ()))
            for value in candidate.links
        )
        for entry in known.identities if news and self._several else ():
            self._places.keep(known.id, entry.key)

    def _wanted(self, candidate: Candidate, profile: Profile, known: KnownLearner) -> Profile:
        """The profile as far as it can be told now: all of it where they are in one directory only."""
        if len(known.identities) == 1 and not any(self._places.of(known.id)):
            return profile
        self.shared[known.id] = None
        if self._whereabouts.speaks_for(known, candidate.identity.directory):
            return known.profile._replace(email=profile.email)
        return known.profile

    def _moves(
        self, candidate: Candidate, email: str, known: KnownLearner, roster: Roster, decisions: Decisions
    ) -> bool:
        """Whether the learner gets their new address now; else they are put off, or skipped."""
        answer = self._reconsidering.takes_address(candidate.key, email, known, roster, decisions)
        holder = roster.by_email.get(email)
        if answer is Answer.LATER and holder:
            self._addresses.put_off_move(candidate, email, known, holder.id)
        elif answer is not Answer.THEIRS:
            self._skip(candidate, address_of(email, holder), known, roster, decisions)
        return answer is Answer.THEIRS

    # -- people who should have no account, or cannot be used ---------------------------------------

    def _unwanted(
        self, candidate: Candidate, known: KnownLearner | None, roster: Roster, decisions: Decisions
    ) -> None:
        if known is None:
            return
        identity = roster.identity(candidate.identity)
        self._sight.saw(identity.number, candidate.presence)
        self.left[known.id] = None
        data = self._observed(candidate, known, identity)
        decisions.changes.append(draft(Kind.NOTE, candidate, known.profile, candidate.why, known.id, data))

    def _skip(
        self, candidate: Candidate, why: str, known: KnownLearner | None, roster: Roster, decisions: Decisions
    ) -> None:
        if known is not None:
            self._sight.skipped(roster.identity(candidate.identity).number)
        profile = candidate.profile or (known.profile if known else Profile(email=""))
        learner = known.id if known else None
        reason = Reason.NO_ADDRESS if candidate.skip else Reason.ADDRESS_TAKEN
        data = {"where": candidate.where, "reason": reason}
        decisions.changes.append(draft(Kind.SKIP, candidate, profile, why, learner, data))

    def _observed(
        self, candidate: Candidate, known: KnownLearner, identity: KnownIdentity
    ) -> dict[str, object]:
        shared = known.id in self.shared
        seen = {"number": identity.number, **identity_of(candidate, shared=shared)}
        data: dict[str, object] = {"identity": seen}
        if not shared and known.waiting_priority not in (None, candidate.priority) and candidate.profile:
            data["priority"] = candidate.priority
        return data
