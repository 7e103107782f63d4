"""A plan in words: how many of each kind, to whom what would happen and why, and who waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import tzinfo
from heapq import nsmallest
from itertools import islice

from syncd.app import App
from syncd.dates import day
from syncd.facts import RunFacts
from syncd.model import ChangeState, Entry, Kind, OrderState
from syncd.register.runs import RunRecord
from syncd.words.wording import KINDS, many, verb


def facts_of(app: App, record: RunRecord) -> RunFacts:
    """The facts of a recorded run; for one whose end nobody wrote down, as far as the journal knows."""
    known = {field.name for field in fields(RunFacts)} - {"run", "state"}
    stored = {name: value for name, value in record.facts.items() if name in known}
    counts = {kind.name.lower(): number for kind, number in app.register.journal.counts(record.id).items()}
    return RunFacts(record.id, record.state, **{"counts": counts, **stored})


def summary(facts: RunFacts) -> Iterator[tuple[str, str]]:
    """How many people were read, what changes by kind, and how the licenses stand: names and values."""
    yield from (("read", _read(name, size, facts)) for name, size in facts.sizes.items())
    yield from ((word, f"{count:>6,}  {KINDS[kind][1]}") for kind, word, count in counted(facts) if count)
    yield from (("conflicts", conflicts(facts)), ("licenses", licenses(facts)), ("ended", ended(facts)))


def _read(name: str, size: int, facts: RunFacts) -> str:
    """Everybody of a directory, and why, where that was not meant; or who had changed."""
    reading = facts.readings.get(name, {})
    if reading.get("by_changes"):
        return f"{reading['people']:>6,}  of about {size:,} people from {name}: who may have changed"
    because = f"; all of them: {reading['because']}" if reading.get("because") else ""
    return f"{size:>6,}  people from {name}{because}"


def conflicts(facts: RunFacts) -> str:
    """How many of those skipped may be more than one learner; empty when nobody may."""
    who = "of those skipped may be more than one learner; nobody guesses, see why below"
    return f"{facts.conflicts:>6,}  {who}" if facts.conflicts else ""


def licenses(facts: RunFacts) -> str:
    """ "27 wanted, 20 available, 7 missing"; empty when nobody needs one."""
    if not facts.wanted:
        return ""
    missing = f", {facts.missing:,} missing" if facts.missing else ""
    return f"{facts.wanted:>6,}  wanted, {facts.available:,} available{missing}"


def ended(facts: RunFacts) -> str:
    """How many are here with a license that is over; empty when nobody is."""
    who = "learners whose license has ended; `licenses renew` gives them another one"
    return f"{facts.ended:>6,}  {who}" if facts.ended else ""


def counted(facts: RunFacts, *, notes: bool = False) -> Iterator[tuple[Kind, str, int]]:
    """The kinds of change, in the order they are applied: kind, word, how many."""
    for kind, (word, _) in KINDS.items():
        if notes or kind is not Kind.NOTE:
            yield kind, word, facts.counts.get(kind.name.lower(), 0)


def entries(app: App, run: int, kind: Kind, limit: int | None) -> Iterable[Entry]:
    """The changes of a kind in their order: those who wait as they stand in line."""
    found = app.register.journal.read(run, kinds=[kind])
    if kind is Kind.WAIT:
        return sorted(found, key=_place) if limit is None else nsmallest(limit, found, key=_place)
    return islice(found, limit)


def refused(app: App, facts: RunFacts) -> Iterator[Entry]:
    """Those the register or the platform would not take, with the reason."""
    return app.register.journal.read(facts.run, state=ChangeState.REFUSED) if facts.refused else iter(())


def row(entry: Entry, zone: tzinfo) -> tuple[str, str, str, str]:
    change = entry.change
    ends = "" if change.kind is Kind.RELEASE else day(change.ends_at, zone)
    return (who(entry), change.email, outcome(entry), ends)


def who(entry: Entry) -> str:
    """Their name, else whatever tells an admin where to look."""
    change = entry.change
    return change.name or change.email or str(change.data.get("where") or change.key)


def outcome(entry: Entry) -> str:
    """Why, and for whoever was refused, the reason instead."""
    if entry.state is ChangeState.REFUSED:
        return f"refused: {entry.outcome}"
    return entry.change.why.removeprefix("no license is free; ") + _unseated(entry)


def objections(facts: RunFacts) -> list[tuple[str, str]]:
    return [(entry["override"], entry["message"]) for entry in facts.objections]


def allowing(facts: RunFacts, command: str) -> Sequence[str]:
    """How a sync comes past what this one was held for; nothing for what was done by hand."""
    allow = " ".join(f"--allow {override}" for override, _ in objections(facts))
    anew = f"`{command} sync {allow}` plans anew, and lets that pass this one time"
    return (anew,) if facts.sizes and allow else ()


def has_work(facts: RunFacts) -> bool:
    """Whether the plan changes anything for anybody."""
    return any(count for kind, _, count in counted(facts) if kind is not Kind.SKIP)


def shortage(facts: RunFacts) -> str:
    """One sentence about those who found no license; empty when there are none."""
    told = [f"{verb(facts.waiting, 'waits', 'wait')} for a license"] if facts.waiting else []
    told += [f"{verb(facts.unrenewed, 'is', 'are')} not renewed"] if facts.unrenewed else []
    missing = f": {many(facts.missing, 'license is', 'licenses are')} missing" if facts.missing else ""
    return " and ".join(told) + missing if told else ""


def remedy(app: App, facts: RunFacts, command: Callable[[str], str]) -> str:
    """What to do about people waiting: assign what is ordered already, confirm a draft, or order.

    `command`: a command of syncd as typed to reach this configuration.
    """
    orders = app.register.licenses.orders()
    open_ = [order for order in orders if order.state is OrderState.REQUESTED]
    if open_:
        numbers = " ".join(str(order.id) for order in open_)
        asked = many(sum(order.quantity for order in open_), "license is", "licenses are")
        return f"{asked} ordered and not assigned yet: `{command(f'licenses assign {numbers}')}`"
    for order in orders:
        if order.state is OrderState.DRAFT:
            return draft(order.id, order.quantity, command)
    wanted = facts.missing or facts.waiting + facts.unrenewed
    return f"Order more with `{command(f'licenses request {wanted}')}`"


def draft(order: int, quantity: int, command: Callable[[str], str]) -> str:
    """What to do about an order that syncd has drafted."""
    wait = f"order {order}, a draft for {many(quantity, 'license')}, waits for somebody to confirm it"
    return f"{wait}: `{command(f'licenses confirm {order}')}`"


def _place(entry: Entry) -> tuple[int, str]:
    priority = entry.change.data.get("priority", 0)
    return (priority if isinstance(priority, int) else 0, entry.change.key)


def _unseated(entry: Entry) -> str:
    """Some get their account without a license and stand in line for it."""
    change = entry.change
    if change.kind not in (Kind.CREATE, Kind.REACTIVATE) or change.lot is not None:
        return ""
    return "; no license is free: waits for one" if "priority" in change.data else ""
