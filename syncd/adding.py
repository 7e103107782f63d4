"""Adding: people whom somebody adds by hand become newcomers of a run's plan, in the line with all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from syncd.errors import Skipped
from syncd.model import Change, ChangeState, Kind, Profile
from syncd.plan import additions
from syncd.plan.additions import Row
from syncd.plan.policy import Policy
from syncd.plan.seats import SeatRequest
from syncd.register_port import Register
from syncd.survey import Surveyed

COMMANDS = ("learners add", "learners import")
_PAGE = 1000


@dataclass(slots=True)
class Adding:
    """One run's additions. Their keys are of that run, in the order of the file, and name nobody."""

    register: Register
    policy: Policy
    run: int
    now: int
    surveyed: Surveyed
    _seen: dict[str, str] = field(default_factory=dict)
    _place: int = 0

    def add(self, rows: Iterable[Row], *, approved: bool = False) -> None:
        """Plan their creation, and who is not added and why. `approved`: the guard need not look any more."""
        remaining = iter(rows)
        while page := [*islice(remaining, _PAGE)]:
            changes = [*self._decided(page)]
            self.register.journal.write(self.run, changes)
            created = [change for change in changes if change.kind is Kind.CREATE]
            self.surveyed.requests += [self._request(change) for change in created]
            self.surveyed.counts[Kind.CREATE] += 0 if approved else len(created)

    def finish(self, runs: Sequence[int]) -> None:
        """Plan anew whom these plans were to add and did not: once approved, they are still wanted."""
        for run in runs:
            self._heed_directories()
            self.add(_left_over(self.register, run), approved=True)

    def _decided(self, page: Sequence[Row]) -> Iterator[Change]:
        judged = [(row, _judged(row)) for row in page]
        emails = [profile.email for _, profile in judged if isinstance(profile, Profile)]
        holders = self.register.people.roster([], emails, [], self.now).by_email
        numbers = iter(self.register.people.reserve_ids(len(emails)) if emails else ())
        for row, profile in judged:
            key = row.key or self._next_key()
            if isinstance(profile, str):
                yield additions.skip(row, key, profile)
            elif profile.email in holders:
                holder = holders[profile.email]
                yield additions.skip(row, key, additions.taken(holder), holder.id)
            elif profile.email in self._seen:
                yield additions.skip(row, key, f"the same address as {self._seen[profile.email]}")
            else:
                self._seen[profile.email] = row.where or "somebody before"
                yield additions.create(row, key, profile, next(numbers), len(self.policy.priority))

    def _next_key(self) -> str:
        self._place += 1
        return f"hand/{self.run}/{self._place:07}"

    def _request(self, change: Change) -> SeatRequest:
        assert change.learner is not None
        return SeatRequest(change.data["priority"], self.now, change.key, Kind.CREATE, change.learner)

    def _heed_directories(self) -> None:
        """An address that a directory gives to somebody in this very plan is taken."""
        for entry in self.register.journal.read(self.run, kinds=[Kind.CREATE, Kind.UPDATE]):
            self._seen.setdefault(entry.change.email, "somebody in a directory")


def _judged(row: Row) -> Profile | str:
    try:
        return additions.judge(row)
    except Skipped as exc:
        return exc.message


def _left_over(register: Register, run: int) -> Iterator[Row]:
    for entry in register.journal.read(run, kinds=[Kind.CREATE, Kind.WAIT], state=ChangeState.PLANNED):
        data = entry.change.data
        if "profile" in data and "identity" not in data:
            values = Profile._make(data["profile"])._asdict()
            yield Row(values, data["where"], key=entry.change.key)
