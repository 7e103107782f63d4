"""Matching: which learner is this person, and what has to change for them?

    identity known                                   -> that learner: update, reactivate or note
    a link value in common with a learner            -> link (the same human in a second directory)
    e-mail of a learner known from another directory -> link, where `match.by` has email
    e-mail of a learner nobody manages               -> link (adopt), where configured, else skip
    e-mail of a learner whose identity is gone       -> link (recreated account), where configured, else skip
    e-mail of somebody else in the same directory    -> skip; of two newcomers, both: nobody guesses
    otherwise                                        -> create

Who is gone, and which address has become free, is known for certain only when every directory has
been read: those few are put off and decided by `settle`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from syncd.model import Account, Change, Kind, Presence, Profile
from syncd.plan.candidate import Candidate
from syncd.plan.policy import Policy
from syncd.plan.roster import KnownIdentity, KnownLearner, Roster
from syncd.plan.seats import SeatRequest
from syncd.plan.sight import Sight


class Claim(NamedTuple):
    """An e-mail address or link spoken for in this run, by whom."""

    learner: int
    key: str
    newcomer: bool
    contested: bool = False


class PutOff(NamedTuple):
    """Somebody decided last. `learner` has the address `has`, and wants one that `holder` has; 0: nobody."""

    candidate: Candidate
    learner: int = 0
    has: str = ""
    wants: str = ""
    holder: int = 0


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
        self._rank: Mapping[str, int] = {name: place for place, name in enumerate(directories)}
        self._sight = sight
        self._ids = ids
        self._now = now
        self._emails: dict[str, Claim] = {}
        self._links: dict[str, Claim] = {}
        self._freed: set[str] = set()
        self._put_off: list[PutOff] = []
        self._movers: set[int] = set()
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
        self._freed |= _freed_by_moving([entry for entry in self._put_off if entry.learner], self._freed)
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
        wanted = profile if self._speaks_for(known, identity) else known.profile
        if wanted.email != known.profile.email and not self._takes_address(
            candidate, wanted.email, known, roster, decisions
        ):
            return
        self._claim(candidate, wanted.email, known.id, newcomer=False)
        found = [*self._update(candidate, known, wanted), *self._return(candidate, known, decisions)]
        if not found:
            found = [_change(Kind.NOTE, candidate, known.profile, candidate.why, known.id)]
        decisions.changes += [_with_data(found[0], self._observed(candidate, known, identity)), *found[1:]]

    def _speaks_for(self, known: KnownLearner, identity: KnownIdentity) -> bool:
        """Whether no directory listed before this one has the learner present."""
        return not any(
            self._rank.get(other.identity.directory, len(self._rank))
            < self._rank[identity.identity.directory]
            and self._sight.presence(other.number, other.identity.directory, other.presence)
            is Presence.PRESENT
            for other in known.identities
        )

    def _takes_address(
        self, candidate: Candidate, email: str, known: KnownLearner, roster: Roster, decisions: Decisions
    ) -> bool:
        claim = self._emails.get(email)
        holder = roster.by_email.get(email)
        if claim is not None and claim.learner != known.id:
            if claim.newcomer and not claim.contested:
                return self._contest(candidate, email, claim, known, roster, decisions)
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
            yield _change(Kind.UPDATE, candidate, wanted, _in_words(before, after), known.id, data)

    def _return(self, candidate: Candidate, known: KnownLearner, decisions: Decisions) -> Iterator[Change]:
        if known.account is not Account.SUSPENDED:
            if known.left_at is not None:
                yield _change(Kind.NOTE, candidate, known.profile, "is back", known.id, {"back": True})
            return
        if known.suspended_by != "sync":
            return
        data: dict[str, object] = {"back": True}
        if not known.is_licensed(self._now) and not known.license_over:
            data["priority"] = candidate.priority
            decisions.requests.append(self._request(candidate, Kind.REACTIVATE, known.id))
        yield _change(Kind.REACTIVATE, candidate, known.profile, "is back in the directory", known.id, data)

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
        decisions.changes.append(_change(Kind.NOTE, candidate, known.profile, candidate.why, known.id, data))

    def _skip(
        self, candidate: Candidate, why: str, known: KnownLearner | None, roster: Roster, decisions: Decisions
    ) -> None:
        if known is not None:
            self._sight.skipped(roster.identity(candidate.identity).number)
        profile = candidate.profile or (known.profile if known else Profile(email=""))
        learner = known.id if known else None
        decisions.changes.append(
            _change(Kind.SKIP, candidate, profile, why, learner, {"where": candidate.where})
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
            self._contest(candidate, profile.email, claim, None, roster, decisions)
        else:
            self._skip(candidate, f"shares the address {profile.email} with others", None, roster, decisions)

    def _by_link(self, candidate: Candidate, profile: Profile, roster: Roster, decisions: Decisions) -> bool:
        for value in candidate.links:
            known = roster.by_link.get(value)
            if known is not None and self._is_elsewhere(known, candidate):
                self._link(candidate, known, f"the same person as learner {known.id}: {value}", decisions)
                return True
            claim = self._links.get(value)
            if claim is not None and self._in_other_directory(claim, candidate):
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
        if self._is_elsewhere(holder, candidate) and holder.identities:
            if matching.by_email and self._may_still_move(holder):
                self._put_off.append(PutOff(candidate))
            elif matching.by_email:
                self._link(candidate, holder, f"has the e-mail address of learner {holder.id}", decisions)
            else:
                why = f"the address {profile.email} belongs to learner {holder.id} from another directory"
                self._skip(candidate, f"{why}; match.by has no email", None, roster, decisions)
        elif self._may_still_move(holder):
            self._put_off.append(PutOff(candidate))
        elif holder.identities and not self._is_gone(holder):
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
        data = {"profile": profile, "identity": _identity(candidate), "priority": candidate.priority}
        decisions.changes.append(_change(Kind.CREATE, candidate, profile, candidate.why, learner, data))
        decisions.requests.append(self._request(candidate, Kind.CREATE, learner))

    def _link(self, candidate: Candidate, known: KnownLearner, why: str, decisions: Decisions) -> None:
        self.linked.add(known.id)
        data = {"identity": _identity(candidate), "back": True}
        decisions.changes.append(_change(Kind.LINK, candidate, known.profile, why, known.id, data))
        self._claim(candidate, known.profile.email, known.id, newcomer=False)
        decisions.changes += self._return(candidate, known, decisions)

    def _join(
        self, candidate: Candidate, profile: Profile, claim: Claim, why: str, decisions: Decisions
    ) -> None:
        data = {"identity": _identity(candidate)}
        decisions.changes.append(_change(Kind.JOIN, candidate, profile, why, claim.learner, data))
        self._claim(candidate, profile.email, claim.learner, newcomer=claim.newcomer)

    def _contest(
        self,
        candidate: Candidate,
        email: str,
        claim: Claim,
        known: KnownLearner | None,
        roster: Roster,
        decisions: Decisions,
    ) -> bool:
        self._emails[email] = claim._replace(contested=True)
        decisions.contested.append((claim.key, candidate))
        self._skip(candidate, f"shares the address {email} with another newcomer", known, roster, decisions)
        return False

    # -- what is asked on the way --------------------------------------------------------------------

    def _may_still_move(self, holder: KnownLearner) -> bool:
        """Whether the learner may yet give up their address: put off themselves, or not seen so far."""
        if self._last_call or holder.id in self._movers:
            return not self._last_call
        return any(
            self._sight.is_unseen(entry.number) and entry.identity.directory not in self._sight.complete
            for entry in holder.identities
            if entry.identity.directory in self._rank
        )

    def _is_gone(self, holder: KnownLearner) -> bool:
        return not any(
            self._sight.presence(entry.number, entry.identity.directory, entry.presence)
            is not Presence.MISSING
            for entry in holder.identities
        )

    @staticmethod
    def _is_elsewhere(known: KnownLearner, candidate: Candidate) -> bool:
        return all(entry.identity.directory != candidate.identity.directory for entry in known.identities)

    @staticmethod
    def _in_other_directory(claim: Claim, candidate: Candidate) -> bool:
        return not claim.key.startswith(f"{candidate.identity.directory}/")

    def _joins(self, candidate: Candidate, claim: Claim) -> bool:
        return (
            self._policy.matching.by_email
            and self._in_other_directory(claim, candidate)
            and not claim.contested
        )

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
        data: dict[str, object] = {"identity": {"number": identity.number, **_identity(candidate)}}
        if known.waiting_priority not in (None, candidate.priority) and candidate.profile:
            data["priority"] = candidate.priority
        return data


def _freed_by_moving(movers: Sequence[PutOff], freed: set[str]) -> set[str]:
    """The addresses given up by those of `movers` who get theirs: from the freed ones, or from each other."""
    moving = {entry.learner: entry for entry in movers}
    while True:
        stuck = [m.learner for m in moving.values() if m.wants not in freed and m.holder not in moving]
        if not stuck:
            return {entry.has for entry in moving.values()}
        for learner in stuck:
            del moving[learner]


def difference(before: Profile, after: Profile) -> tuple[dict[str, str], dict[str, str]]:
    """The fields that differ: what they were, what they shall be."""
    changed = [name for name, old, new in zip(Profile._fields, before, after, strict=True) if old != new]
    return {name: getattr(before, name) for name in changed}, {name: getattr(after, name) for name in changed}


def _in_words(before: dict[str, str], after: dict[str, str]) -> str:
    return "; ".join(f"{name}: {before[name] or '—'} → {after[name] or '—'}" for name in after)


def _change(
    kind: Kind,
    candidate: Candidate,
    profile: Profile,
    why: str,
    learner: int | None,
    data: Mapping[str, object] | None = None,
) -> Change:
    name = profile.full_name
    return Change(kind, candidate.key, profile.email, name, why, learner, {} if data is None else data)


def _with_data(change: Change, data: Mapping[str, object]) -> Change:
    return change._replace(data={**change.data, **data})


def _identity(candidate: Candidate) -> dict[str, object]:
    """What the register remembers of a candidate's identity, as it stands in a change."""
    seen: dict[str, object] = {
        "directory": candidate.identity.directory,
        "key": candidate.identity.id,
        "fingerprint": candidate.fingerprint.hex(),
        "where": candidate.where,
    }
    if candidate.presence is not Presence.PRESENT:
        seen["presence"] = str(candidate.presence)
    if candidate.changes_at is not None:
        seen["fresh_until"] = candidate.changes_at
    if candidate.links:
        seen["links"] = list(candidate.links)
    return seen
