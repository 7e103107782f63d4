"""Whereabouts: in which directories a known learner is, as far as this run has seen."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.model import Presence
from syncd.plan.candidate import Candidate
from syncd.plan.roster import KnownIdentity, KnownLearner
from syncd.plan.sight import Sight


class Whereabouts:
    """`directories` are those of the run, in the order they are read and believed."""

    def __init__(self, sight: Sight, directories: Sequence[str]) -> None:
        self._sight = sight
        self._rank = {name: place for place, name in enumerate(directories)}

    def speaks_for(self, known: KnownLearner, identity: KnownIdentity) -> bool:
        """Whether no directory listed before this identity's has the learner present."""
        own = self._rank[identity.identity.directory]
        return not any(
            self._rank.get(entry.identity.directory, own) < own and self._presence(entry) is Presence.PRESENT
            for entry in known.identities
        )

    def may_turn_up(self, known: KnownLearner) -> bool:
        """Whether part of the learner has not been seen, in a directory that is not read to its end."""
        return any(
            entry.identity.directory in self._rank
            and entry.identity.directory not in self._sight.complete
            and self._sight.is_unseen(entry.number)
            for entry in known.identities
        )

    def is_gone(self, known: KnownLearner) -> bool:
        """Whether every directory the learner was in has been read, and has them no more."""
        return all(self._presence(entry) is Presence.MISSING for entry in known.identities)

    def _presence(self, entry: KnownIdentity) -> Presence:
        return self._sight.presence(entry.number, entry.identity.directory, entry.presence)


def is_elsewhere(known: KnownLearner, candidate: Candidate) -> bool:
    """Whether the learner has no identity in the candidate's own directory."""
    return all(entry.identity.directory != candidate.identity.directory for entry in known.identities)
