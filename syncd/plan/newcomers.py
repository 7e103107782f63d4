"""Newcomers: somebody the register does not know by this identity. Which learner are they?

a link value of one learner, or of one newcomer, of another directory   -> that one: link, or join
  … whose identity in this directory is gone: an account made anew      -> link
  … and the address is somebody else's of another directory             -> conflict
  … and a colleague of this directory is that one already               -> conflict
link values that lead to several, or that colleagues share              -> conflict
e-mail of a learner known from another directory -> link, where `match.by` has email, else skip
e-mail of a learner nobody manages               -> link (adopt), where configured, else skip
e-mail of a learner whose identity is gone       -> link (recreated account), where configured, else skip
e-mail of somebody else in the same directory    -> skip; of two newcomers, both: nobody guesses;
                                                    of a newcomer and a learner: the newcomer
otherwise                                        -> create
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncd.model import Change, Kind, Profile
from syncd.plan import conflicts
from syncd.plan.addresses import Addresses, Answer
from syncd.plan.candidate import Candidate
from syncd.plan.claims import Claim, Claims, is_of_another
from syncd.plan.decisions import Decisions, TakenBack
from syncd.plan.drafting import draft, identity_of, update
from syncd.plan.leads import Lead, Leads
from syncd.plan.places import EMAIL, LINK, Places
from syncd.plan.policy import Matching
from syncd.plan.reconsidering import Reconsidering
from syncd.plan.returning import Returning
from syncd.plan.roster import KnownLearner, Roster
from syncd.plan.seats import SeatRequest
from syncd.plan.skips import Reason
from syncd.plan.whereabouts import Whereabouts, is_elsewhere


class Newcomers:
    def __init__(
        self,
        matching: Matching,
        claims: Claims,
        places: Places,
        addresses: Addresses,
        whereabouts: Whereabouts,
        reconsidering: Reconsidering,
        returning: Returning,
        ids: Iterator[int],
        now: int,
    ) -> None:
        self._matching = matching
        self._claims = claims
        self._places = places
        self._addresses = addresses
        self._whereabouts = whereabouts
        self._reconsidering = reconsidering
        self._returning = returning
        self._ids = ids
        self._now = now
        self._leads = Leads(claims, whereabouts)

    def decide(self, candidate: Candidate, profile: Profile, roster: Roster, decisions: Decisions) -> None:
        leads = self._leads.of(candidate, roster)
        if leads.unseen:
            self._addresses.put_off(candidate)
        elif leads.conflict:
            self._conflict(candidate, leads.conflict, leads.rivals, decisions)
        elif leads.lead:
            self._by_link(candidate, profile, leads.lead, roster, decisions)
        else:
            self._by_email(candidate, profile, roster, decisions)

    # -- by a link value in common ---------------------------------------------------------------------

    def _by_link(
        self, candidate: Candidate, profile: Profile, lead: Lead, roster: Roster, decisions: Decisions
    ) -> None:
        other = self._whose_address(candidate, profile.email, lead, roster)
        if other is None:
            self._addresses.put_off(candidate)
            return
        if other:
            why = conflicts.link_against_address(lead.value, lead.whom, profile.email, other)
            self._conflict(candidate, why, [lead.whom, other], decisions)
            return
        what = f"the link value {lead.value}"
        if not self._takes_place(candidate, lead.learner, LINK, what, lead.whom, decisions):
            return
        if lead.known:
            why = f"the same person as learner {lead.known.id}: {lead.value}"
            self._link(candidate, profile, lead.known, why, roster, decisions)
        elif lead.claim:
            why = f"the same person in another directory: {lead.value}"
            self._join(candidate, profile, lead.claim, why, decisions)

    def _whose_address(self, candidate: Candidate, email: str, lead: Lead, roster: Roster) -> str | None:
        """Whom the address leads to, if to somebody else than the link; None: not known yet."""
        if not self._matching.by_email or self._addresses.is_freed(email):
            return ""
        holder = roster.by_email.get(email)
        if holder is not None and holder.id != lead.learner and _is_managed_elsewhere(holder, candidate):
            if self._addresses.may_still_move(holder):
                return None
            if not self._whereabouts.is_gone(holder):
                return conflicts.in_words(holder)
        claim = self._claims.of_email(email)
        if claim is None or claim.learner == lead.learner or self._claims.is_out(claim):
            return ""
        return claim.key if is_of_another(claim, candidate.key) else ""

    # -- by the e-mail address -------------------------------------------------------------------------

    def _by_email(self, candidate: Candidate, profile: Profile, roster: Roster, decisions: Decisions) -> None:
        email = profile.email
        claim = self._claims.of_email(email)
        holder = None if self._addresses.is_freed(email) else roster.by_email.get(email)
        if holder is not None:
            self._learners(candidate, profile, holder, roster, decisions)
        elif claim is None:
            self._create(candidate, profile, decisions)
        elif self._matching.by_email and is_of_another(claim, candidate.key) and not claim.rival:
            why = f"the e-mail address {email}"
            if self._takes_place(candidate, claim.learner, EMAIL, why, claim.key, decisions):
                same = "the same e-mail address in another directory"
                self._join(candidate, profile, claim, same, decisions)
        elif claim.newcomer and not claim.rival:
            self._contest(candidate, claim, email, decisions)
        else:
            self._claims.be_left_out(candidate)
            why = f"shares the address {email} with others"
            decisions.changes.append(_skip(candidate, profile, why))

    def _learners(
        self,
        candidate: Candidate,
        profile: Profile,
        holder: KnownLearner,
        roster: Roster,
        decisions: Decisions,
    ) -> None:
        """The address is that of a learner the register knows."""
        matching = self._matching
        elsewhere = _is_managed_elsewhere(holder, candidate)
        if self._addresses.may_still_move(holder) and (matching.by_email or not elsewhere):
            self._addresses.put_off(candidate)
        elif elsewhere and matching.by_email:
            why = f"has the e-mail address of learner {holder.id}"
            self._link_by_email(candidate, profile, holder, why, roster, decisions)
        elif elsewhere:
            why = f"the address {profile.email} belongs to learner {holder.id} from another directory"
            decisions.changes.append(_skip(candidate, profile, f"{why}; match.by has no email"))
        elif holder.identities and not self._whereabouts.is_gone(holder):
            why = f"has the e-mail address of {holder.profile.full_name or 'somebody'} (learner {holder.id})"
            decisions.changes.append(_skip(candidate, profile, why))
        elif matching.adopt_by_email:
            why = f"adopted: has the e-mail address of learner {holder.id}"
            self._link_by_email(candidate, profile, holder, why, roster, decisions)
        else:
            whose = "whose account is gone" if holder.identities else "added by hand"
            why = f"the address {profile.email} belongs to learner {holder.id}, {whose}"
            decisions.changes.append(
                _skip(candidate, profile, f"{why}; match.adopt_by_email would link them")
            )

    def _link_by_email(
        self,
        candidate: Candidate,
        profile: Profile,
        holder: KnownLearner,
        why: str,
        roster: Roster,
        decisions: Decisions,
    ) -> None:
        has = f"the e-mail address {profile.email}"
        if self._takes_place(candidate, holder.id, EMAIL, has, conflicts.in_words(holder), decisions):
            self._link(candidate, profile, holder, why, roster, decisions)

    def _contest(self, candidate: Candidate, claim: Claim, email: str, decisions: Decisions) -> None:
        """Of two newcomers with one address neither is added."""
        self._claims.emails[email] = claim._replace(rival=candidate.key)
        if is_of_another(claim, candidate.key):
            reason = conflicts.address_of_two(email, candidate.key)
            self._reconsidering.leave_out(claim, reason, decisions, (candidate.key,))
            self._conflict(candidate, conflicts.address_of_two(email, claim.key), [claim.key], decisions)
            return
        shares = f"shares the address {email} with {candidate.where or candidate.key}"
        self._reconsidering.leave_out(claim, shares, decisions)
        self._claims.be_left_out(candidate)
        why = f"shares the address {email} with another newcomer"
        decisions.changes.append(_skip(candidate, candidate.profile or Profile(email), why))

    # -- what comes of it ------------------------------------------------------------------------------

    def _takes_place(
        self, candidate: Candidate, learner: int, by: int, what: str, whom: str, decisions: Decisions
    ) -> bool:
        """Whether the candidate may be this learner where they are, and what becomes of who else would.

        `what` led to them, and `whom` they are, in words.
        """
        directory = candidate.identity.directory
        free, other, out = self._places.claim(learner, candidate.key, by)
        if out:
            self._claims.leave_out(other)
            self._returning.take_back(other)
            reason = conflicts.two_for_one(what, whom, candidate.key)
            if free:
                reason = conflicts.place_taken("the e-mail address", whom, directory, candidate.key)
            decisions.taken_back.append(TakenBack(other, reason, (candidate.key, whom)))
        if not free:
            reason = conflicts.place_taken(what, whom, directory, other)
            if out:
                reason = conflicts.two_for_one(what, whom, other)
            self._conflict(candidate, reason, [other, whom], decisions)
        return free

    def _conflict(self, candidate: Candidate, why: str, rivals: Sequence[str], decisions: Decisions) -> None:
        self._claims.be_left_out(candidate)
        decisions.changes.append(conflicts.skip(candidate, why, rivals))

    def _create(self, candidate: Candidate, profile: Profile, decisions: Decisions) -> None:
        learner = next(self._ids)
        self._addresses.keep(profile.email, learner, candidate.key, newcomer=True)
        self._claims.speak_for_links(candidate, learner, newcomer=True)
        data = {"profile": profile, "identity": identity_of(candidate), "priority": candidate.priority}
        decisions.changes.append(draft(Kind.CREATE, candidate, profile, candidate.why, learner, data))
        request = SeatRequest(candidate.priority, self._now, candidate.key, Kind.CREATE, learner)
        decisions.requests.append(request)

    def _link(
        self,
        candidate: Candidate,
        profile: Profile,
        known: KnownLearner,
        why: str,
        roster: Roster,
        decisions: Decisions,
    ) -> None:
        """Another identity of a learner there is. Their address is seen to at once, the rest at the end."""
        speaks = self._whereabouts.speaks_for(known, candidate.identity.directory)
        email = profile.email if speaks else known.profile.email
        if email != known.profile.email:
            answer = self._reconsidering.takes_address(candidate.key, email, known, roster, decisions)
            holder = roster.by_email.get(email)
            if answer is Answer.LATER and holder:
                self._addresses.put_off_move(candidate, email, known, holder.id)
                return
            if answer is not Answer.THEIRS:
                self._places.leave(known.id, candidate.key)
                reason = conflicts.address_taken(why, email, holder)
                self._conflict(candidate, reason, (), decisions)
                return
        data = {"identity": identity_of(candidate, shared=True), "back": True}
        decisions.changes.append(draft(Kind.LINK, candidate, known.profile, why, known.id, data))
        decisions.changes += update(known, known.profile._replace(email=email), candidate)
        self._addresses.keep(email, known.id, candidate.key, newcomer=False)
        self._claims.speak_for_links(candidate, known.id, newcomer=False)
        decisions.changes += self._returning.of(candidate, known, decisions)

    def _join(
        self, candidate: Candidate, profile: Profile, claim: Claim, why: str, decisions: Decisions
    ) -> None:
        """Another identity of somebody created in this run, or of a learner who has just been read."""
        data = {"identity": identity_of(candidate, shared=True)}
        kind = Kind.JOIN if claim.newcomer else Kind.LINK
        decisions.changes.append(draft(kind, candidate, profile, why, claim.learner, data))
        self._claims.speak_for_links(candidate, claim.learner, newcomer=claim.newcomer)
        if claim.newcomer:
            self._reconsidering.joined.setdefault(claim.learner, claim.key)


def _is_managed_elsewhere(holder: KnownLearner, candidate: Candidate) -> bool:
    return bool(holder.identities) and is_elsewhere(holder, candidate.identity.directory)


def _skip(candidate: Candidate, profile: Profile, why: str) -> Change:
    data = {"where": candidate.where, "reason": Reason.ADDRESS_TAKEN}
    return draft(Kind.SKIP, candidate, profile, why, None, data)
