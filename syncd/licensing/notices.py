"""Notices: what is worth telling somebody, once. The values; when one is due, `due` decides.

notice     an event, its subject (an order, a lot, a type, a learner) and the threshold it has reached
standing   how a subject stands against its thresholds at this moment
posting    a notice on its way to one recipient; several to the same one make a message
open       a notice whose standing lasts; one that is over may be told again when it comes back
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

NAMED = 20  # people a notice names; the rest are counted
LONGEST_WAIT = 3600  # seconds until the next try; what is to wait for longer goes by a clock that was ahead


class Event(StrEnum):
    ORDER_REQUESTED = "order_requested"
    ORDER_ASSIGNED = "order_assigned"
    USAGE = "usage"
    SHORTFALL = "shortfall"
    FORECAST = "forecast"
    EXPIRY = "expiry"
    RENEWAL_GAP = "renewal_gap"
    HELD = "held"
    FAILED = "failed"
    CREDENTIALS = "credentials"
    LEARNER_EXPIRY = "learner_expiry"  # to the learner, as the next one
    WELCOME = "welcome"


TO_LEARNERS = (Event.LEARNER_EXPIRY, Event.WELCOME)


class Key(NamedTuple):
    """What makes a notice the same one: it is told once as long as it lasts."""

    event: Event
    subject: str
    threshold: str = ""


class Notice(NamedTuple):
    """`told` is False for what a more urgent threshold of the same subject has overtaken."""

    key: Key
    facts: Mapping[str, Any]
    told: bool = True


class Address(NamedTuple):
    """Where a notice goes. `recipient`: an e-mail address, or the name of a target. `personal`: a learner."""

    channel: str
    recipient: str
    personal: bool = False
    language: str = ""


class PostingState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    REFUSED = "refused"  # the recipient or the service will never take it
    GIVEN_UP = "given_up"  # tried for days


class Posting(NamedTuple):
    """A notice on its way to one recipient. `message` names what it goes, or went, out with."""

    id: int
    key: Key
    facts: Mapping[str, Any]
    found_at: int
    address: Address
    state: PostingState
    attempts: int
    next_try_at: int
    message: str
    sent_at: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What one look at the situation came to."""

    new: Sequence[Notice]
    over: Sequence[Key]


# -- what it is decided from -----------------------------------------------------------------------------


class Person(NamedTuple):
    name: str
    email: str


class OrderNews(NamedTuple):
    """An order that waits for a decision, or was assigned lately: then with its lot's `assigned` and end."""

    id: int
    type: str
    quantity: int
    reference: str
    note: str
    reason: str
    by: str
    at: int
    assigned: int | None = None
    ends_at: int | None = None


class LotNews(NamedTuple):
    """A lot that has not ended, or ended lately. `holders` of one that is near: who has no later license."""

    id: int
    order: int
    type: str
    quantity: int
    allocated: int
    starts_at: int
    ends_at: int
    holders: int = 0
    people: Sequence[Person] = ()


class Line(NamedTuple):
    """Who waits for a license, first in line first. `free` seats may be drawn; `ordered` are not assigned."""

    type: str
    waiting: int = 0
    since: int = 0
    free: int = 0
    ordered: int = 0
    orders: Sequence[int] = ()
    people: Sequence[Person] = ()


class Ended(NamedTuple):
    """Learners who are still there, whose license has ended, and who have no other and wait for none."""

    people_count: int = 0
    people: Sequence[Person] = ()


class LastRun(NamedTuple):
    """The newest run that was to change anything. `error` and `objections` say why it did not; `next_step`,
    what to do about the error, where it is known. `plan`: whose number it applied, where somebody had made
    that plan by hand, with `command`.
    """

    id: int
    at: int
    error: str = ""
    objections: Sequence[tuple[str, str]] = ()  # what lets it pass, the guard's words
    next_step: str = ""
    plan: int | None = None
    command: str = ""


class LearnerNews(NamedTuple):
    """A learner who is to be told something themselves."""

    id: int
    name: str
    email: str
    language: str
    type: str
    ends_at: int | None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything in the register that notices are about, at one moment."""

    orders: Sequence[OrderNews] = ()
    lots: Sequence[LotNews] = ()
    line: Line = Line("")
    ended: Ended = Ended()
    run: LastRun | None = None
    ending: Sequence[LearnerNews] = ()
    newcomers: Sequence[LearnerNews] = ()


class ShortfallAhead(NamedTuple):
    """A shortfall that is to come: on the day of `at`, `missing` licenses of a type will be missing.

    `to_order`: what had better be ordered for it, where that is more. `why` is for the reader.
    """

    type: str
    at: int
    missing: int
    to_order: int = 0
    why: str = ""


class Credential(NamedTuple):
    """Something syncd logs in with, and when it stops working. `name` says which, never its value.

    Without a `directory` it is what the daemon itself is known by.
    """

    directory: str
    name: str
    ends_at: int


class Inputs(NamedTuple):
    """What others know. None: not looked at this time, so that nothing follows from it."""

    forecast: Sequence[ShortfallAhead] | None = None
    credentials: Sequence[Credential] | None = None
