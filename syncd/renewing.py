"""Renewing: the licenses somebody chose to renew, or all where that is automatic, against the free seats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from syncd.model import Change, ChangeState, Kind, Lot
from syncd.plan import renewals
from syncd.plan.policy import Policy
from syncd.plan.renewals import AHEAD, Selection, Start, Terms, Wish
from syncd.plan.roster import KnownLearner
from syncd.plan.seats import YEAR
from syncd.register_port import Register
from syncd.seating import FreeSeats
from syncd.survey import Surveyed

COMMAND = "licenses renew"
_PAGE = 1000
_APPROVED = 100 * 366 * 86_400  # how soon it ends was judged when it was reviewed


@dataclass(frozen=True, slots=True)
class Renewed:
    """`learners` are renewed; of those who found no license some join the line."""

    learners: frozenset[int]
    unmet: int
    waiting: int

    @property
    def wanted(self) -> int:
        return len(self.learners) + self.unmet + self.waiting


@dataclass(slots=True)
class Renewing:
    """One run's renewals. Use `renew` once."""

    register: Register
    policy: Policy
    run: int
    now: int
    surveyed: Surveyed
    _changes: list[Change] = field(default_factory=list)

    def renew(self, selections: Iterable[Selection], free: FreeSeats, *, automatic: bool) -> Renewed:
        """Deal seats to everybody selected. The plan names who is renewed, and who is not and why."""
        wishes: dict[int, Wish] = {}
        waits: set[int] = set()
        for selection in selections:
            self._unknown(selection)
            chosen = [number for number in selection.learners if number not in wishes]
            for start in range(0, len(chosen), _PAGE):
                self._judge(chosen[start : start + _PAGE], selection, wishes)
            waits.update(selection.learners if selection.wait else ())
        if automatic:
            self._automatic(wishes)
        renewed = self._deal(wishes, waits, free) if wishes else Renewed(frozenset(), 0, 0)
        self.register.journal.write(self.run, self._changes)
        return renewed

    def _deal(self, wishes: Mapping[int, Wish], waits: Collection[int], free: FreeSeats) -> Renewed:
        granted, missed, left = renewals.deal(self.policy.seats, wishes.values(), free.lots, self.now)
        free.leave(left)
        self._changes += [self._renewal(wish, lot) for wish, lot in granted]
        for wish in missed:
            self._changes.append(self._unmet(wish, waits=wish.learner in waits and wish.after <= self.now))
        waiting = sum(change.kind is Kind.WAIT for change in self._changes)
        learners = frozenset(wish.learner for wish, _ in granted)
        return Renewed(learners, len(missed) - waiting, waiting)

    def _automatic(self, wishes: dict[int, Wish]) -> None:
        licenses = self.register.licenses
        ended = {*licenses.over(self.now + AHEAD), *licenses.lapsed(), *self.surveyed.lapsed}
        in_line = {entry.learner for entry in licenses.waiting(self.policy.seats.type)}
        chosen = sorted(ended - in_line - wishes.keys())
        for start in range(0, len(chosen), _PAGE):
            for learner in self.register.people.learners(chosen[start : start + _PAGE], self.now):
                wish = renewals.judge(learner, Terms(within=AHEAD), self.now, left=self._left(learner))
                if isinstance(wish, Wish):
                    wishes[learner.id] = wish

    def _judge(self, page: Sequence[int], selection: Selection, wishes: dict[int, Wish]) -> None:
        most = self.policy.seats.max_moves
        moved = set() if most is None else self.register.moves.used_up(page, most, self.now - YEAR)
        for learner in self.register.people.learners(page, self.now):
            used_up, left = (learner.id, learner.lot) in moved, self._left(learner)
            wish = renewals.judge(learner, selection.terms, self.now, left=left, used_up=used_up)
            if isinstance(wish, Wish):
                wishes[learner.id] = wish
            else:
                profile = learner.profile
                self._skip(f"{learner.key}/renewal", profile.email, profile.full_name, wish, learner.id)

    def _left(self, learner: KnownLearner) -> bool:
        stayed = learner.left_at is None or learner.id in self.surveyed.lapsed
        return learner.id in self.surveyed.leaving or not stayed

    def _renewal(self, wish: Wish, lot: Lot) -> Change:
        data = self._data(wish)
        why = "the license has ended"
        if wish.after > self.now:
            why = "follows the license that is about to end" if wish.starts_at else "replaces the license now"
        if wish.starts_at:
            data["starts_at"] = wish.starts_at
        return Change(
            Kind.RENEW, wish.key, wish.email, wish.name, why, wish.learner, data, lot.id, lot.ends_at
        )

    def _data(self, wish: Wish) -> dict[str, object]:
        left = {"left": True} if wish.left else {}
        return {"renews": wish.renews, "priority": len(self.policy.priority), **left}

    def _unmet(self, wish: Wish, *, waits: bool) -> Change:
        if not waits:
            why = "no license is free: not renewed"
            return Change(Kind.SKIP, f"{wish.key}/renewal", wish.email, wish.name, why, wish.learner)
        data = self._data(wish)
        why = "no license is free; renewed when there is one"
        return Change(Kind.WAIT, wish.key, wish.email, wish.name, why, wish.learner, data)

    def _unknown(self, selection: Selection) -> None:
        for email, where in selection.unknown:
            self._skip(where, email, where, "no learner has this address", None)

    def _skip(self, key: str, email: str, name: str, why: str, learner: int | None) -> None:
        self._changes.append(Change(Kind.SKIP, key, email, name, why, learner))


def left_over(register: Register, runs: Iterable[int]) -> list[Selection]:
    """What was to be renewed by these plans and was not: once approved, it is still wanted.

    Of people who have left only where they had when it was approved.
    """
    chosen: dict[tuple[Start, bool, bool], list[int]] = defaultdict(list)
    for run in runs:
        for entry in register.journal.read(run, kinds=[Kind.RENEW, Kind.WAIT], state=ChangeState.PLANNED):
            change = entry.change
            if "renews" in change.data and change.learner is not None:
                start = Start.AT_END if "starts_at" in change.data else Start.NOW
                chosen[start, "left" in change.data, change.kind is Kind.WAIT].append(change.learner)
    return [
        Selection(tuple(learners), Terms(start, within=_APPROVED, include_left=left), wait)
        for (start, left, wait), learners in chosen.items()
    ]
