"""The orders syncd asks for by itself: one of a type is open at most; a draft is for somebody to confirm."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from syncd.errors import ConfigError
from syncd.licensing.requests import Ask, LastRequest
from syncd.model import LicenseType, OrderState
from syncd.register import trail
from syncd.register.database import writing
from syncd.register.licenses import Order, read_order, state_of
from syncd.register.schema import orders

SYNCD = "syncd"  # who asks; also in the index that lets only one of its orders be open


class Requests:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)

    def last(self, type_: LicenseType) -> LastRequest | None:
        """The newest of them, whatever became of it."""
        statement = (
            select(orders)
            .where(orders.c.requested_by == SYNCD, orders.c.type == type_)
            .order_by(orders.c.id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        if row is None:
            return None
        return LastRequest(row["id"], state_of(row), row["quantity"], row["decided_by"], row["decided_at"])

    def ask(self, ask: Ask, type_: LicenseType, note: str, now: int) -> int | None:
        """The new order's number; None when one of syncd's is open, or the draft to replace has gone."""
        values = {
            "type": type_,
            "quantity": ask.quantity,
            "note": note,
            "requested_by": SYNCD,
            "requested_at": now,
            "draft": ask.draft,
        }
        try:
            with self._writer.begin() as connection:
                if ask.replaces is not None and not _cancel(
                    connection, ask.replaces, "more are missing", now
                ):
                    return None
                order: int = connection.execute(
                    insert(orders).values(values).returning(orders.c.id)
                ).scalar_one()
                asked = {"type": type_, "quantity": ask.quantity, "reference": None, "note": note}
                action = "drafted" if ask.draft else "requested"
                trail.note(connection, now, SYNCD, action, ("order", order), after=asked)
        except IntegrityError:  # another run was quicker: that is what the index is for
            return None
        return order

    def withdraw(self, order: int, reason: str, now: int) -> bool:
        """Cancel a draft; whether it still was one."""
        with self._writer.begin() as connection:
            return _cancel(connection, order, reason, now)

    def confirm(self, order: int, *, by: str, now: int) -> Order:
        """Somebody stands by the draft: now it is requested. Raises `ConfigError` for what is no draft."""
        with self._writer.begin() as connection:
            confirmed = connection.execute(
                update(orders)
                .where(orders.c.id == order, orders.c.state == OrderState.REQUESTED, orders.c.draft)
                .values(draft=False, confirmed_by=by, confirmed_at=now)
            )
            if confirmed.rowcount:
                trail.note(connection, now, by, "confirmed", ("order", order))
                return read_order(connection, order)
            row = connection.execute(select(orders).where(orders.c.id == order)).mappings().first()
        if row is None:
            raise ConfigError(f"there is no order {order}", next_step="see `syncd licenses list`")
        raise ConfigError(
            f"order {order} is {state_of(row)}; only a draft can be confirmed",
            next_step="see `syncd licenses list`",
        )


def _cancel(connection: Connection, order: int, reason: str, now: int) -> bool:
    cancelled = connection.execute(
        update(orders)
        .where(orders.c.id == order, orders.c.state == OrderState.REQUESTED, orders.c.draft)
        .values(state=OrderState.CANCELLED, decided_by=SYNCD, decided_at=now, reason=reason)
    )
    if cancelled.rowcount:
        trail.note(connection, now, SYNCD, "cancelled", ("order", order), after={"reason": reason})
    return bool(cancelled.rowcount)
