"""Licenses: the lots there are and when they end, the orders they came of, and the line of those who wait."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.daemon.console.tables import SHOWN, Cell, Table, Turning, table, turned
from syncd.daemon.console.visit import Answer, Page, Visit, path
from syncd.dates import day, moment
from syncd.register.lot_rows import LotStatus
from syncd.words.licenses import remaining, remarks, waits_for
from syncd.words.wording import people

SOON = 30 * 86_400
_LOTS = ("ORDER", "TYPE", "STARTED", "ENDS", "LEFT", "LICENSES", "ALLOCATED", "AVAILABLE", "EXPIRED", "USED")
_ORDERS = ("ORDER", "TYPE", "LICENSES", "STATE", "REQUESTED", "BY", "DECIDED", "ENDS", "REMARKS")
_LINE = ("PLACE", "WHO", "E-MAIL", "SINCE", "FOR")
_TONES = {"assigned": "good", "requested": "warn", "draft": "warn", "rejected": "quiet", "cancelled": "quiet"}


def show(visit: Visit) -> Answer:
    licenses = visit.app.register.licenses
    lots = licenses.lots(visit.now)
    waiting, turning = _line(visit)
    many = licenses.line_length(visit.app.settings.policy.seats.type)
    facts = {
        "running": _lots(visit, [lot for lot in lots if lot.ends_at > visit.now], "Lots that run"),
        "over": _lots(visit, [lot for lot in lots if lot.ends_at <= visit.now][::-1], "Lots that have ended"),
        "orders": _orders(visit),
        "many": f"{people(many) if many else 'Nobody'} waiting for a license",
        "waiting": waiting,
        "turning": turning,
    }
    return Page("licenses.html", "Licenses", "licenses", facts)


def _lots(visit: Visit, lots: Sequence[LotStatus], caption: str) -> Table:
    rows = [
        (
            str(lot.order),
            str(lot.type),
            day(lot.starts_at, visit.zone),
            day(lot.ends_at, visit.zone),
            Cell(remaining(lot, visit.now, visit.zone), tone=_urgency(lot, visit.now)),
            f"{lot.quantity:,}",
            f"{lot.allocated:,}",
            f"{lot.available:,}",
            f"{lot.expired:,}",
            _bar(lot, visit.now),
        )
        for lot in lots
    ]
    return table(caption, _LOTS, rows, right=(5, 6, 7, 8))


def _urgency(lot: LotStatus, now: int) -> str:
    if lot.ends_at <= now:
        return "quiet"
    return "warn" if lot.ends_at <= now + SOON else ""


def _bar(lot: LotStatus, now: int) -> Cell:
    if lot.ends_at <= now:
        return Cell("")
    part = lot.allocated / lot.quantity
    return Cell(f"{100 * lot.allocated // lot.quantity}%", part=part)


def _orders(visit: Visit) -> Table:
    rows = [
        (
            str(order.id),
            str(order.type),
            f"{order.quantity if order.assigned is None else order.assigned:,}",
            Cell(str(order.state), tone=_TONES.get(order.state, "")),
            moment(order.requested_at, visit.zone),
            order.requested_by,
            moment(order.decided_at, visit.zone),
            day(order.ends_at, visit.zone),
            remarks(order),
        )
        for order in reversed(visit.app.register.licenses.orders())
    ]
    return table("Orders, newest first", _ORDERS, rows, right=(2,))


def _line(visit: Visit) -> tuple[Table, Turning]:
    type_ = visit.app.settings.policy.seats.type
    line = visit.app.register.licenses.waiting(type_, most=visit.page * SHOWN + 1)
    shown, turning = turned(visit, enumerate(line, start=1), "licenses")
    rows = [
        (
            f"{place:,}",
            Cell(entry.name or entry.email, path("learners", entry.learner)),
            entry.email,
            moment(entry.since, visit.zone),
            waits_for(entry),
        )
        for place, entry in shown
    ]
    return table("Who waits, first in line first", _LINE, rows, right=(0,), head=1), turning
