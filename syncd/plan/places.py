"""Places: who, new in this run, is which learner in which directory. One learner has one place in each.

nobody is there                      -> theirs
somebody is there by e-mail          -> a link goes before an address: theirs, the other is out
somebody is there in the same way    -> both are out: nobody guesses
a link, or a known identity is there -> theirs it is not
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

KNOWN, LINK, EMAIL = 0, 1, 2  # how somebody came to a place: the lower, the stronger


class Place(NamedTuple):
    """Who is there and how. `rival`: who has an equal claim, so that neither is."""

    key: str
    by: int
    rival: str = ""


class Places:
    """By directory, then by learner: there are few directories, and may be many learners."""

    def __init__(self) -> None:
        self._taken: dict[str, dict[int, Place]] = {}

    def of(self, learner: int) -> Iterator[tuple[str, str]]:
        """Where the learner has come to be in this run: directory and key."""
        for directory, there in self._taken.items():
            place = there.get(learner)
            if place is not None and place.by != KNOWN and not place.rival:
                yield directory, place.key

    def learners(self) -> set[int]:
        """Everybody who has come to be anywhere."""
        return {
            learner
            for there in self._taken.values()
            for learner, place in there.items()
            if place.by != KNOWN and not place.rival
        }

    def holder(self, learner: int, directory: str) -> str:
        """Who stands for the learner there; empty where nobody does."""
        place = self._taken.get(directory, {}).get(learner)
        return place.key if place else ""

    def keep(self, learner: int, key: str) -> None:
        """The register has the learner there already."""
        self._at(key).setdefault(learner, Place(key, KNOWN))

    def claim(self, learner: int, key: str, by: int) -> tuple[bool, str, bool]:
        """Take a place: whether it is to be had, who was in the way, and whether they are out now."""
        there = self._at(key)
        place = there.get(learner)
        if place is None or (place.key == key and not place.rival):
            there[learner] = Place(key, by)
            return True, "", False
        if place.key == key:
            return False, place.rival, False
        if by < place.by:
            there[learner] = Place(key, by)
            return True, place.key, not place.rival
        if by == place.by and not place.rival:
            there[learner] = place._replace(rival=key)
            return False, place.key, True
        return False, place.key, False

    def leave(self, learner: int, key: str) -> None:
        """Give a place back that came to nothing."""
        there = self._at(key)
        if learner in there and there[learner].key == key:
            del there[learner]

    def _at(self, key: str) -> dict[int, Place]:
        return self._taken.setdefault(directory_of(key), {})


def directory_of(key: str) -> str:
    """The directory in the key of a change: names of directories have no slash."""
    return key.partition("/")[0]
