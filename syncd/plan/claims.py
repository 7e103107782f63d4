"""Claims: the e-mail addresses and link values spoken for in one run, and who has to be decided last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from syncd.plan.candidate import Candidate


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


def freed_by_moving(movers: Sequence[PutOff], freed: set[str]) -> set[str]:
    """The addresses given up by those of `movers` who get theirs: from the freed ones, or from each other."""
    moving = {entry.learner: entry for entry in movers}
    while True:
        stuck = [m.learner for m in moving.values() if m.wants not in freed and m.holder not in moving]
        if not stuck:
            return {entry.has for entry in moving.values()}
        for learner in stuck:
            del moving[learner]


def is_of_another(claim: Claim, candidate: Candidate) -> bool:
    """Whether the claim was made in another directory than the candidate's."""
    return not claim.key.startswith(f"{candidate.identity.directory}/")
