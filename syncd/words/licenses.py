"""Licenses in words: how long lots last, what there is to say of orders, and what people wait for."""

from __future__ import annotations

from datetime import tzinfo

from syncd.licensing.due import days_until
from syncd.plan.roster import WaitingLearner
from syncd.register.licenses import Order
from syncd.register.lot_rows import LotStatus
from syncd.words.wording import many


def remarks(order: Order) -> str:
    """What else there is to say of an order."""
    asked = f"{order.quantity:,} were asked for" if order.assigned not in (None, order.quantity) else ""
    confirmed = f"confirmed by {order.confirmed_by}" if order.confirmed_by else ""
    return "; ".join(filter(None, (asked, order.reference, confirmed, order.note, order.reason)))


def remaining(lot: LotStatus, now: int, zone: tzinfo) -> str:
    """How long a lot lasts, in days of the company, as notices count them."""
    days = days_until(lot.ends_at, now, zone)
    return "over" if lot.ends_at <= now else f"in {many(days, 'day')}" if days else "today"


def waits_for(entry: WaitingLearner) -> str:
    """What somebody in line waits for."""
    if entry.renews:
        return "a renewal"
    return "a license" if entry.has_account else "an account and a license"
