"""Sizes: how many people each directory of a run has: counted, or estimated where only changes were read.

An estimate is the size of the last run and what the directory gained or lost since, as far as the register
knows these people. The next whole read counts again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from syncd.model import Change, Kind, Presence
from syncd.plan.roster import Recorded
from syncd.plan.sight import Sight

_ADDITIONS = (Kind.CREATE, Kind.LINK, Kind.JOIN)


class Sizes:
    def __init__(self) -> None:
        self.counted: dict[str, int] = {}
        self._gained: Counter[str] = Counter()
        self._returning: list[tuple[str, int]] = []

    def told(self, directory: str, known: Recorded, *, gone: bool) -> None:
        """A directory told of somebody the register knows: they are gone from it, or there."""
        if known.missing and not gone:
            self._returning.append((directory, known.number))
        elif gone and not known.missing:
            self._gained[directory] -= 1

    def planned(self, changes: Iterable[Change]) -> None:
        """These changes are on the plan: some add people their directory did not have."""
        self._gained.update(_directory(change) for change in changes if change.kind in _ADDITIONS)

    def taken_back(self, changes: Sequence[Change]) -> None:
        """These changes are not on the plan after all."""
        self._gained.subtract(_directory(change) for change in changes if change.kind in _ADDITIONS)

    def of_all(self, sight: Sight, last: Mapping[str, int]) -> dict[str, int]:
        """By the name of the directory, once everything has been decided. `last`: those of the last run."""
        for name, number in self._returning:  # whoever was skipped is not back yet
            self._gained[name] += sight.presence(number, name, Presence.MISSING) is not Presence.MISSING
        self._returning.clear()
        estimates = {name: max(0, last.get(name, 0) + self._gained[name]) for name in sight.followed}
        return self.counted | estimates


def _directory(change: Change) -> str:
    return change.key.partition("/")[0]
