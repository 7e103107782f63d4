"""Leads: whom the link values of somebody unknown lead to, among learners and among this run's newcomers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from syncd.plan import conflicts
from syncd.plan.candidate import Candidate
from syncd.plan.claims import Claim, Claims, is_of_another
from syncd.plan.roster import KnownLearner, Roster
from syncd.plan.whereabouts import Room, Whereabouts, is_elsewhere


class Lead(NamedTuple):
    """One learner, or one newcomer (by their claim), whom `value` leads to. `whom` says who, in words."""

    learner: int
    value: str
    whom: str
    known: KnownLearner | None = None
    claim: Claim | None = None


@dataclass(slots=True)
class Found:
    """`lead` where there is exactly one; else the `conflict`, between those of `rivals` too.

    `unseen`: it depends on somebody of this very directory who has not been seen yet.
    """

    lead: Lead | None = None
    conflict: str = ""
    rivals: list[str] = field(default_factory=list)
    unseen: bool = False


class Leads:
    def __init__(self, claims: Claims, whereabouts: Whereabouts) -> None:
        self._claims = claims
        self._whereabouts = whereabouts

    def of(self, candidate: Candidate, roster: Roster) -> Found:
        found = Found()
        leads: dict[int, Lead] = {}
        for value in candidate.links:
            for lead in self._registered(value, candidate, roster, found):
                leads.setdefault(lead.learner, lead)
            for lead in self._claimed(value, candidate, found):
                leads.setdefault(lead.learner, lead)
        if found.conflict or found.unseen:
            return found
        if len(leads) > 1:
            one, other = sorted(leads.values(), key=lambda lead: lead.value)[:2]
            found.conflict = conflicts.two_learners((one.value, one.whom), (other.value, other.whom))
            found.rivals = [lead.claim.key for lead in (one, other) if lead.claim]
        found.lead = next(iter(leads.values()), None)
        return found

    def _registered(self, value: str, candidate: Candidate, roster: Roster, found: Found) -> list[Lead]:
        """Learners the register knows by this value, of whom the candidate may be one."""
        directory = candidate.identity.directory
        there: list[Lead] = []
        here: list[KnownLearner] = []
        for known in roster.by_link.get(value, ()):
            room = self._whereabouts.room_for(known, directory)
            found.unseen = found.unseen or room is Room.UNSEEN
            if room is Room.FREE:
                there.append(Lead(known.id, value, conflicts.in_words(known), known))
            elif room is Room.TAKEN:
                here.append(known)
        if here and there:
            found.conflict = conflicts.shared_value(value, conflicts.in_words(here[0]), candidate.key)
        for known in here:
            if not all(entry.identity.directory == directory for entry in known.identities):
                taken = next(entry.key for entry in known.identities if entry.identity.directory == directory)
                why = f"the link value {value}"
                found.conflict = conflicts.place_taken(why, conflicts.in_words(known), directory, taken)
        return there

    def _claimed(self, value: str, candidate: Candidate, found: Found) -> list[Lead]:
        """Those who spoke for this value in this run."""
        claim = self._claims.of_link(value)
        if claim is None or not is_of_another(claim, candidate.key):
            return []
        if claim.rival:
            found.conflict = conflicts.shared_value(value, claim.key, claim.rival)
            found.rivals += [claim.key, claim.rival]
            return []
        if self._claims.is_out(claim):
            found.conflict = conflicts.left_out(value, claim.key)
            found.rivals.append(claim.key)
            return []
        return [Lead(claim.learner, value, claim.key, claim=claim)]


def clash(candidate: Candidate, known: KnownLearner, roster: Roster) -> str:
    """Why somebody the register knows may be another learner it knows; nothing when all agree."""
    directory = candidate.identity.directory
    for value in candidate.links:
        holders = roster.by_link.get(value, ())
        others = [other for other in holders if other.id != known.id and is_elsewhere(other, directory)]
        if others and all(holder.id != known.id for holder in holders):
            return conflicts.known_apart(known, value, conflicts.in_words(others[0]))
    return ""
