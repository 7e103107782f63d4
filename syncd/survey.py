"""Survey: read every directory to its end and write down, page by page, what has to change.

Most people have not changed: their fingerprint is known, and they cost a look-up. The others are
opened, judged, matched, and their changes go to the journal; nobody is kept in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from syncd.errors import ConfigError, Skipped
from syncd.model import Change, Identity, Kind
from syncd.plan import candidate, leavers
from syncd.plan.candidate import Candidate
from syncd.plan.matching import Matcher
from syncd.plan.policy import Policy
from syncd.plan.roster import KnownLearner, Roster
from syncd.plan.seats import SeatRequest
from syncd.ports import Directory, ReadRequest, Register, Sighting

_FULL = 2000  # changes written to the journal at once

T = TypeVar("T")
Progress = Callable[[str, int, int | None], None]
Approved = Collection[tuple[Kind, str]]


@dataclass(slots=True)
class Surveyed:
    """What the directories came to. `counts` leaves out changes approved before; `freed` is seats by lot.

    `lapsed`: who is back without a license, since theirs has ended.
    `removed`: how many people the register knows by directories that are not configured any more.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)
    counts: Counter[Kind] = field(default_factory=Counter)
    requests: list[SeatRequest] = field(default_factory=list)
    priorities: dict[int, int] = field(default_factory=dict)
    leaving: set[int] = field(default_factory=set)
    lapsed: set[int] = field(default_factory=set)
    freed: Counter[int] = field(default_factory=Counter)


class Survey:
    """One run's reading. Use `read` once."""

    def __init__(
        self,
        *,
        policy: Policy,
        register: Register,
        directories: Sequence[Directory],
        request_for: Callable[[str, int], ReadRequest],
        run: int,
        now: int,
        approved: Approved,
        progress: Progress,
    ) -> None:
        self._policy = policy
        self._register = register
        self._directories = directories
        self._request_for = request_for
        self._run = run
        self._now = now
        self._approved = approved
        self._progress = progress
        self._pending: list[Change] = []
        self._result = Surveyed()
        self._unidentified: set[str] = set()
        self._absent: list[int] = []

    def read(self) -> Surveyed:
        """Raises what `Directory.read` raises; then the run has no plan, and nobody has left."""
        people = self._register.people
        self._empty = people.is_empty()
        self._sight = people.new_sight()
        names = [directory.name for directory in self._directories]
        self._matcher = Matcher(self._policy, names, self._sight, self._new_ids(), self._now)
        self._miss_removed(names)
        for directory in self._directories:
            self._sweep(directory)
        for page in _paged(self._matcher.put_off(), 1000):
            self._decide(page)
        self._find_leavers()
        self._flush()
        return self._result

    def _miss_removed(self, names: Sequence[str]) -> None:
        """Nobody is left of a directory that is not configured: the guard asks whether that is meant."""
        for name, number in self._register.people.of_other_directories(names):
            self._result.removed[name] += 1
            self._sight.complete.add(name)
            self._absent.append(number)

    def _sweep(self, directory: Directory) -> None:
        people = self._register.people
        known = people.fingerprints(directory.name, self._now)
        glimpses = self._sight.glimpses
        size = 0
        for page in self._pages(directory):
            changed: list[Sighting] = []
            for sighting in page:
                number = known.get(sighting.fingerprint)
                if number is None:
                    changed.append(sighting)
                else:
                    glimpses[number] = 1
            if changed:
                self._decide([*self._opened(directory, changed)])
            size += len(page)
            self._progress(f"reading {directory.name}", size, None)
        if directory.name not in self._unidentified:
            self._sight.complete.add(directory.name)
            self._absent += [number for number in known.values() if not glimpses[number]]
            self._absent += [n for n in people.unvouched(directory.name, self._now) if not glimpses[n]]
        self._result.sizes[directory.name] = size

    def _pages(self, directory: Directory) -> Iterator[Sequence[Sighting]]:
        try:
            yield from directory.read(self._request_for(directory.name, self._now))
        except ConfigError as exc:
            if len(self._directories) == 1:
                raise
            hint = f"if it belongs to another directory than {directory.name}, say `directory:` in the rule"
            raise ConfigError(exc.message, next_step="; ".join(filter(None, (exc.next_step, hint)))) from exc

    def _opened(self, directory: Directory, sightings: Sequence[Sighting]) -> Iterator[Candidate]:
        for sighting in sightings:
            try:
                yield candidate.judge(self._policy, sighting.open(), sighting.fingerprint)
            except Skipped as exc:
                self._skip(directory, sighting, exc)

    def _skip(self, directory: Directory, sighting: Sighting, exc: Skipped) -> None:
        if exc.identity is None:
            self._unidentified.add(directory.name)
            self._write(Change(Kind.SKIP, f"{directory.name}/?{sighting.fingerprint.hex()}", "", "", exc.why))
            return
        identity = Identity(*exc.identity)
        key, roster = (
            f"{identity.directory}/{identity.id}",
            self._register.people.roster([identity], [], [], self._now),
        )
        known = roster.by_identity.get(identity)
        if known is None:
            self._write(Change(Kind.SKIP, key, "", "", exc.why))
        else:
            self._sight.skipped(roster.identity(identity).number)
            self._write(
                Change(Kind.SKIP, key, known.profile.email, known.profile.full_name, exc.why, known.id)
            )

    def _decide(self, page: Sequence[Candidate]) -> None:
        decisions = self._matcher.decide(page, self._roster(page))
        for change in decisions.changes:
            if change.kind in (Kind.NOTE, Kind.UPDATE) and change.learner and "priority" in change.data:
                self._result.priorities[change.learner] = int(change.data["priority"])
            if change.kind is Kind.REACTIVATE and change.learner and "lapsed" in change.data:
                self._result.lapsed.add(change.learner)
            self._write(change)
        self._result.requests += decisions.requests
        for key, rival in decisions.contested:
            self._take_back(key, rival)

    def _roster(self, page: Sequence[Candidate]) -> Roster:
        if self._empty:
            return Roster()
        return self._register.people.roster(
            [entry.identity for entry in page],
            [entry.profile.email for entry in page if entry.profile],
            [value for entry in page for value in entry.links],
            self._now,
        )

    def _take_back(self, key: str, rival: Candidate) -> None:
        """A newcomer planned earlier turns out to share an address: nobody guesses whose it is."""
        self._flush()
        self._result.requests = [entry for entry in self._result.requests if entry.key != key]
        email = ""
        for change in self._register.journal.take_back(self._run, key):
            email = email or change.email
            self._result.counts[change.kind] -= (change.kind, change.key) not in self._approved
            why = f"shares the address {email} with {rival.where or rival.key}"
            self._write(
                Change(Kind.SKIP, change.key, change.email, change.name, why, data={"where": _where(change)})
            )

    def _find_leavers(self) -> None:
        people = self._register.people
        delete_after = self._policy.grace.delete_after
        gone_since = None if delete_after is None else self._now - delete_after
        suspects = {*people.leaving(gone_since), *self._matcher.left}
        for numbers in _paged(self._absent, 1000):
            suspects |= people.owners(numbers)
        for page in _paged(sorted(suspects), 1000):
            for learner in people.learners(page, self._now):
                self._judge_leaving(learner)

    def _judge_leaving(self, learner: KnownLearner) -> None:
        linked = learner.id in self._matcher.linked
        if leavers.has_left(learner, self._sight, linked=linked):
            self._result.leaving.add(learner.id)
        for change in leavers.decide(self._policy.grace, learner, self._sight, self._now, linked=linked):
            if change.kind is Kind.RELEASE and change.lot is not None:
                self._result.freed[change.lot] += 1
            self._write(change)

    def _write(self, change: Change) -> None:
        self._pending.append(change)
        if len(self._pending) >= _FULL:
            self._flush()

    def _flush(self) -> None:
        approved = self._approved
        self._result.counts.update(c.kind for c in self._pending if (c.kind, c.key) not in approved)
        self._register.journal.write(self._run, self._pending)
        self._pending.clear()

    def _new_ids(self) -> Iterator[int]:
        block = 1
        while True:
            yield from self._register.people.reserve_ids(block)
            block = min(block * 10, 10_000)


def _paged(everything: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def _where(change: Change) -> object:
    seen = change.data.get("identity")
    return seen.get("where", "") if isinstance(seen, dict) else ""
