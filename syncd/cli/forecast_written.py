"""A forecast for programs and spreadsheets: JSON, and the days as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from syncd.app import App
from syncd.cli.screen import Screen
from syncd.cli.written import Lines
from syncd.dates import iso
from syncd.forecasting import Foresight
from syncd.licensing.chances import LEVEL
from syncd.licensing.forecast import Ending, NextShortfall, Outlook
from syncd.licensing.rates import Rate
from syncd.register.stock import Holder

_COLUMNS = (
    "date", "certain", "expected", "least", "most", "joined", "left", "returned", "ended", "unused",
)  # fmt: skip


def as_json(screen: Screen, app: App, foresight: Foresight, affected: Iterator[Holder]) -> None:
    """One object; `affected`, who loses their license, is written as it comes."""
    screen.write(json.dumps(_facts(app, foresight), indent=2).removesuffix("\n}") + ',\n  "affected": [')
    for number, holder in enumerate(affected):
        facts = {**holder._asdict(), "ends_at": iso(holder.ends_at)}
        screen.write((",\n    " if number else "\n    ") + json.dumps(facts))
    screen.write("\n  ]\n}\n")


def as_csv(screen: Screen, foresight: Foresight, outlook: Outlook) -> None:
    """A line for each day: what is available at its end, below 0 how many wait; and what it brings."""
    rows = csv.writer(Lines(screen), lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    rows.writerows([entry[column] for column in _COLUMNS] for entry in _days(foresight, outlook))


def _facts(app: App, foresight: Foresight) -> dict[str, Any]:
    question, made = foresight.forecast.question, foresight.forecast
    stock, days = question.stock, foresight.days
    return {
        "company": app.settings.company,
        "made_at": iso(foresight.now),
        "today": str(days.dates[0]),
        "until": str(days.dates[-1]),
        "level_percent": LEVEL,
        "stock": {
            "available": sum(lot.free for lot in stock.lots if lot.order),
            "in_use": sum(lot.staying for lot in stock.lots),
            "leaving": sum(many for lot in stock.lots for _, many in lot.leaving),
            "waiting": stock.waiting,
            "requested": stock.requested,
            "ended": stock.ended,
        },
        "supposed": [{"quantity": n, "day": str(day)} for n, day in foresight.what_if.orders],
        "observed_days": None if foresight.observed is None else foresight.observed.days,
        "joiners_per_day": _rate(question.joining),
        "leavers_per_head_and_day": _rate(question.leaving),
        "newcomers": _outlook(foresight, made.line),
        "with_renewals": _outlook(foresight, made.renewing),
        "endings": [_ending(foresight, entry) for entry in made.endings],
    }


def _rate(rate: Rate) -> dict[str, float | None]:
    known = rate.shape == float("inf")
    return {
        "mean": round(rate.mean, 8),
        "shape": None if known else round(rate.shape, 4),
        "spread": round(rate.spread, 4),
    }


def _outlook(foresight: Foresight, outlook: Outlook) -> dict[str, Any]:
    risk, dates = outlook.risk, foresight.days.dates
    return {
        "shortfall": _shortfall(foresight, outlook.shortfall),
        "risk_from": None if risk is None else str(dates[risk]),
        "days": list(_days(foresight, outlook)),
    }


def _shortfall(foresight: Foresight, found: NextShortfall | None) -> dict[str, Any] | None:
    if found is None:
        return None
    dates = foresight.days.dates
    return {
        "date": str(dates[found.day]),
        "earliest": str(dates[found.earliest]),
        "latest": None if found.latest is None else str(dates[found.latest]),
        "certain": found.certain,
        "missing": found.missing,
        "missing_within_90_days": found.soon,
        "missing_at_most": found.at_most,
    }


def _ending(foresight: Foresight, entry: Ending) -> dict[str, Any]:
    return {
        "date": str(foresight.days.dates[entry.day]),
        "over": entry.day == 0,
        "orders": [lot.order for lot in entry.lots if lot.order],
        "people": entry.people,
        "covered": entry.covered,
        "gap": entry.gap,
        "unused": entry.unused,
    }


def _days(foresight: Foresight, outlook: Outlook) -> Iterator[dict[str, Any]]:
    for number, date in enumerate(foresight.days.dates):
        point = outlook.expected[number]
        yield {
            "date": str(date),
            "certain": round(outlook.known[number].balance),
            "expected": round(point.balance, 2),
            "least": round(outlook.least[number].balance, 2),
            "most": round(outlook.most[number].balance, 2),
            "joined": round(point.joined, 2),
            "left": round(point.left, 2),
            "returned": round(point.returned, 2),
            "ended": round(point.ended, 2),
            "unused": round(point.unused, 2),
        }
