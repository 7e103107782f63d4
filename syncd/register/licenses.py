"""License orders and the lots they bring; who holds what, and who waits.

(draft ─>) requested ─┬─> assigned   a lot is born, its term starts
   │                  ├─> rejected
   └──────────────────┴─> cancelled
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    and_,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from syncd.errors import ConfigError
from syncd.licensing import terms
from syncd.model import LicenseType, Lot, OrderState
from syncd.plan.roster import WaitingLearner
from syncd.register import seats, trail
from syncd.register.database import writing
from syncd.register.lot_rows import LotStatus, statuses
from syncd.register.schema import LAPSED, allocations, learners, lots, orders, waiting
from syncd.register.standing import live, with_licenses

MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Order:
    """`assigned` is the size of its lot, which may differ from what was asked for; None before that.

    `confirmed_by`: who stood by it, where syncd had drafted it.
    """

    id: int
    type: LicenseType
    quantity: int
    reference: str | None
    note: str
    state: OrderState
    requested_by: str
    requested_at: int
    decided_by: str
    decided_at: int | None
    reason: str
    confirmed_by: str
    confirmed_at: int | None
    lot: int | None
    assigned: int | None
    ends_at: int | None


class Licenses:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)

    def request(
        self,
        type_: LicenseType,
        quantity: int,
        *,
        by: str,
        now: int,
        note: str = "",
        reference: str | None = None,
    ) -> Order:
        """Ask for licenses. Raises `ConfigError` for a number or reference that cannot be."""
        _check_quantity(quantity)
        values = {
            "type": type_,
            "quantity": quantity,
            "note": note,
            "reference": reference,
            "requested_by": by,
            "requested_at": now,
        }
        try:
            with self._writer.begin() as connection:
                number = connection.execute(insert(orders).values(values).returning(orders.c.id)).scalar_one()
                asked = {"type": type_, "quantity": quantity, "reference": reference, "note": note}
                trail.note(connection, now, by, "requested", ("order", number), after=asked)
                return read_order(connection, number)
        except IntegrityError as exc:
            raise ConfigError(
                f"the reference {reference!r} belongs to another order",
                next_step="see `syncd licenses list`; every order has a reference of its own",
            ) from exc

    def assign(
        self, order: int, *, by: str, now: int, zone: tzinfo, quantity: int | None = None, reason: str = ""
    ) -> Order:
        """Grant an order, whole or a different number for a reason. The licenses' term starts `now`."""
        with self._writer.begin() as connection:
            asked = self._requested(connection, order, OrderState.ASSIGNED, by, now, reason)
            many = asked.quantity if quantity is None else quantity
            _check_quantity(many)
            if many != asked.quantity and not reason:
                raise ConfigError(
                    f"order {order} asks for {asked.quantity} licenses, not {many}",
                    next_step="say why with --reason",
                )
            lot = {"order_id": order, "type": asked.type, "quantity": many, "starts_at": now}
            connection.execute(insert(lots).values(**lot, ends_at=terms.ends_at(asked.type, now, zone)))
            assigned = read_order(connection, order)
            after = {"lot": assigned.lot, "quantity": many, "ends_at": assigned.ends_at, "reason": reason}
            before = {"quantity": asked.quantity}
            trail.note(connection, now, by, "assigned", ("order", order), before=before, after=after)
            return assigned

    def reject(self, order: int, *, by: str, now: int, reason: str) -> Order:
        with self._writer.begin() as connection:
            self._requested(connection, order, OrderState.REJECTED, by, now, reason)
            trail.note(connection, now, by, "rejected", ("order", order), after={"reason": reason})
            return read_order(connection, order)

    def cancel(self, order: int, *, by: str, now: int, reason: str = "") -> Order:
        with self._writer.begin() as connection:
            self._requested(connection, order, OrderState.CANCELLED, by, now, reason)
            trail.note(connection, now, by, "cancelled", ("order", order), after={"reason": reason})
            return read_order(connection, order)

    def orders(self) -> list[Order]:
        with self._engine.connect() as connection:
            return [_as_order(row) for row in connection.execute(_ORDERS.order_by(orders.c.id)).mappings()]

    def lots(self, now: int) -> list[LotStatus]:
        """Every lot there ever was, with its seats as they are at `now`."""
        live = (
            select(allocations.c.lot_id, func.count().label("used"))
            .where(seats.HELD)
            .group_by(allocations.c.lot_id)
            .subquery()
        )
        with self._engine.connect() as connection:
            return statuses(connection, live, now)

    def drawable(self, now: int) -> list[Lot]:
        """Lots that have not ended, with their free seats."""
        with self._engine.connect() as connection:
            return list(seats.with_free_seats(connection, now))

    def lapsed(self) -> list[int]:
        """Learners who are here and suspended because their license has ended."""
        with self._engine.connect() as connection:
            return list(connection.execute(_LAPSED).scalars())

    def over(self, now: int) -> list[int]:
        """Learners with a license that is over at `now` and has yet to be recorded as expired."""
        with self._engine.connect() as connection:
            return sorted(set(connection.execute(_OVER, {"now": now}).scalars()))

    def line_length(self, type_: LicenseType) -> int:
        """How many are in line for a license of this type."""
        counted = select(func.count()).select_from(waiting).where(waiting.c.type == type_)
        with self._engine.connect() as connection:
            return connection.execute(counted).scalar_one()

    def waiting(self, type_: LicenseType, *, most: int | None = None) -> list[WaitingLearner]:
        """Everybody in line for a license of this type, or the first `most`, first in line first."""
        statement = _LINE if most is None else _LINE.limit(most)
        with self._engine.connect() as connection:
            return [_waiter(row) for row in connection.execute(statement, {"type": type_}).mappings()]

    @staticmethod
    def _requested(
        connection: Connection, order: int, decision: OrderState, by: str, now: int, reason: str
    ) -> Order:
        """Decide an order that is still open; the check and the change are one statement.

        A draft may be cancelled and nothing else: nobody has asked for it yet.
        """
        open_ = orders.c.state == OrderState.REQUESTED
        if decision is not OrderState.CANCELLED:
            open_ = and_(open_, ~orders.c.draft)
        decided = connection.execute(
            update(orders)
            .where(orders.c.id == order, open_)
            .values(state=decision, decided_by=by, decided_at=now, reason=reason)
        )
        if decided.rowcount:
            return read_order(connection, order)
        row = connection.execute(select(orders).where(orders.c.id == order)).mappings().first()
        if row is None:
            raise ConfigError(f"there is no order {order}", next_step="see `syncd licenses list`")
        if (state := state_of(row)) is OrderState.DRAFT:
            raise ConfigError(
                f"order {order} is a draft; it cannot be {decision}",
                next_step=f"confirm it with `syncd licenses confirm {order}`, or cancel it",
            )
        raise ConfigError(
            f"order {order} is {state} already; it cannot be {decision}", next_step="place a new order"
        )


_EXPIRED = (
    select(func.max(allocations.c.id))
    .where(allocations.c.learner_id == learners.c.id, allocations.c.state == "expired")
    .correlate(learners)
    .scalar_subquery()
)
_RENEWS = func.coalesce(live.c.id, case((learners.c.suspended_by == "expiry", _EXPIRED)))
_LINE = (
    select(waiting, learners.c.email, learners.c.first_name, learners.c.last_name, learners.c.account)
    .add_columns(_RENEWS.label("renews"))
    .select_from(with_licenses(waiting.join(learners, learners.c.id == waiting.c.learner_id)))
    .where(waiting.c.type == bindparam("type"))
    .order_by(waiting.c.priority, waiting.c.since, waiting.c.key)
)
_LAPSED = select(learners.c.id).where(LAPSED)
_OVER = select(allocations.c.learner_id).where(
    seats.HELD, allocations.c.lot_id.in_(select(lots.c.id).where(lots.c.ends_at <= bindparam("now")))
)
_ORDERS = select(orders, lots.c.id.label("lot"), lots.c.quantity.label("assigned"), lots.c.ends_at).outerjoin(
    lots, lots.c.order_id == orders.c.id
)


def read_order(connection: Connection, number: int) -> Order:
    return _as_order(connection.execute(_ORDERS.where(orders.c.id == number)).mappings().one())


def _as_order(row: RowMapping) -> Order:
    facts = {name: value for name, value in row.items() if name != "draft"}
    return Order(**{**facts, "type": LicenseType(row["type"]), "state": state_of(row)})


def state_of(row: RowMapping) -> OrderState:
    """A draft is an order nobody has asked for yet."""
    state = OrderState(row["state"])
    return OrderState.DRAFT if row["draft"] and state is OrderState.REQUESTED else state


def _waiter(row: RowMapping) -> WaitingLearner:
    name = f"{row['first_name']} {row['last_name']}".strip()
    has_account = row["account"] == "active"
    return WaitingLearner(
        row["learner_id"],
        row["since"],
        row["priority"],
        row["key"],
        row["email"],
        name,
        has_account,
        row["renews"],
    )


def _check_quantity(quantity: Any) -> None:
    if not 1 <= quantity <= MOST:
        raise ConfigError(
            f"{quantity} is not a number of licenses", next_step=f"give a number from 1 to {MOST:,}"
        )
