"""Requesting: after a run, ask for the licenses that are missing or soon will be; where the admin wants that.

Nobody is surprised by a purchase: it is off by default, a draft counts for nothing until a manager confirms
it, and every order is still for somebody else to assign.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

import structlog

from syncd.forecasting import Foresight, look_ahead
from syncd.licensing.requests import Ask, Automatic, RequestPolicy, Withdraw, decide
from syncd.plan.policy import Policy
from syncd.plan.roster import WaitingLearner
from syncd.register_port import Register

SYNCD = "syncd"
_DAY = 86_400
_NAMED = 10
_log = structlog.get_logger()


def request_missing(
    register: Register, policy: Policy, wanted: RequestPolicy, zone: tzinfo, now: int
) -> int | None:
    """The number of the order it came to, if any. Doing it twice comes to one order."""
    if wanted.automatic is Automatic.OFF:
        return None
    foresight = look_ahead(register, policy, zone, now)
    stock = foresight.forecast.question.stock
    type_, last = policy.seats.type, register.requests.last(policy.seats.type)
    short = foresight.wanted.short_within(wanted.within // _DAY)
    decision = decide(wanted, short - stock.requested, last, now, by=SYNCD)
    if isinstance(decision, Withdraw):
        if register.requests.withdraw(decision.order, "nothing is missing any more", now):
            _log.info("draft_withdrawn", order=decision.order)
        return None
    if decision is None:
        return None
    note = _note(foresight, decision, short, wanted, register.licenses.waiting(type_))
    order = register.requests.ask(decision, type_, note, now)
    if order is not None:
        event = "order_drafted" if decision.draft else "order_requested"
        _log.warning(event, order=order, quantity=decision.quantity, missing=short - stock.requested)
    return order


def _note(
    foresight: Foresight,
    ask: Ask,
    short: int,
    wanted: RequestPolicy,
    line: Sequence[WaitingLearner],
) -> str:
    """What is behind the number: who waits, when it runs short, and what was left out."""
    dates, shortfall = foresight.days.dates, foresight.wanted.shortfall
    until = dates[min(wanted.within // _DAY, len(dates) - 1)]
    parts = []
    if line:
        names = ", ".join(entry.name or entry.email for entry in line[:_NAMED])
        more = f" and {len(line) - _NAMED:,} more" if len(line) > _NAMED else ""
        parts.append(f"{len(line):,} waiting: {names}{more}")
    expected = short - len(line)
    if expected > 0 and shortfall is not None:
        also = " more" if line else ""
        parts.append(
            f"{expected:,}{also} expected to be missing by {until}, the first on {dates[shortfall.day]}"
        )
    if requested := foresight.forecast.question.stock.requested:
        parts.append(f"{requested:,} requested already")
    if short - requested > ask.quantity:
        parts.append(f"{short - requested:,} are missing; licenses.request.max allows {wanted.most:,}")
    return f"forecast of {dates[0]}: {'; '.join(parts)}"
