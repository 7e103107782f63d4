"""Survey: read every directory to its end and write down, page by page, what has to change.

Most people have not changed: their fingerprint is known, and they cost a look-up; where a directory is
read by its changes, not even that. The others are opened, judged, matched, and their changes go to the
journal; nobody is kept in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from syncd.drafts import Approved, Drafts
from syncd.errors import ConfigError, Skipped
from syncd.following import Changes, Following, Reading, Schedule
from syncd.model import Change, Cursor, Identity, Kind
from syncd.plan import candidate
from syncd.plan.candidate import Candidate
from syncd.plan.matching import Matcher
from syncd.plan.merging import Precedence
from syncd.plan.policy import Policy
from syncd.plan.roster import Roster
from syncd.plan.seats import SeatRequest
from syncd.plan.skips import Reason
from syncd.planning import PAGE, Planning, paged
from syncd.ports import Directory, ReadRequest, Sighting, Spans, unseen
from syncd.register_port import Register
from syncd.sizes import Sizes
from syncd.together import Together

Progress = Callable[[str, int, int | None], None]
_UNREADABLE = {"reason": Reason.UNREADABLE}


@dataclass(slots=True)
class Surveyed:
    """What the directories came to. `counts` leaves out changes approved before; `freed` is seats by lot.

    `last_sizes`: how many people there were in each when it was read the last time.
    `lapsed`: who is back without a license, since theirs has ended.
    `removed`: how many people the register knows by directories that are not configured any more.
    `cursors`: where the next run may begin to read, once this one is applied in full.
    `conflicts`: of those skipped, how many may be more than one learner.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    last_sizes: dict[str, int] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    cursors: list[Cursor] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)
    counts: Counter[Kind] = field(default_factory=Counter)
    conflicts: int = 0
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
        schedule: Schedule,
        progress: Progress,
        span: Spans = unseen,
    ) -> None:
        self._policy = policy
        self._register = register
        self._directories = directories
        self._request_for = request_for
        self._run = run
        self._now = now
        self._following = Following(register, schedule, run, now)
        self._progress = progress
        self._span = span
        self._drafts = Drafts(register.journal, run, approved)
        self._removed: Counter[str] = Counter()
        self._unidentified: set[str] = set()
        self._absent: list[int] = []
        self._sizes = Sizes()

    def read(self) -> Surveyed:
        """Raises what `Directory.read` raises; then the run has no plan, and nobody has left."""
        by_say = self._begin()
        for directory in by_say:
            with self._place_told(directory), self._span("read", directory=directory.name) as span:
                self._read(directory)
                reading = self._following.readings[directory.name]
                span.say(people=reading.people, by_changes=reading.by_changes)
        for page in paged(self._matcher.put_off(), PAGE):
            self._decide(page)
        self._planning.settle(self._absent)
        return self._surveyed()

    def _begin(self) -> list[Directory]:
        """Make ready; the directories in the order they are read: whose e-mail address counts first."""
        people, now = self._register.people, self._now
        precedence = Precedence(
            [directory.name for directory in self._directories], self._policy.matching.precedence
        )
        by_say = sorted(self._directories, key=lambda entry: precedence.order("email")[entry.name])
        names = [directory.name for directory in by_say]
        self._empty = people.is_empty()
        self._sight = people.new_sight()
        self._matcher = Matcher(self._policy, names, self._sight, self._new_ids(), now)
        together = Together(self._register, precedence, self._matcher, self._sight, self._run, now)
        self._planning = Planning(
            self._register, self._policy, self._matcher, together, self._drafts, self._sight, now
        )
        self._miss_removed(names)
        return by_say

    def _surveyed(self) -> Surveyed:
        planning, drafts = self._planning, self._drafts
        last_sizes = self._register.runs.last_sizes()
        return Surveyed(
            sizes=self._sizes.of_all(self._sight, last_sizes, drafts.added),
            last_sizes=last_sizes,
            readings=self._following.readings,
            cursors=self._following.cursors(but=self._unidentified),
            removed=self._removed,
            counts=drafts.counts,
            conflicts=drafts.conflicts,
            requests=planning.requests,
            priorities=planning.priorities,
            leaving=planning.leaving,
            lapsed=planning.lapsed,
            freed=planning.freed,
        )

    def _miss_removed(self, names: Sequence[str]) -> None:
        """Nobody is left of a directory that is not configured: the guard asks whether that is meant."""
        for name, number in self._register.people.of_other_directories(names):
            self._removed[name] += 1
            self._sight.complete.add(name)
            self._absent.append(number)

    def _read(self, directory: Directory) -> None:
        request = self._request_for(directory.name, self._now)
        changes = self._following.changes(directory, request)
        if changes is None:
            self._sweep(directory, request)
        else:
            self._follow(directory, changes)

    def _sweep(self, directory: Directory, request: ReadRequest) -> None:
        """Everybody: who is not seen is absent."""
        people = self._register.people
        known = people.fingerprints(directory.name, self._now)
        glimpses = self._sight.glimpses
        size = 0
        for page in directory.read(request):
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
            self._sight.end(directory.name, followed=False)
            self._absent += [number for number in known.values() if not glimpses[number]]
            self._absent += [n for n in people.unvouched(directory.name, self._now) if not glimpses[n]]
        self._sizes.counted[directory.name] = size
        self._following.was_read(directory.name, size, by_changes=False)

    def _follow(self, directory: Directory, changes: Changes) -> None:
        """Who may have changed: of everybody else what the register says still holds."""
        people, sight, name = changes.people, self._sight, directory.name
        seen = len(people)
        for ids in paged(sorted({*people, *changes.gone}), PAGE):
            for known in self._register.people.recorded(name, ids, self._now):
                self._sizes.told(name, known, gone=known.id in changes.gone)
                if known.id in changes.gone:
                    sight.gone(known.number)
                    self._absent.append(known.number)
                elif known.fingerprint == people[known.id].fingerprint:
                    sight.unchanged(known.number)
                    del people[known.id]
        for ids in paged(sorted(people), PAGE):
            self._decide([*self._opened(directory, [people[id_] for id_ in ids])])
            self._progress(f"reading {name}", seen, None)
        sight.end(name, followed=True)
        self._following.was_read(name, seen + len(changes.gone), by_changes=True)

    @contextmanager
    def _place_told(self, directory: Directory) -> Iterator[None]:
        try:
            yield
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
            key = f"{directory.name}/?{sighting.fingerprint.hex()}"
            self._drafts.write(Change(Kind.SKIP, key, "", "", exc.why, data=_UNREADABLE))
            return
        identity = Identity(*exc.identity)
        key, roster = (
            f"{identity.directory}/{identity.id}",
            self._register.people.roster([identity], [], [], self._now),
        )
        known = roster.by_identity.get(identity)
        if known is None:
            self._drafts.write(Change(Kind.SKIP, key, "", "", exc.why, data=_UNREADABLE))
        else:
            self._sight.skipped(roster.identity(identity).number)
            self._drafts.write(
                Change(
                    *(Kind.SKIP, key, known.profile.email, known.profile.full_name, exc.why, known.id),
                    data=_UNREADABLE,
                )
            )

    def _decide(self, page: Sequence[Candidate]) -> None:
        self._planning.heed(self._matcher.decide(page, self._roster(page)))

    def _roster(self, page: Sequence[Candidate]) -> Roster:
        if self._empty:
            return Roster()
        return self._register.people.roster(
            [entry.identity for entry in page],
            [entry.profile.email for entry in page if entry.profile],
            [value for entry in page for value in entry.links],
            self._now,
        )

    def _new_ids(self) -> Iterator[int]:
        block = 1
        while True:
            yield from self._register.people.reserve_ids(block)
            block = min(block * 10, 10_000)
