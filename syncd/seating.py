"""Seating: everybody who wants a license, the newcomers and those in line, against the free seats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncd.model import Change, Kind, Lot
from syncd.plan.policy import Policy
from syncd.plan.roster import WaitingLearner
from syncd.plan.seats import Allotment, OnShortfall, Seat, SeatPolicy, SeatRequest, allot, drawable
from syncd.register_port import Register
from syncd.survey import Surveyed


class FreeSeats:
    """The seats that are free, or will be by the time of granting.

    Counted when somebody first wants one: counting is a look at every seat that is taken.
    `available`: how many a newcomer might have drawn by then; 0 when nobody wanted one.
    """

    def __init__(self, register: Register, policy: SeatPolicy, now: int, surveyed: Surveyed) -> None:
        self._register = register
        self._policy = policy
        self._now = now
        self._freed = surveyed.freed
        self._lots: Sequence[Lot] | None = None
        self.available = 0

    @property
    def lots(self) -> Sequence[Lot]:
        """The lots that have not ended, with what is left of each."""
        if self._lots is None:
            lots = self._register.licenses.drawable(self._now)
            self._lots = [replace(lot, free=lot.free + self._freed[lot.id]) for lot in lots]
            self.available = sum(lot.free for lot in drawable(self._policy, self._lots, self._now))
        return self._lots

    def leave(self, lots: Sequence[Lot]) -> None:
        """Some have been dealt: this is what is left."""
        self._lots = lots


def seat(
    register: Register, policy: Policy, run: int, now: int, surveyed: Surveyed, free: FreeSeats
) -> Allotment:
    """Deal the seats and write onto the plan who gets which, until when, and who waits."""
    line = {
        entry.learner: entry
        for entry in register.licenses.waiting(policy.seats.type)
        if entry.learner not in surveyed.leaving
    }
    requests = list(surveyed.requests)
    for entry in line.values():
        kind = Kind.RENEW if entry.renews else Kind.ALLOCATE if entry.has_account else Kind.CREATE
        priority = surveyed.priorities.get(entry.learner, entry.priority)
        requests.append(SeatRequest(priority, entry.since, entry.key, kind, entry.learner))
    allotment = allot(policy.seats, requests, free.lots if requests else (), now)
    _seat_drafted(
        register, run, [entry for entry in allotment.granted if entry.request.learner not in line], allotment
    )
    register.journal.write(
        run,
        [
            Change(
                kind=seat.request.kind,
                key=seat.request.key,
                email=line[seat.request.learner].email,
                name=line[seat.request.learner].name,
                why="a license has become free",
                learner=seat.request.learner,
                data={"priority": seat.request.priority, **_renews(line[seat.request.learner])},
                lot=seat.lot,
                ends_at=seat.ends_at,
            )
            for seat in allotment.granted
            if seat.request.learner in line
        ],
    )
    if policy.seats.on_shortfall is not OnShortfall.CREATE_UNLICENSED:
        _let_wait(register, run, allotment)
    return allotment


def _renews(entry: WaitingLearner) -> dict[str, int]:
    return {} if entry.renews is None else {"renews": entry.renews}


def _seat_drafted(register: Register, run: int, drafted: Sequence[Seat], allotment: Allotment) -> None:
    newcomers = [entry for entry in drafted if entry.request.kind is Kind.CREATE]
    if newcomers and not allotment.waiting and len({entry.lot for entry in newcomers}) == 1:
        register.journal.seat_newcomers(run, newcomers[0].lot, newcomers[0].ends_at)
        drafted = [entry for entry in drafted if entry.request.kind is not Kind.CREATE]
    register.journal.seat(run, drafted)


def _let_wait(register: Register, run: int, allotment: Allotment) -> None:
    waiting = [
        (request, f"no license is free; place {place} in line")
        for place, request in enumerate(allotment.waiting, start=1)
        if request.kind is Kind.CREATE
    ]
    register.journal.let_wait(run, waiting)
