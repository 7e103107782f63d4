"""Matching: which learner is this person, and what has to change for them?

    identity known                                   -> that learner: update, reactivate or note
    a link value in common with a learner            -> link (the same human in a second directory)
    e-mail of a learner known from another directory -> link, where `match.by` has email
    e-mail of a learner nobody manages               -> link (adopt), where configured, else skip
    e-mail of a learner whose identity is gone       -> link (recreated account), where configured, else skip
    e-mail of somebody else in the same directory    -> skip; of two newcomers, both: nobody guesses;
                                                        of a newcomer and a learner: the newcomer
    otherwise                                        -> create

Who is gone, and which address has become free, is known for certain only when every directory has
been read: those few are put off and decided by `settle`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from syncd.model import Account, Change, Kind, Presence, Profile
from syncd.plan.candidate import Candidate
from syncd.plan.claims import Claim, PutOff, freed_by_moving, is_of_another
from syncd.plan.drafting import difference, draft, identity_of, in_words, with_data
from syncd.plan.policy import Policy
from syncd.plan.roster import KnownIdentity, KnownLearner, Roster
from syncd.plan.seats import SeatRequest
from syncd.plan.sight import Sight
from syncd.plan.whereabouts import Whereabouts, is_elsewhere


@dataclass(slots=True)
class Decisions:
    """What one page comes to. `contested` are newcomers whose creation is taken back, by change key."""

    changes: list[Change] = field(default_factory=list)
    requests: list[SeatRequest] = field(default_factory=list)
    contested: list[tuple[str, Candidate]] = field(default_factory=list)


class Matcher:
    """Decides page after page of one run. Keeps what later pages must know, and nothing else."""

    def __init__(
        self, policy: Policy, directories: Sequence[str], sight: Sight, ids: Iterator[int], now: int
    ) -> None:
        self._policy = policy
        self._whereabouts = Whereabouts(sight, directories)
        self._sight = sight
        self._ids = ids
        self._now = now
        self._emails: dict[str, Claim] = {}
        self._links: dict[str, Claim] = {}
        self._freed: set[str] = set()
        self._put_off: list[PutOff] = []
        self._movers: set[int] = set()
        self._returned: set[int] = set()
        self._withdrawn: set[int] = set()
        self._last_call = False
        self.left: dict[int, None] = {}
        """Learners of whom this run saw an identity disabled or out of scope."""
        self.linked: set[int] = set()
        """Learners this run found under a new identity."""

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
                self._unknown(candidate, candidate.profile, roster, decisions)
        return decisions

    def put_off(self) -> list[Candidate]:
        """Those to decide with `decide` once everything has been read. Nobody is put off twice."""
        self._last_call = True
        self._freed |= freed_by_moving([entry for entry in self._put_off if entry.learner], self._freed)
        return [entry.candidate for entry in self._put_off]

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
        self._sight.saw(identity.number, Presence.PRESENT)
        wanted = profile if self._whereabouts.speaks_for(known, identity) else known.profile
        if wanted.email != known.profile.email and not self._takes_address(
            candidate, wanted.email, known, roster, decisions
        ):
            return
        self._claim(candidate, wanted.email, known.id, newcomer=False)
        found = [*self._update(candidate, known, wanted), *self._return(candidate, known, decisions)]
        if not found:
            found = [draft(Kind.NOTE, candidate, known.profile, candidate.why, known.id)]
        decisions.changes += [with_data(found[0], self._observed(candidate, known, identity)), *found[1:]]

    def _takes_address(
        self, candidate: Candidate, email: str, known: KnownLearner, roster: Roster, decisions: Decisions
    ) -> bool:
        claim = self._emails.get(email)
        holder = roster.by_email.get(email)
        if claim is not None and claim.learner != known.id:
            if claim.newcomer:
                self._withdraw(candidate, claim, decisions)
                del self._emails[email]
                self._freed.add(known.profile.email)
                return True
        elif holder is None or holder.id == known.id or email in self._freed:
            self._freed.add(known.profile.email)
            return True
        elif self._may_still_move(holder):
            self._put_off.append(PutOff(candidate, known.id, known.profile.email, email, holder.id))
            self._movers.add(known.id)
            return False
        other = (
            f"learner {holder.id} ({holder.profile.full_name})" if holder else "somebody else in this sync"
        )
        self._skip(candidate, f"the new address {email} belongs to {other}", known, roster, decisions)
        return False

    def _update(self, candidate: Candidate, known: KnownLearner, wanted: Profile) -> Iterator[Change]:
        before, after = difference(known.profile, wanted)
        if after:
            data = {"set": after, "was": before}
            yield draft(Kind.UPDATE, candidate, wanted, in_words(before, after), known.id, data)

    def _return(self, candidate: Candidate, known: KnownLearner, decisions: Decisions) -> Iterator[Change]:
        by = known.suspended_by if known.account is Account.SUSPENDED else ""
        if by not in ("sync", "expiry"):
            if known.left_at is not None:
                yield draft(Kind.NOTE, candidate, known.profile, "is back", known.id, {"back": True})
        elif known.id not in self._returned and (by == "sync" or known.left_at is not None):
            self._returned.add(known.id)
            data: dict[str, object] = {"back": True}
            why = "is back in the directory"
            if known.license_over:
                data["lapsed"], why = True, f"{why}, but the license has ended"
            elif not known.is_licensed(self._now):
                data["priority"] = candidate.priority
                decisions.requests.append(self._request(candidate, Kind.REACTIVATE, known.id))
            yield draft(Kind.REACTIVATE, candidate, known.profile, why, known.id, data)

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
        decisions.changes.append(
            draft(Kind.SKIP, candidate, profile, why, learner, {"where": candidate.where})
        )

    # -- people the register does not know by this identity -----------------------------------------

    def _unknown(self, candidate: Candidate, profile: Profile, roster: Roster, decisions: Decisions) -> None:
        if self._by_link(candidate, profile, roster, decisions):
            return
        claim = self._emails.get(profile.email)
        holder = None if profile.email in self._freed else roster.by_email.get(profile.email)
        if holder is not None:
            self._by_email(candidate, profile, holder, roster, decisions)
        elif claim is None:
            self._create(candidate, profile, decisions)
        elif self._joins(candidate, claim):
            self._join(candidate, profile, claim, "the same e-mail address in another directory", decisions)
        elif claim.newcomer and not claim.contested:
            self._emails[profile.email] = claim._replace(contested=True)
            self._withdraw(candidate, claim, decisions)
            why = f"shares the address {profile.email} with another newcomer"
            self._skip(candidate, why, None, roster, decisions)
        else:
            self._skip(candidate, f"shares the address {profile.email} with others", None, roster, decisions)

    def _by_link(self, candidate: Candidate, profile: Profile, roster: Roster, decisions: Decisions) -> bool:
        for value in candidate.links:
            known = roster.by_link.get(value)
            if known is not None and is_elsewhere(known, candidate):
                self._link(candidate, known, f"the same person as learner {known.id}: {value}", decisions)
                return True
            claim = self._links.get(value)
            if claim and claim.learner not in self._withdrawn and is_of_another(claim, candidate):
                self._join(
                    candidate, profile, claim, f"the same person in another directory: {value}", decisions
                )
                return True
        return False

    def _by_email(
        self,
        candidate: Candidate,
        profile: Profile,
        holder: KnownLearner,
        roster: Roster,
        decisions: Decisions,
    ) -> None:
        matching = self._policy.matching
        if is_elsewhere(holder, candidate) and holder.identities:
            if matching.by_email and self._may_still_move(holder):
                self._put_off.append(PutOff(candidate))
            elif matching.by_email:
                self._link(candidate, holder, f"has the e-mail address of learner {holder.id}", decisions)
            else:
                why = f"the address {profile.email} belongs to learner {holder.id} from another directory"
                self._skip(candidate, f"{why}; match.by has no email", None, roster, decisions)
        elif self._may_still_move(holder):
            self._put_off.append(PutOff(candidate))
        elif holder.identities and not self._whereabouts.is_gone(holder):
            why = f"has the e-mail address of {holder.profile.full_name or 'somebody'} (learner {holder.id})"
            self._skip(candidate, why, None, roster, decisions)
        elif matching.adopt_by_email:
            self._link(
                candidate, holder, f"adopted: has the e-mail address of learner {holder.id}", decisions
            )
        else:
            whose = "whose account is gone" if holder.identities else "added by hand"
            why = f"the address {profile.email} belongs to learner {holder.id}, {whose}"
            self._skip(candidate, f"{why}; match.adopt_by_email would link them", None, roster, decisions)

    def _create(self, candidate: Candidate, profile: Profile, decisions: Decisions) -> None:
        learner = next(self._ids)
        self._claim(candidate, profile.email, learner, newcomer=True)
        data = {"profile": profile, "identity": identity_of(candidate), "priority": candidate.priority}
        decisions.changes.append(draft(Kind.CREATE, candidate, profile, candidate.why, learner, data))
        decisions.requests.append(self._request(candidate, Kind.CREATE, learner))

    def _link(self, candidate: Candidate, known: KnownLearner, why: str, decisions: Decisions) -> None:
        self.linked.add(known.id)
        data = {"identity": identity_of(candidate), "back": True}
        decisions.changes.append(draft(Kind.LINK, candidate, known.profile, why, known.id, data))
        self._claim(candidate, known.profile.email, known.id, newcomer=False)
        decisions.changes += self._return(candidate, known, decisions)

    def _join(
        self, candidate: Candidate, profile: Profile, claim: Claim, why: str, decisions: Decisions
    ) -> None:
        data = {"identity": identity_of(candidate)}
        decisions.changes.append(draft(Kind.JOIN, candidate, profile, why, claim.learner, data))
        self._claim(candidate, profile.email, claim.learner, newcomer=claim.newcomer)

    def _withdraw(self, rival: Candidate, claim: Claim, decisions: Decisions) -> None:
        """Take back the newcomer of `claim`, whom `rival` shares an address with."""
        if not claim.contested:
            self._withdrawn.add(claim.learner)
            decisions.contested.append((claim.key, rival))

    # -- what is asked on the way --------------------------------------------------------------------

    def _may_still_move(self, holder: KnownLearner) -> bool:
        """Whether the learner may yet give up their address: put off themselves, or not seen so far."""
        if self._last_call:
            return False
        return holder.id in self._movers or self._whereabouts.may_turn_up(holder)

    def _joins(self, candidate: Candidate, claim: Claim) -> bool:
        return self._policy.matching.by_email and is_of_another(claim, candidate) and not claim.contested

    def _claim(self, candidate: Candidate, email: str, learner: int, *, newcomer: bool) -> None:
        claim = Claim(learner, candidate.key, newcomer)
        self._emails.setdefault(email, claim)
        for value in candidate.links:
            self._links.setdefault(value, claim)

    def _request(self, candidate: Candidate, kind: Kind, learner: int) -> SeatRequest:
        return SeatRequest(candidate.priority, self._now, candidate.key, kind, learner)

    def _observed(
        self, candidate: Candidate, known: KnownLearner, identity: KnownIdentity
    ) -> dict[str, object]:
        data: dict[str, object] = {"identity": {"number": identity.number, **identity_of(candidate)}}
        if known.waiting_priority not in (None, candidate.priority) and candidate.profile:
            data["priority"] = candidate.priority
        return data
