"""The forecast: the licenses of the next twelve months as a picture, in sentences, and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from syncd.daemon.console import drawing
from syncd.daemon.console.drawing import Needs
from syncd.daemon.console.tables import Cell, Table, table
from syncd.daemon.console.visit import Answer, Page, Visit, path
from syncd.forecasting import Foresight
from syncd.licensing.forecast import SOON, Outlook
from syncd.words import forecast_rows, outlook
from syncd.words.outlook import day_in_words

_RENEWALS = "renewals"


def show(visit: Visit) -> Answer:
    app = visit.app
    foresight = app.forecast()
    made = foresight.forecast
    renewing = foresight.renews or visit.chosen("who", (_RENEWALS,)) != ""
    chosen = made.renewing if renewing else made.line
    type_ = app.settings.policy.seats.type
    lots = [lot for lot in app.register.licenses.lots(visit.now) if lot.type == type_]
    needed = drawing.needs(foresight, chosen, lots)
    facts = {
        "until": day_in_words(foresight.days.dates[-1]),
        "renewing": renewing,
        "by_itself": foresight.renews,
        "other": path("forecast", who="" if renewing else _RENEWALS),
        "assumptions": list(outlook.assumptions(foresight)),
        "told": list(_told(foresight)),
        "lapses": [outlook.lapse(foresight, e) for e in made.endings if e.day <= SOON and e.unused],
        "drawing": drawing.draw(foresight, chosen, needed),
        "in_words": outlook.headline(foresight, chosen),
        "size": (drawing.WIDTH, drawing.HEIGHT, drawing.LEFT, drawing.RIGHT, drawing.TOP, drawing.BOTTOM),
        "days": _days(foresight, chosen, needed),
        "certainty": outlook.certainty(foresight),
    }
    return Page("forecast.html", "Forecast", "forecast", facts)


def _told(foresight: Foresight) -> Iterator[tuple[str, str, str, str, Sequence[str]]]:
    """Of newcomers, and of everybody whose license ends: title, tone, headline, advice, and what ends."""
    made = foresight.forecast
    yield ("Newcomers: those who wait and those who join", *_outlook(foresight, made.line), ())
    endings = [outlook.ending(foresight, entry) for entry in made.endings if entry.people]
    if endings:
        title = "Renewals: were all whose license ends to get another, too"
        yield (title, *_outlook(foresight, made.renewing), endings)


def _outlook(foresight: Foresight, of: Outlook) -> tuple[str, str, str]:
    headline = outlook.headline(foresight, of)
    if of.shortfall is None:
        return "good", headline, ""
    tone = "bad" if of.shortfall.day <= SOON else "warn"
    return tone, headline, outlook.advice(foresight, of.shortfall, "syncd licenses")


def _days(foresight: Foresight, of: Outlook, needed: Needs) -> Table:
    headings, found = forecast_rows.events(foresight, of)
    places = {day: number for number, day in enumerate(foresight.days.dates)}
    rows = []
    for day, certain, expected, between, happens in found:
        number = places[date.fromisoformat(day)]
        short = "bad" if expected.startswith("-") else ""
        rows.append(
            (
                day,
                f"{needed.stock[number]:,.0f}",
                f"{needed.expected[number]:,.0f}",
                certain,
                Cell(expected, tone=short),
                between,
                happens,
            )
        )
    titles = (headings[0], "LICENSES", "NEEDED", *headings[1:])
    return table("Day by day: available, below 0 people wait", titles, rows, right=(1, 2, 3, 4, 5))
