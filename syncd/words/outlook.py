"""Outlook: a forecast in words: when licenses run short, who loses theirs, which ones end unused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from syncd.forecasting import YEAR, Foresight
from syncd.licensing.chances import LEVEL
from syncd.licensing.forecast import SOON, Ending, NextShortfall, Outlook
from syncd.licensing.rates import SHORTEST, Rate
from syncd.words.wording import many, verb

_WEEK = 7


def day_in_words(day: date) -> str:
    """ "3 March 2027"."""
    return f"{day.day} {day:%B} {day.year}"


def headline(foresight: Foresight, outlook: Outlook) -> str:
    """When the licenses run short, and by how many, in a sentence or two."""
    dates, shortfall = foresight.days.dates, outlook.shortfall
    if shortfall is None:
        return _enough(foresight, outlook)
    if shortfall.day == 0:
        words = f"You are short by {shortfall.missing:,} today"
    else:
        when = day_in_words(dates[shortfall.day])
        words = f"You run short by {shortfall.missing:,} on {when} ({_interval(foresight, shortfall)})"
    if shortfall.soon > shortfall.missing:
        last = dates[min(shortfall.day + SOON, len(dates)) - 1]
        words += f", and by {shortfall.soon:,} on {day_in_words(last)}"
    return f"{words}."


def _enough(foresight: Foresight, outlook: Outlook) -> str:
    dates = foresight.days.dates
    words = f"You do not run short until {day_in_words(dates[-1])}, as far as can be expected"
    if outlook.risk is None:
        return f"{words}."
    return f"{words}; one year in twenty does, from {day_in_words(dates[outlook.risk])} on."


def _interval(foresight: Foresight, shortfall: NextShortfall) -> str:
    dates = foresight.days.dates
    if shortfall.certain and shortfall.earliest == shortfall.day == shortfall.latest:
        return "certain"
    first = dates[shortfall.earliest]
    if shortfall.latest is None:
        return f"at the earliest on {day_in_words(first)}, perhaps not within these twelve months"
    last = dates[shortfall.latest]
    if first == last:
        return "give or take a day"
    start = day_in_words(first) if first.year != last.year else f"{first.day} {first:%B}"
    end = day_in_words(last) if last.year != dates[shortfall.day].year else f"{last.day} {last:%B}"
    return f"between {start} and {end}"


def advice(foresight: Foresight, shortfall: NextShortfall, command: str) -> str:
    """What to do about it. `command`: `syncd licenses`, as typed to reach this configuration."""
    dates, requested = foresight.days.dates, foresight.forecast.question.stock.requested
    wanted = shortfall.soon - requested
    by = "now" if shortfall.day == 0 else "by then"
    if wanted <= 0:
        return f"{many(requested, 'license is', 'licenses are')} requested: have them assigned {by}"
    on_top = f" besides the {requested:,} requested already" if requested else ""
    words = f"order {wanted:,} {by}{on_top}: `{command} request {wanted}`"
    if shortfall.at_most > shortfall.soon:
        until = day_in_words(dates[-1])
        words += f"; {shortfall.at_most - requested:,} last until {until}"
    return words


def ending(foresight: Foresight, entry: Ending) -> str:
    """What becomes of the people whose license ends; empty when there are none."""
    if not entry.people:
        return ""
    if entry.day == 0:
        words = f"{verb(entry.people, 'has', 'have')} lost their license already"
    else:
        when = day_in_words(foresight.days.dates[entry.day])
        words = f"{verb(entry.people, 'loses', 'lose')} their license on {when} ({orders(entry)})"
    if not entry.gap and entry.people == 1:
        return f"{words}; a license of another order is free for them"
    if not entry.gap:
        return f"{words}; free licenses of other orders could take them all"
    others = f"; free licenses of other orders could take {entry.covered:,} of them" if entry.covered else ""
    return f"{words}{others}; {entry.gap:,} have no license ordered behind it" + _on_order(foresight)


def _on_order(foresight: Foresight) -> str:
    requested = foresight.forecast.question.stock.requested
    return f", but {requested:,} are requested" if requested else ""


def lapse(foresight: Foresight, entry: Ending) -> str:
    """Licenses that are going to end with nobody on them."""
    when = day_in_words(foresight.days.dates[entry.day])
    free = sum(lot.free for lot in entry.lots)
    return (
        f"{many(entry.unused, 'license', 'licenses')} of {orders(entry)} will probably end unused on {when}"
        f" ({free:,} are free now)"
    )


def orders(entry: Ending) -> str:
    """ "order 1", "orders 1, 4", "the order of --order"."""
    numbers = [f"{lot.order}" for lot in entry.lots if lot.order]
    if not numbers:
        return "the supposed order"
    return f"order{'' if len(numbers) == 1 else 's'} {', '.join(numbers)}"


def assumptions(foresight: Foresight) -> Iterator[tuple[str, str]]:
    """What the forecast rests on, as names and values."""
    stock, question = foresight.forecast.question.stock, foresight.forecast.question
    free = sum(lot.free for lot in stock.lots if lot.order)
    held = sum(lot.staying for lot in stock.lots)
    asked = f", {stock.requested:,} requested and not assigned" if stock.requested else ""
    yield "today", f"{free:,} available, {held:,} in use, {verb(stock.waiting, 'waits', 'wait')}{asked}"
    for order in foresight.what_if.orders:
        yield "supposed", f"{many(order.quantity, 'license')} more from {day_in_words(order.day)} on"
    seen, joining = foresight.observed, question.joining
    if foresight.what_if.joiners is not None:
        yield "joiners", f"{_per_week(joining.mean)} a week, as you said"
    elif seen is None:
        yield "joiners", _too_young()
    else:
        yield "joiners", f"{_per_week(joining.mean)} a week ({seen.joined:,} in the last {seen.days} days)"
    if not foresight.what_if.leavers:
        yield "leavers", "nobody, as you said; those who have left already are counted"
    elif seen is not None:
        yearly = f"{100 * min(1.0, question.leaving.mean * YEAR):.0f}"
        yield "leavers", f"{yearly}% of the people a year ({seen.left:,} in the last {seen.days} days)"
    if seen is not None and seen.crowd and foresight.what_if.joiners is None:
        when, size = seen.crowd
        yield "note", f"{size:,} of them joined on {day_in_words(when)}; if that was once only, say --joiners"


def _too_young() -> str:
    return f"not estimated: there are not {SHORTEST} days to learn from yet; say --joiners 3/week"


def _per_week(mean: float) -> str:
    return f"{mean * _WEEK:.1f}".removesuffix(".0")


def certainty(foresight: Foresight) -> str:
    """How to read the figures."""
    if _is_sure(foresight):
        return "Nobody is assumed to join or leave."
    return (
        f"EXPECTED and BETWEEN are estimates: {LEVEL}% of such years lie between. CERTAIN counts nobody who "
        "might join or leave."
    )


def _is_sure(foresight: Foresight) -> bool:
    question = foresight.forecast.question
    return question.joining == question.leaving == Rate(0)
