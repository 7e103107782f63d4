"""Forecasting: the register's stock and history, and somebody's "what if", made into a forecast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import NamedTuple

from syncd.errors import ConfigError
from syncd.licensing import terms
from syncd.licensing.course import Rules
from syncd.licensing.days import Days, twelve_months
from syncd.licensing.forecast import Forecast, Outlook, Question, forecast
from syncd.licensing.notices import ShortfallAhead
from syncd.licensing.rates import Observed, Rate, observe
from syncd.licensing.stock import LotStock
from syncd.plan.policy import Policy
from syncd.plan.seats import OnShortfall
from syncd.register_port import Register

YEAR = 365
MOST = 1_000_000


class SupposedOrder(NamedTuple):
    """Licenses that would be ordered and assigned on `day`; twelve months from that day are theirs."""

    quantity: int
    day: date


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What somebody supposes. `joiners`: people a day, instead of the rate of the past.

    `wanting`: people who want a license today, those in line among them, as a plan has it.
    """

    orders: tuple[SupposedOrder, ...] = ()
    joiners: float | None = None
    leavers: bool = True
    wanting: int = 0


AS_IT_IS = WhatIf()


@dataclass(frozen=True, slots=True)
class Foresight:
    """A forecast and what it rests on. `observed` is None where the past is too short to tell a rate.

    `renews`: whether licenses that end are renewed by themselves.
    """

    forecast: Forecast
    observed: Observed | None
    what_if: WhatIf
    now: int
    renews: bool = False

    @property
    def wanted(self) -> Outlook:
        """Who gets a license by themselves: newcomers; and where renewals are automatic, everybody."""
        return self.forecast.renewing if self.renews else self.forecast.line

    def ahead(self, type_: str) -> list[ShortfallAhead]:
        """The next shortfall, for those who are told of it; none of today's, which is no forecast."""
        short = self.wanted.shortfall
        if short is None or short.day == 0:
            return []
        at = self.days.starts[short.day]
        return [ShortfallAhead(type_, at, short.missing, short.soon)]

    @property
    def days(self) -> Days:
        return self.forecast.question.days


def look_ahead(
    register: Register, policy: Policy, zone: tzinfo, now: int, what_if: WhatIf = AS_IT_IS
) -> Foresight:
    """The next twelve months. Raises `ConfigError` for an order that cannot be supposed."""
    days = twelve_months(now, zone)
    supposed = list(_supposed(what_if.orders, policy, days, zone))
    observed = observe(register.stocktaking.history(), now, zone, YEAR)
    stock = register.stocktaking.stock(policy.seats.type, now)
    joining, leaving = _rates(what_if, observed)
    question = Question(
        stock=replace(stock, lots=(*stock.lots, *supposed), waiting=max(stock.waiting, what_if.wanting)),
        days=days,
        rules=Rules(
            release_after=max(policy.grace.suspend_after, policy.grace.release_after),
            min_remaining=policy.seats.min_remaining,
            hold=policy.seats.on_shortfall is OnShortfall.HOLD,
        ),
        joining=joining,
        leaving=leaving,
    )
    return Foresight(forecast(question), observed, what_if, now, policy.seats.renews)


def _rates(what_if: WhatIf, observed: Observed | None) -> tuple[Rate, Rate]:
    nobody = Rate(0)
    joining = nobody if observed is None else observed.joining
    leaving = nobody if observed is None else observed.leaving
    if what_if.joiners is not None:
        joining = Rate(what_if.joiners)
    return joining, leaving if what_if.leavers else nobody


def _supposed(
    orders: Sequence[SupposedOrder], policy: Policy, days: Days, zone: tzinfo
) -> Iterator[LotStock]:
    for number, order in enumerate(orders, start=1):
        if not 1 <= order.quantity <= MOST:
            raise ConfigError(
                f"{order.quantity} is not a number of licenses", next_step=f"give a number from 1 to {MOST:,}"
            )
        if order.day not in days.dates:
            raise ConfigError(
                f"an order on {order.day} is outside of the forecast",
                next_step=f"give a day from {days.dates[0]} to {days.dates[-1]}",
            )
        start = max(days.starts[0], terms.start_of(order.day, zone))
        # behind every lot there is, where they end together
        yield LotStock(
            id=2**62 + number,
            order=0,
            starts_at=start,
            ends_at=terms.ends_at(policy.seats.type, start, zone),
            free=order.quantity,
        )
