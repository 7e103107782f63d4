"""Whereabouts: in which directories a known learner is, as far as this run has seen."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from syncd.model import Presence
from syncd.plan.places import Places
from syncd.plan.roster import KnownIdentity, KnownLearner
from syncd.plan.sight import Sight


class Room(Enum):
    """Whether a learner may have another identity in a directory."""

    FREE = "they have none there, or none any more"
    TAKEN = "they have one there"
    UNSEEN = "theirs has not been seen, and the directory is not read to its end"


class Whereabouts:
    """`directories` are those of the run in the order they are read: whose e-mail address counts first."""

    def __init__(self, sight: Sight, directories: Sequence[str], places: Places) -> None:
        self._sight = sight
        self._rank = {name: place for place, name in enumerate(directories)}
        self._places = places
        self._closed = False

    def close(self) -> None:
        """Everything has been read: nobody else will be seen."""
        self._closed = True

    def speaks_for(self, known: KnownLearner, directory: str) -> bool:
        """Whether the address there counts: no directory read before it has the learner present."""
        own = self._rank[directory]
        new = (self._rank[name] for name, _ in self._places.of(known.id))
        return all(rank >= own for rank in new) and not any(
            self._rank.get(entry.identity.directory, own) < own and self._presence(entry) is Presence.PRESENT
            for entry in known.identities
        )

    def room_for(self, known: KnownLearner, directory: str) -> Room:
        """Whether somebody new in the directory may be this learner."""
        there = [entry for entry in known.identities if entry.identity.directory == directory]
        if not all(self._sight.is_unseen(entry.number) for entry in there):
            return Room.TAKEN
        if there and directory not in self._sight.complete and not self._closed:
            return Room.UNSEEN
        gone = all(self._presence(entry) is Presence.MISSING for entry in there)
        return Room.FREE if gone else Room.TAKEN

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


def is_elsewhere(known: KnownLearner, directory: str) -> bool:
    """Whether the learner has no identity in this directory."""
    return all(entry.identity.directory != directory for entry in known.identities)
