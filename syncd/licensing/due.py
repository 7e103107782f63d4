"""Due: which notices follow from a situation. PURE: the same facts and time give the same notices.

event            subject            thresholds                     stays open until
order_requested  the order          -                              it is decided
order_assigned   the order          -                              a week after
usage            the license type   75 %, 90 %, 100 % used         five points below the threshold
shortfall        the license type   1, 10, 100, … people wait      nobody waits (or far fewer)
forecast         the license type   30, 7 days ahead               the day has moved a week away
expiry           the lot            30, 7, 3 days, the day         a month after
renewal_gap      the register       1, 10, 100, … people           nobody is left (or far fewer)
held             what stopped it    -                              a run goes through
failed           sync, or by hand   each reason                    a run goes through
credentials      the credential     30, 14, 7, 1 days, the day     it has been replaced
learner_expiry   learner and end    as configured                  a week after
welcome          the learner        -                              three days after

Of several thresholds reached at once only the most urgent is told. What is open is not told again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from syncd.licensing.notices import (
    Credential,
    Decision,
    Event,
    Inputs,
    Key,
    LearnerNews,
    LotNews,
    Notice,
    OrderNews,
    Person,
    ShortfallAhead,
    Situation,
)

DAY = 86_400
NEWS = 7 * DAY  # for how long something that happened is worth telling after an outage
LATE = 31  # days after its end for which a lot is still spoken of
WELCOME = 3 * DAY
_SLACK = 5  # points below a threshold before it may be told again
_AWAY = 7  # days that a shortfall to come must move away, for the same
_TENS = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)
_VARIES = r"(?i)0x[0-9a-f]+|\b(?=[a-f-]*\d)[0-9a-f-]{8,}\b|\d+(?:[.,:]\d+)*"  # numbers, times, ids
_REASON = 200  # characters of a reason that count: PostgreSQL's indexes know no long texts


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds the admin wants: percentages, and days before."""

    usage: Sequence[float] = (75, 90, 100)
    expiry: Sequence[int] = (30, 7, 3, 0)
    forecast: Sequence[int] = (30, 7)
    credentials: Sequence[int] = (30, 14, 7, 1, 0)
    learner_expiry: Sequence[int] = ()
    welcome: bool = False


class Standing(NamedTuple):
    """`reached`: thresholds that are, the most urgent last. `kept`: those that are not over."""

    event: Event
    subject: str
    reached: Sequence[str]
    kept: Collection[str]
    facts: Mapping[str, Any]


def decide(
    situation: Situation, inputs: Inputs, rules: Rules, open_: Collection[Key], now: int, zone: tzinfo
) -> Decision:
    """What is new, given what is open already, and what is over."""
    standings = [*_standings(situation, rules, now, zone), *_foretold(inputs, rules, now, zone)]
    kept = {Key(each.event, each.subject, threshold) for each in standings for threshold in each.kept}
    new = [
        Notice(key, each.facts, told=threshold == each.reached[-1])
        for each in sorted(standings, key=lambda each: (each.event, each.subject))
        for threshold in each.reached
        if (key := Key(each.event, each.subject, threshold)) not in open_
    ]
    lasting = [event for event, seen in _SEEN_BY.items() if getattr(inputs, seen) is None]
    lasting += [each.event for each in standings if each.event is Event.FAILED]
    over = sorted(key for key in open_ if key not in kept and key.event not in lasting)
    return Decision(new, over)


_SEEN_BY = {Event.FORECAST: "forecast", Event.CREDENTIALS: "credentials"}


def _standings(situation: Situation, rules: Rules, now: int, zone: tzinfo) -> Iterator[Standing]:
    yield from map(_order, situation.orders)
    yield from _usage(situation.lots, rules, now)
    yield from _line(situation)
    for lot in situation.lots:
        yield from _expiry(lot, rules, now, zone)
    many = situation.ended.people_count
    facts = {"people_count": many, "people": _named(situation.ended.people)}
    yield from _crowd(Event.RENEWAL_GAP, "register", many, many, facts)
    yield from _run(situation)
    for learner in situation.ending:
        yield from _learner_expiry(learner, rules, now, zone)
    for learner in situation.newcomers:
        yield _happened(Event.WELCOME, f"learner {learner.id}", _personal(learner))


def _foretold(inputs: Inputs, rules: Rules, now: int, zone: tzinfo) -> Iterator[Standing]:
    for ahead in inputs.forecast or ():
        yield from _forecast(ahead, rules, now, zone)
    for credential in inputs.credentials or ():
        yield from _credential(credential, rules, now, zone)


def _order(order: OrderNews) -> Standing:
    granted = order.assigned is not None
    facts = order._asdict() | {"order": order.id}
    return _happened(Event.ORDER_ASSIGNED if granted else Event.ORDER_REQUESTED, f"order {order.id}", facts)


def _usage(lots: Sequence[LotNews], rules: Rules, now: int) -> Iterator[Standing]:
    """By type: a lot is drawn from until it is empty, and that is no news while another has seats."""
    pools: dict[str, list[LotNews]] = defaultdict(list)
    for lot in lots:
        if lot.starts_at <= now < lot.ends_at:
            pools[lot.type].append(lot)
    for type_, pool in sorted(pools.items()):
        quantity, allocated = sum(lot.quantity for lot in pool), sum(lot.allocated for lot in pool)
        percent = 100 * allocated / quantity
        facts = {"type": type_, "quantity": quantity, "allocated": allocated, "free": quantity - allocated}
        thresholds = sorted(rules.usage)
        yield Standing(
            Event.USAGE,
            type_,
            [f"{limit:g}%" for limit in thresholds if percent >= limit],
            [f"{limit:g}%" for limit in thresholds if percent > limit - _SLACK],
            {**facts, "percent": int(percent)},
        )


def _line(situation: Situation) -> Iterator[Standing]:
    line = situation.line
    missing = max(0, line.waiting - line.free)
    facts = line._asdict() | {
        "missing": missing,
        "to_order": max(0, missing - line.ordered),
        "orders": list(line.orders),
        "people": _named(line.people),
    }
    yield from _crowd(Event.SHORTFALL, line.type, line.waiting if missing else 0, line.waiting, facts)


def _crowd(
    event: Event, subject: str, reached: int, there: int, facts: Mapping[str, Any]
) -> Iterator[Standing]:
    """Told again at every power of ten; over when nobody is left, or half of it."""
    if there:
        yield Standing(
            event,
            subject,
            [str(limit) for limit in _TENS if reached >= limit],
            [str(limit) for limit in _TENS if 2 * there > limit],
            facts,
        )


def _expiry(lot: LotNews, rules: Rules, now: int, zone: tzinfo) -> Iterator[Standing]:
    left = days_until(lot.ends_at, now, zone)
    facts = {
        "lot": lot.id,
        "order": lot.order,
        "type": lot.type,
        "quantity": lot.quantity,
        "free": lot.quantity - lot.allocated,
        "people_count": lot.holders,
        "people": _named(lot.people),
        "ends_at": lot.ends_at,
        "days": left,
    }
    if left >= -LATE:
        yield _countdown(Event.EXPIRY, f"order {lot.order}", left, rules.expiry, facts)


def _run(situation: Situation) -> Iterator[Standing]:
    run = situation.run
    if run is not None and run.objections:
        facts = {
            "run": run.id,
            "at": run.at,
            "objections": [words for _, words in run.objections],
            "allow": [override for override, _ in run.objections],
        }
        yield _happened(Event.HELD, " ".join(sorted({override for override, _ in run.objections})), facts)
    elif run is not None and run.error:
        facts = {"run": run.id, "at": run.at, "error": run.error, "next_step": run.next_step}
        facts |= {"plan": run.plan, "command": run.command}
        reason = re.sub(_VARIES, "…", run.error)[:_REASON]
        yield Standing(Event.FAILED, run.command or "sync", [reason], [reason], facts)


def _learner_expiry(learner: LearnerNews, rules: Rules, now: int, zone: tzinfo) -> Iterator[Standing]:
    if learner.ends_at is not None:
        left = days_until(learner.ends_at, now, zone)
        subject = f"learner {learner.id}, {_date(learner.ends_at, zone)}"
        facts = _personal(learner) | {"days": left}
        if left * DAY >= -NEWS:
            yield _countdown(Event.LEARNER_EXPIRY, subject, left, rules.learner_expiry, facts)


def _forecast(ahead: ShortfallAhead, rules: Rules, now: int, zone: tzinfo) -> Iterator[Standing]:
    left = days_until(ahead.at, now, zone)
    if ahead.missing > 0:
        facts = ahead._asdict() | {"days": left, "to_order": max(ahead.missing, ahead.to_order)}
        yield _countdown(Event.FORECAST, ahead.type, left, rules.forecast, facts, slack=_AWAY)


def _credential(credential: Credential, rules: Rules, now: int, zone: tzinfo) -> Iterator[Standing]:
    left = days_until(credential.ends_at, now, zone)
    subject = f"{credential.directory or 'daemon'} {credential.name}, {_date(credential.ends_at, zone)}"
    facts = credential._asdict() | {"days": left}
    yield _countdown(Event.CREDENTIALS, subject, left, rules.credentials, facts)


def _happened(event: Event, subject: str, facts: Mapping[str, Any]) -> Standing:
    return Standing(event, subject, [""], [""], facts)


def _countdown(
    event: Event,
    subject: str,
    left: int,
    thresholds: Sequence[int],
    facts: Mapping[str, Any],
    *,
    slack: int = 0,
) -> Standing:
    """Thresholds are days before; a round that was missed is made up for, however late."""
    days = sorted(thresholds, reverse=True)
    reached = [f"{limit}d" for limit in days if left <= limit]
    return Standing(event, subject, reached, [f"{limit}d" for limit in days if left <= limit + slack], facts)


def days_until(moment: int, now: int, zone: tzinfo) -> int:
    """Calendar days in the company's zone from the day of `now` to that of `moment`."""
    return (_date(moment, zone) - _date(now, zone)).days


def _date(moment: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(moment, zone).date()


def _personal(learner: LearnerNews) -> dict[str, Any]:
    return learner._asdict()


def _named(people: Sequence[Person]) -> list[list[str]]:
    return [list(person) for person in people]
