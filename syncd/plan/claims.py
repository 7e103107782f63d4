"""Claims: the e-mail addresses and link values spoken for in one run, and who has to be decided last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from syncd.plan.candidate import Candidate
from syncd.plan.places import directory_of


class Claim(NamedTuple):
    """An e-mail address or link spoken for in this run, by whom.

    `rival`: who of the same directory has an equal claim, so that nobody's it is.
    """

    learner: int
    key: str
    newcomer: bool
    rival: str = ""


class PutOff(NamedTuple):
    """Somebody decided last. `learner` has the address `has`, and wants one that `holder` has; 0: nobody."""

    candidate: Candidate
    learner: int = 0
    has: str = ""
    wants: str = ""
    holder: int = 0


class Claims:
    """What has been spoken for so far. `several`: whether there is another directory to share a link with."""

    def __init__(self, *, several: bool) -> None:
        self._several = several
        self.emails: dict[str, Claim] = {}
        self.links: dict[str, Claim] = {}
        self._out: set[str] = set()
        self._undone: set[int] = set()
        self._became: dict[int, int] = {}

    def of_email(self, email: str) -> Claim | None:
        return self._now(self.emails.get(email))

    def of_link(self, value: str) -> Claim | None:
        return self._now(self.links.get(value))

    def speak_for_links(self, candidate: Candidate, learner: int, *, newcomer: bool) -> None:
        """The candidate's values are this learner's; one that a colleague claimed already is nobody's."""
        for value in candidate.links if self._several else ():
            claim = self.of_link(value)
            if claim is None:
                self.links[value] = Claim(learner, candidate.key, newcomer)
            elif claim.learner != learner and not is_of_another(claim, candidate.key):
                self.links[value] = claim._replace(rival=claim.rival or candidate.key)

    def be_left_out(self, candidate: Candidate) -> None:
        """Whoever is the same person as this candidate is to be left out with them."""
        for value in candidate.links if self._several else ():
            self.links.setdefault(value, Claim(0, candidate.key, newcomer=True))
        self._out.add(candidate.key)

    def leave_out(self, key: str, learner: int | None = None) -> None:
        """Who claimed under this key is out of this run; `learner`: so is everybody who is that newcomer."""
        self._out.add(key)
        if learner is not None:
            self._undone.add(learner)

    def is_out(self, claim: Claim) -> bool:
        return claim.key in self._out or claim.learner in self._undone

    def become(self, newcomer: int, learner: int) -> None:
        """Somebody taken for new is a learner there is."""
        self._became[newcomer] = learner

    def _now(self, claim: Claim | None) -> Claim | None:
        if claim is None or claim.learner not in self._became:
            return claim
        return claim._replace(learner=self._became[claim.learner], newcomer=False)


def freed_by_moving(movers: Sequence[PutOff], freed: set[str]) -> set[str]:
    """The addresses given up by those of `movers` who get theirs: from the freed ones, or from each other.

    Of several who want one address the first gets it.
    """
    first = {entry.wants: entry for entry in reversed(movers)}
    moving = {entry.learner: entry for entry in movers if first[entry.wants] is entry}
    while True:
        stuck = [m.learner for m in moving.values() if m.wants not in freed and m.holder not in moving]
        if not stuck:
            return {entry.has for entry in moving.values()}
        for learner in stuck:
            del moving[learner]


def is_of_another(claim: Claim, key: str) -> bool:
    """Whether the claim was made in another directory than that of `key`."""
    return directory_of(claim.key) != directory_of(key)
