"""Addresses: who may have which e-mail address in one run.

nobody's, or freed in this run         -> theirs
a newcomer's                           -> a learner goes before; the newcomer is that learner, where
                                          addresses tell so across directories, else is left out
a learner's who may yet give it up     -> decided once everything has been read
another learner's                      -> not theirs
"""

from __future__ import annotations

from enum import Enum, auto

from syncd.plan.candidate import Candidate
from syncd.plan.claims import Claim, Claims, PutOff, freed_by_moving
from syncd.plan.roster import KnownLearner
from syncd.plan.whereabouts import Whereabouts


class Answer(Enum):
    THEIRS = auto()
    A_NEWCOMERS = auto()
    LATER = auto()
    NO = auto()


class Addresses:
    def __init__(self, claims: Claims, whereabouts: Whereabouts) -> None:
        self._claims = claims
        self._whereabouts = whereabouts
        self._freed: set[str] = set()
        self._put_off: list[PutOff] = []
        self._movers: set[int] = set()
        self._last_call = False

    def ask(self, email: str, known: KnownLearner, holder: KnownLearner | None) -> Answer:
        """Whether the learner may take `email`, which `holder` has as far as the register knows."""
        claim = self._claims.of_email(email)
        if claim is not None and claim.learner != known.id:
            return Answer.A_NEWCOMERS if claim.newcomer else Answer.NO
        if holder is None or holder.id == known.id or email in self._freed:
            return Answer.THEIRS
        return Answer.LATER if self.may_still_move(holder) else Answer.NO

    def take(self, email: str, known: KnownLearner, key: str) -> None:
        """The learner has it from now on, and gives up the one they had."""
        self._claims.emails[email] = Claim(known.id, key, newcomer=False)
        if email != known.profile.email:
            self._freed.add(known.profile.email)

    def keep(self, email: str, learner: int, key: str, *, newcomer: bool) -> None:
        """It is spoken for, unless somebody did so before."""
        self._claims.emails.setdefault(email, Claim(learner, key, newcomer))

    def is_freed(self, email: str) -> bool:
        return email in self._freed

    def gives_up(self, known: KnownLearner) -> bool:
        """Whether the learner gives their address up in this run, or would if they could."""
        return known.profile.email in self._freed or known.id in self._movers

    def may_still_move(self, holder: KnownLearner) -> bool:
        """Whether the learner may yet give up their address: put off themselves, or not seen so far."""
        if self._last_call:
            return False
        return holder.id in self._movers or self._whereabouts.may_turn_up(holder)

    def put_off(self, candidate: Candidate) -> None:
        """To be decided once everything has been read."""
        self._put_off.append(PutOff(candidate))

    def put_off_move(self, candidate: Candidate, email: str, known: KnownLearner, holder: int) -> None:
        """As `put_off`, of a learner who would give up their own address for `email`."""
        self._put_off.append(PutOff(candidate, known.id, known.profile.email, email, holder))
        self._movers.add(known.id)

    def last_call(self) -> list[Candidate]:
        """Those put off; from now on nobody is."""
        self._last_call = True
        movers = [entry for entry in self._put_off if entry.learner and not self._is_taken(entry)]
        self._freed |= freed_by_moving(movers, self._freed)
        return [entry.candidate for entry in self._put_off]

    def _is_taken(self, mover: PutOff) -> bool:
        """Whether somebody else has taken what they want meanwhile; a newcomer would make way."""
        claim = self._claims.of_email(mover.wants)
        return claim is not None and claim.learner != mover.learner and not claim.newcomer
