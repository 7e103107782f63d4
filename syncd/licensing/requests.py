"""Requests: when syncd itself asks for licenses, for how many, and when it takes a draft back.

one of its orders is open, requested              -> wait for it
one is open, a draft: still enough                -> leave it to whoever confirms it
                      no longer enough, by far    -> another in its place
                      nothing is missing any more -> take it back
its last order was turned down a while ago        -> not again so soon
nothing is missing                                -> nothing
else                                              -> ask for what is missing, never more than `most`
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from syncd.model import OrderState

_BY_FAR = 1.25  # a draft is replaced when so many times its number are missing


class Automatic(StrEnum):
    """What syncd does by itself when licenses are missing."""

    OFF = "off"  # nothing
    DRAFT = "draft"  # an order that counts for nothing until a manager confirms it
    PLACE = "place"  # an order, requested


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """`within`: seconds ahead in which a shortfall counts. `most`: licenses in one order."""

    automatic: Automatic = Automatic.OFF
    within: int = 30 * 86_400
    most: int = 200


class LastRequest(NamedTuple):
    """The newest order that syncd itself asked for."""

    order: int
    state: OrderState
    quantity: int
    decided_by: str
    decided_at: int | None


class Ask(NamedTuple):
    """Place an order for `quantity` licenses. `replaces`: the draft it takes the place of."""

    quantity: int
    draft: bool
    replaces: int | None = None


class Withdraw(NamedTuple):
    """Take a draft back: what was missing is no longer."""

    order: int


def decide(
    policy: RequestPolicy, missing: int, last: LastRequest | None, now: int, *, by: str
) -> Ask | Withdraw | None:
    """What to do about `missing` licenses, which are those nobody has requested. `by`: syncd's own name."""
    if policy.automatic is Automatic.OFF:
        return None
    quantity = min(missing, policy.most)
    if last is not None and last.state is OrderState.REQUESTED:
        return None
    if last is not None and last.state is OrderState.DRAFT:
        if missing <= 0:
            return Withdraw(last.order)
        draft = policy.automatic is Automatic.DRAFT
        return Ask(quantity, draft, last.order) if quantity > last.quantity * _BY_FAR else None
    if missing <= 0 or (last is not None and _was_turned_down(policy, last, now, by)):
        return None
    return Ask(quantity, policy.automatic is Automatic.DRAFT)


def _was_turned_down(policy: RequestPolicy, last: LastRequest, now: int, by: str) -> bool:
    """Whether somebody has said no to it of late: asking again at once would be nagging."""
    refused = last.state in (OrderState.REJECTED, OrderState.CANCELLED) and last.decided_by != by
    return refused and now < (last.decided_at or 0) + policy.within
