"""Seating: everybody who wants a license, the newcomers and those in line, against the free seats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncd.model import Change, Kind, Lot
from syncd.plan.policy import Policy
from syncd.plan.roster import WaitingLearner
from syncd.plan.seats import Allotment, OnShortfall, Seat, SeatRequest, allot
from syncd.ports import Register
from syncd.survey import Surveyed


def free_lots(register: Register, now: int, surveyed: Surveyed) -> list[Lot]:
    """The lots that have not ended, with the seats that are free or will be by the time of granting."""
    return [replace(lot, free=lot.free + surveyed.freed[lot.id]) for lot in register.licenses.drawable(now)]


def seat(
    register: Register, policy: Policy, run: int, now: int, surveyed: Surveyed, lots: Sequence[Lot]
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
    allotment = allot(policy.seats, requests, lots, now)
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
