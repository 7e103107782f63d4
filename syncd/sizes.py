"""Sizes: how many people each directory of a run has: counted, or estimated where only changes were read.

An estimate is the size of the last run and what the directory gained or lost since, as far as the register
knows these people. The next whole read counts again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from syncd.model import Presence
from syncd.plan.roster import Recorded
from syncd.plan.sight import Sight


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

    def of_all(self, sight: Sight, last: Mapping[str, int], added: Mapping[str, int]) -> dict[str, int]:
        """By the name of the directory, once everything has been decided. `last`: those of the last run;
        `added`: people the plan adds to a directory.
        """
        for name, number in self._returning:  # whoever was skipped is not back yet
            self._gained[name] += sight.presence(number, name, Presence.MISSING) is not Presence.MISSING
        self._returning.clear()
        gained = {name: self._gained[name] + added.get(name, 0) for name in sight.followed}
        return self.counted | {name: max(0, last.get(name, 0) + many) for name, many in gained.items()}
