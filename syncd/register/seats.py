"""Granting and taking back seats: the one place that writes allocations and the waiting list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, case, delete, func, select, true, update

from syncd.model import Lot
from syncd.register import bulk
from syncd.register.bulk import is_any_of
from syncd.register.schema import LIVE, SCHEDULED, allocations, lots, waiting
from syncd.register.stretch import Stretch, execute

HELD = allocations.c.ended_at.is_(None)
"""The allocations whose seat is taken: live ones and scheduled ones."""
REFUSED = "refused by the platform"
_OVER = "the license has ended"
_COLUMNS = ("learner_id", "lot_id", "type", "lot_quantity", "ends_at", "seat", "allocated_at", "run_id")


class Grant(NamedTuple):
    learner: int
    lot: int


class Renewal(NamedTuple):
    """A license of `lot` after the allocation `renews`: from `starts_at` on, or at once where that is 0."""

    learner: int
    lot: int
    renews: int
    starts_at: int


class Waiter(NamedTuple):
    learner: int
    since: int
    priority: int
    key: str


def grant(connection: Connection, grants: Sequence[Grant], run: int | None, now: int) -> list[Grant]:
    """Give each learner a seat of the lot named; return those that found none, in their order.

    A lot that somebody else emptied meanwhile, or that has ended, has no seat to give.
    """
    by_lot: dict[int, list[Grant]] = defaultdict(list)
    for entry in grants:
        by_lot[entry.lot].append(entry)
    left_over: list[Grant] = []
    rows: list[tuple[object, ...]] = []
    for number, entries in sorted(by_lot.items()):
        lot = _locked(connection, number)
        free = free_seats(connection, lot, len(entries)) if lot.starts_at <= now < lot.ends_at else []
        left_over += entries[len(free) :]
        rows += [
            (entry.learner, lot.id, str(lot.type), lot.quantity, lot.ends_at, seat, now, run)
            for entry, seat in zip(entries, free, strict=False)
        ]
    bulk.insert(connection, "allocations", _COLUMNS, rows)
    return left_over


def renew(connection: Connection, renewals: Sequence[Renewal], run: int, now: int) -> list[Renewal]:
    """Give each learner the license that follows their old one; return those that found no seat.

    What is over of theirs has expired by then. What still runs goes on until the renewal starts.
    """
    expire(connection, [entry.learner for entry in renewals], now)
    by_lot: dict[int, list[Renewal]] = defaultdict(list)
    for entry in renewals:
        by_lot[entry.lot].append(entry)
    left_over: list[Renewal] = []
    rows: list[tuple[object, ...]] = []
    replaced: list[int] = []
    for number, entries in sorted(by_lot.items()):
        lot = _locked(connection, number)
        free = free_seats(connection, lot, len(entries)) if lot.starts_at <= now < lot.ends_at else []
        left_over += entries[len(free) :]
        for entry, seat in zip(entries, free, strict=False):
            state = "scheduled" if entry.starts_at else "live"
            given = (entry.learner, lot.id, str(lot.type), lot.quantity, lot.ends_at, seat, now, run)
            rows.append((*given, state, entry.renews, entry.starts_at or None))
            replaced += [] if entry.starts_at else [entry.renews]
    _supersede(connection, replaced, now)
    bulk.insert(connection, "allocations", (*_COLUMNS, "state", "renews", "starts_at"), rows)
    return left_over


def _supersede(connection: Connection, replaced: Sequence[int], now: int) -> None:
    """These allocations, those that have not ended, give way to their renewal."""
    connection.execute(
        update(allocations)
        .where(is_any_of(allocations.c.id, replaced), HELD)
        .values(state="superseded", ended_at=now, ended_because="renewed")
    )


def free_seats(connection: Connection, lot: Lot, many: int) -> list[int]:
    """Up to `many` free seat numbers: first those above every taken one, then the gaps below."""
    held = (allocations.c.lot_id == lot.id, HELD)  # an index of its own
    # Not max(): PostgreSQL, while it has no statistics of the table, reads the whole lot for that.
    top = select(allocations.c.seat).where(*held).order_by(allocations.c.seat.desc()).limit(1)
    highest = connection.execute(top).scalar() or 0
    above = list(range(highest + 1, min(lot.quantity, highest + many) + 1))
    if len(above) == many or not highest:
        return above
    taken = set(connection.execute(select(allocations.c.seat).where(*held)).scalars())
    gaps = (seat for seat in range(1, highest + 1) if seat not in taken)
    return above + list(islice(gaps, many - len(above)))


class SeatRow(NamedTuple):
    """Free seats of one lot that follow each other; `below` is the number before the first."""

    lot: Lot
    below: int


def in_a_row(connection: Connection, stretch: Stretch, many: int, now: int) -> SeatRow | None:
    """Seats for all `many` in a stretch of a plan, if they draw from one lot that has them on top."""
    planned = "SELECT min(lot_id), max(lot_id), count(lot_id) FROM {plan}"
    lowest, highest, drawing = tuple(execute(connection, planned, stretch).one())
    if drawing != many or lowest != highest:
        return None
    lot = _locked(connection, lowest)
    free = free_seats(connection, lot, many) if lot.starts_at <= now < lot.ends_at else []
    in_a_row = len(free) == many == free[-1] - free[0] + 1
    return SeatRow(lot, free[0] - 1) if in_a_row else None


def grant_in_a_row(connection: Connection, stretch: Stretch, row: SeatRow, now: int) -> None:
    """Give everybody in the stretch the next seat of the row, in the order of the plan."""
    lot = row.lot
    facts = {"lot": lot.id, "type": str(lot.type), "quantity": lot.quantity, "ends_at": lot.ends_at}
    execute(connection, _GRANT, stretch, **facts, below=row.below, now=now)


_GRANT = """
    INSERT INTO allocations (learner_id, lot_id, type, lot_quantity, ends_at, seat, allocated_at, run_id)
    SELECT learner_id, :lot, :type, :quantity, :ends_at,
        :below + row_number() OVER (ORDER BY "key"), :now, :run
    FROM {plan}"""


def release(connection: Connection, learners: Iterable[int], lot: int | None, why: str, now: int) -> int:
    """End these learners' allocations, those from `lot` or all; how many. One that is over has expired."""
    theirs = is_any_of(allocations.c.learner_id, learners)
    over = allocations.c.ends_at <= now
    ended = connection.execute(
        update(allocations)
        .where(theirs, true() if lot is None else allocations.c.lot_id == lot, HELD)
        .values(
            state=case((over, "expired"), else_="released"),
            ended_at=case((over, allocations.c.ends_at), else_=now),
            ended_because=case((over, _OVER), else_=why),
        )
    )
    return ended.rowcount


def expire(connection: Connection, learners: Sequence[int], now: int) -> None:
    """End what is over of these learners' allocations, as of its end; and let follow what was scheduled."""
    theirs = is_any_of(allocations.c.learner_id, learners)
    for held in (LIVE, SCHEDULED):  # each has an index by learner
        connection.execute(
            update(allocations)
            .where(theirs, held, allocations.c.ends_at <= now)
            .values(state="expired", ended_at=allocations.c.ends_at, ended_because=_OVER)
        )
    connection.execute(
        update(allocations).where(theirs, SCHEDULED, allocations.c.starts_at <= now).values(state="live")
    )


def give_back(connection: Connection, learner: int, run: int, why: str, now: int) -> bool:
    """End what this run gave the learner; whether they had it still."""
    given = allocations.c.learner_id == learner, allocations.c.run_id == run, HELD
    ended = connection.execute(
        update(allocations).where(*given).values(state="released", ended_at=now, ended_because=why)
    )
    return ended.rowcount > 0


def put_in_line(connection: Connection, waiters: Sequence[Waiter], type_: str) -> None:
    """Add to the waiting list; who is there already keeps their place."""
    if not waiters:
        return
    statement = (
        'INSERT INTO waiting (learner_id, type, since, priority, "key") VALUES (?, ?, ?, ?, ?)'
        " ON CONFLICT (learner_id, type) DO UPDATE SET priority = excluded.priority"
    )
    rows = [(entry.learner, type_, entry.since, entry.priority, entry.key) for entry in waiters]
    bulk.execute(connection, statement, rows)


def leave_line(connection: Connection, learners: Iterable[int]) -> None:
    connection.execute(delete(waiting).where(is_any_of(waiting.c.learner_id, learners)))


def with_free_seats(connection: Connection, now: int) -> Iterator[Lot]:
    """Every lot that has not ended, with how many of its seats are free."""
    # Counted lot by lot, in the part of the index that is about it: half the time of counting all at once.
    used = select(func.count()).where(HELD, allocations.c.lot_id == lots.c.id).scalar_subquery()
    statement = select(lots, used.label("used")).where(lots.c.ends_at > now)
    for row in connection.execute(statement.order_by(lots.c.id)).mappings():
        free = row["quantity"] - row["used"]
        yield Lot(row["id"], row["type"], row["quantity"], row["starts_at"], row["ends_at"], free)


def _locked(connection: Connection, number: int) -> Lot:
    """The lot, so that nobody else grants from it before this transaction ends."""
    row = connection.execute(select(lots).where(lots.c.id == number).with_for_update()).mappings().one()
    return Lot(row["id"], row["type"], row["quantity"], row["starts_at"], row["ends_at"])
