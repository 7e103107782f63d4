"""Drafts: a plan while it is being made: written batch by batch, and what is taken out of it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from syncd.model import Change, Kind
from syncd.plan.drafting import own_words
from syncd.plan.places import directory_of
from syncd.plan.settling import Amendment
from syncd.register_port import Journal

_FULL = 2000  # changes written to the journal at once
_ADDITIONS = (Kind.CREATE, Kind.LINK, Kind.JOIN)

Approved = Collection[tuple[Kind, str]]


class Drafts:
    """`counts` leaves out changes approved before. `conflicts`: people who may be more than one learner.

    `added`: people who are new in a directory, by its name.
    """

    def __init__(self, journal: Journal, run: int, approved: Approved) -> None:
        self._journal = journal
        self._run = run
        self._approved = approved
        self._pending: list[Change] = []
        self.counts: Counter[Kind] = Counter()
        self.added: Counter[str] = Counter()
        self.conflicts = 0

    def write(self, *changes: Change) -> None:
        for change in changes:
            if change.kind is Kind.SKIP and "conflict" in change.data:
                self.conflicts += 1
                change = self._named(change)
            self._pending.append(change)
        if len(self._pending) >= _FULL:
            self.flush()

    def flush(self) -> None:
        self.counts.update([c.kind for c in self._pending])
        if self._approved:
            approved = [c.kind for c in self._pending if (c.kind, c.key) in self._approved]
            self.counts.subtract(approved)
        self.added.update([directory_of(c.key) for c in self._pending if c.kind in _ADDITIONS])
        self._journal.write(self._run, self._pending)
        self._pending.clear()

    def undo(self, key: str) -> list[Change]:
        """Take out what stands under `key`, and whoever joins it."""
        self.flush()
        undone = self._journal.take_back(self._run, key)
        for change in undone:
            self._uncount(change.kind, change.key)
        return undone

    def amend(self, amendments: Sequence[Amendment]) -> None:
        self.flush()
        dropped = [place for entry in amendments for place in entry.drop]
        self._journal.drop(self._run, dropped)
        for kind, key in dropped:
            self._uncount(kind, key)
        for entry in amendments:
            self.write(*entry.write)

    def _uncount(self, kind: Kind, key: str) -> None:
        self.counts[kind] -= (kind, key) not in self._approved
        self.added[directory_of(key)] -= kind in _ADDITIONS

    def _named(self, change: Change) -> Change:
        """A conflict with the names of those it is between, where the plan has them by their keys so far."""
        keys = [key for key in change.data["conflict"] if key in change.why]
        if not keys:
            return change
        self.flush()
        found = (entry.change for entry in self._journal.under(self._run, keys))
        names = {known.key: name for known in found if (name := own_words(known)[1])}
        why = change.why
        for key, name in sorted(names.items()):
            why = why.replace(key, f"{name} ({key})")
        return change._replace(why=why)
