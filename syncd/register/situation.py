"""The situation: everything that notices are about, read in one transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, func, or_, select

from syncd.errors import ASKED_TO_STOP, Busy
from syncd.licensing.due import DAY, LATE, NEWS, WELCOME
from syncd.licensing.notices import (
    NAMED,
    Ended,
    LastRun,
    LearnerNews,
    Line,
    LotNews,
    OrderNews,
    Person,
    Situation,
)
from syncd.model import OrderState, RunState
from syncd.plan.seats import SeatPolicy, drawable
from syncd.register import seats
from syncd.register.locking import lock
from syncd.register.runs import HAS_READ
from syncd.register.schema import allocations, learners, lots, orders, runs, waiting

_SYNCS = ("sync", "serve", "apply")  # who does something by hand is told there, and so is who only looks
_OVER = (RunState.HELD, RunState.FAILED, RunState.INTERRUPTED, RunState.DONE, RunState.SUPERSEDED)
_ASKED_TO_END = ("KeyboardInterrupt", "Terminated", "SystemExit", *ASKED_TO_STOP)
_NAME = (learners.c.first_name, learners.c.last_name, learners.c.email)
# Whoever has left, or was suspended by hand, is nobody's concern any more.
_THERE = and_(
    learners.c.left_at.is_(None), learners.c.suspended_by != "hand", learners.c.account != "planned"
)


class Situations:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(
        self,
        policy: SeatPolicy,
        now: int,
        *,
        lots_ending_in: int,
        learners_ending_in: int | None,
        newcomers: bool,
    ) -> Situation:
        """How things stand at `now`. People are named for the lots that end within so many seconds;
        learners are looked at one by one only where they are to be told themselves."""
        with self._engine.connect() as connection:
            return Situation(
                orders=_orders(connection, now),
                lots=_lots(connection, now, now + lots_ending_in),
                line=_line(connection, policy, now),
                ended=_ended(connection, now),
                run=_last_run(connection),
                ending=[] if learners_ending_in is None else _ending(connection, now, learners_ending_in),
                newcomers=_newcomers(connection, now) if newcomers else [],
            )

    def settled(self) -> bool:
        """Whether no run is changing anything: half of a run is no situation to tell of."""
        with self._engine.connect() as connection:
            newest = connection.execute(select(runs.c.state).order_by(runs.c.id.desc()).limit(1)).scalar()
        if newest != RunState.APPLYING:
            return True
        try:
            with lock(self._engine, "sync"):
                return True  # it died
        except Busy:
            return False

    def managers(self) -> list[Person]:
        """Learners with the role manager and an account."""
        chosen = select(*_NAME).where(learners.c.role == "manager", learners.c.account == "active")
        with self._engine.connect() as connection:
            return [_person(row) for row in connection.execute(chosen.order_by(learners.c.email))]


def _orders(connection: Connection, now: int) -> list[OrderNews]:
    lately = and_(orders.c.state == OrderState.ASSIGNED, orders.c.decided_at > now - NEWS)
    statement = (
        select(orders, lots.c.quantity.label("assigned"), lots.c.ends_at)
        .outerjoin(lots, lots.c.order_id == orders.c.id)
        .where(or_(orders.c.state == OrderState.REQUESTED, lately))
        .order_by(orders.c.id)
    )
    return [
        OrderNews(
            id=row["id"],
            type=row["type"],
            quantity=row["quantity"],
            reference=row["reference"] or "",
            note=row["note"],
            reason=row["reason"],
            by=row["decided_by"] or row["requested_by"],
            at=row["decided_at"] or row["requested_at"],
            assigned=row["assigned"],
            ends_at=row["ends_at"],
        )
        for row in connection.execute(statement).mappings()
    ]


def _lots(connection: Connection, now: int, soon: int) -> list[LotNews]:
    each = select(allocations.c.lot_id, func.count()).group_by(allocations.c.lot_id)
    used = Counter(_counts(connection, each.where(allocations.c.ended_at.is_(None))))
    shown = select(lots).where(lots.c.ends_at > now - LATE * DAY).order_by(lots.c.id)
    rows = connection.execute(shown).mappings().all()
    near = [row["id"] for row in rows if row["ends_at"] <= soon]
    counts: dict[int, int] = {}
    if over := [row["id"] for row in rows if row["ends_at"] <= now]:  # those who had it to its end had it
        expired = allocations.c.lot_id.in_(over), allocations.c.state == "expired"
        used.update(_counts(connection, each.where(*expired)))
    if near:
        held = _held_last().where(allocations.c.lot_id.in_(near))
        many = held.with_only_columns(allocations.c.lot_id, func.count()).group_by(allocations.c.lot_id)
        counts = _counts(connection, many)
    people = {lot: _first(connection, _held_last().where(allocations.c.lot_id == lot)) for lot in counts}
    return [
        LotNews(
            id=row["id"],
            order=row["order_id"],
            type=row["type"],
            quantity=row["quantity"],
            allocated=used[row["id"]],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            holders=counts.get(row["id"], 0),
            people=people.get(row["id"], []),
        )
        for row in rows
    ]


def _counts(connection: Connection, statement: Select[Any]) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(statement)}


def _line(connection: Connection, policy: SeatPolicy, now: int) -> Line:
    mine = waiting.c.type == policy.type
    many, since = connection.execute(select(func.count(), func.min(waiting.c.since)).where(mine)).one()
    asked = connection.execute(
        select(orders.c.id, orders.c.quantity)
        .where(orders.c.state == OrderState.REQUESTED, orders.c.type == policy.type)
        .order_by(orders.c.id)
    ).all()
    head = (
        select(*_NAME)
        .join(waiting, waiting.c.learner_id == learners.c.id)
        .where(mine)
        .order_by(waiting.c.priority, waiting.c.since, waiting.c.key)
        .limit(NAMED)
    )
    free = drawable(policy, seats.with_free_seats(connection, now), now)
    return Line(
        type=str(policy.type),
        waiting=many,
        since=since or 0,
        free=sum(lot.free for lot in free),
        ordered=sum(quantity for _, quantity in asked),
        orders=[number for number, _ in asked],
        people=[_person(row) for row in connection.execute(head)],
    )


def _ended(connection: Connection, now: int) -> Ended:
    if not connection.execute(select(lots.c.id).where(lots.c.ends_at <= now).limit(1)).first():
        return Ended()
    gone = _held_last().where(
        allocations.c.ends_at <= now, ~select(waiting).where(waiting.c.learner_id == learners.c.id).exists()
    )
    distinct = gone.with_only_columns(func.count(learners.c.id.distinct()))
    many = connection.execute(distinct).scalar_one()
    return Ended(many, _first(connection, gone.distinct()) if many else [])


def _last_run(connection: Connection) -> LastRun | None:
    statement = (
        select(runs)
        .where(runs.c.state.in_(_OVER), runs.c.command.in_(_SYNCS))
        .where(or_(runs.c.state != RunState.DONE, HAS_READ))
        .where(runs.c.error.not_in(_ASKED_TO_END))
        .order_by(runs.c.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).mappings().first()
    if row is None:
        return None
    facts = json.loads(row["facts"])
    state, at = RunState(row["state"]), row["finished_at"] or row["started_at"]
    if state is RunState.HELD:
        found = [(entry["override"], entry["message"]) for entry in facts.get("objections", ())]
        return LastRun(row["id"], at, objections=found)
    failed = state in (RunState.FAILED, RunState.INTERRUPTED)
    error = (row["error"] or str(state)) if failed else facts.get("platform_down", "")
    plan, command = _made_by_hand(connection, row["applies_run"])
    return LastRun(row["id"], at, error, (), facts.get("next_step", ""), plan, command)


def _made_by_hand(connection: Connection, plan: int | None) -> tuple[int | None, str]:
    """The number of the plan, and the command that made it, where no directory was read for it."""
    made_by = connection.execute(select(runs.c.command).where(runs.c.id == plan)).scalar() or ""
    command = made_by.removesuffix(" (preview)").removesuffix(" --dry-run")
    return (None, "") if command in ("", "plan", *_SYNCS) else (plan, command)


def _ending(connection: Connection, now: int, seconds: int) -> list[LearnerNews]:
    """Whose license ends within so many seconds, or did within the last week."""
    window = allocations.c.ends_at.between(now - NEWS, now + seconds)
    return _learners(connection, _held_last().where(window).order_by(learners.c.id, allocations.c.ends_at))


def _newcomers(connection: Connection, now: int) -> list[LearnerNews]:
    statement = (
        select(learners.c.id)
        .outerjoin(
            allocations, and_(allocations.c.learner_id == learners.c.id, allocations.c.state == "live")
        )
        .where(learners.c.activated_at > now - WELCOME, learners.c.account == "active")
        .order_by(learners.c.id)
    )
    found = _learners(connection, statement)
    return list({learner.id: learner for learner in found}.values())


def _held_last() -> Select[Any]:
    """Learners who are there, each with the allocation after which they have none of its type."""
    held = or_(allocations.c.ended_at.is_(None), allocations.c.state == "expired")
    last = (
        select(allocations.c.learner_id, allocations.c.type, func.max(allocations.c.ends_at).label("ends_at"))
        .where(held)
        .group_by(allocations.c.learner_id, allocations.c.type)
        .subquery("last")
    )
    same = and_(
        allocations.c.learner_id == last.c.learner_id,
        allocations.c.type == last.c.type,
        allocations.c.ends_at == last.c.ends_at,
    )
    return (
        select(learners.c.id)
        .select_from(last.join(allocations, same).join(learners, learners.c.id == last.c.learner_id))
        .where(held, _THERE)
    )


def _first(connection: Connection, chosen: Select[Any]) -> list[Person]:
    statement = chosen.with_only_columns(*_NAME).order_by(learners.c.email).limit(NAMED)
    return [_person(row) for row in connection.execute(statement)]


def _learners(connection: Connection, chosen: Select[Any]) -> list[LearnerNews]:
    columns = (learners.c.id, *_NAME, learners.c.language, allocations.c.type, allocations.c.ends_at)
    return [
        LearnerNews(number, _person(name).name, email, language, type_ or "", ends_at)
        for number, *name, language, type_, ends_at in connection.execute(chosen.with_only_columns(*columns))
        for email in name[2:]
    ]


def _person(row: Sequence[Any]) -> Person:
    first, last, email = row
    return Person(f"{first} {last}".strip(), email)
