"""`syncd licenses forecast`: the licenses of the next twelve months, in words, a chart, a table, a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from pathlib import Path

import click

from syncd.app import App
from syncd.cli import chart, forecast_written, picture, table
from syncd.cli.session import Session, pass_session
from syncd.forecasting import YEAR, Foresight, SupposedOrder, WhatIf
from syncd.licensing.forecast import SOON, Ending, Outlook
from syncd.register.stock import Holder
from syncd.words import forecast_rows, outlook
from syncd.words.wording import many

_NAMED = 20  # people listed; --all lists everybody
_PER = {"day": 1, "week": 7, "month": YEAR / 12, "year": YEAR}


def _supposed_orders(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[SupposedOrder, ...]:
    return tuple(map(_supposed_order, values))


def _supposed_order(value: str) -> SupposedOrder:
    found = re.fullmatch(r"(\d{1,9})@(\d{4}-\d\d-\d\d)", value)
    try:
        if found:
            return SupposedOrder(int(found[1]), date.fromisoformat(found[2]))
    except ValueError as exc:
        raise click.BadParameter(f"{value!r}: {exc}") from exc
    raise click.BadParameter(f"{value!r} is not a number and a day, such as 50@2027-03-01")


def _joiners(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """People a day."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,4})?)/(day|week|month|year)", value)
    if not found:
        raise click.BadParameter(f"{value!r} is not a number a day, week, month or year, such as 3/week")
    return float(found[1]) / _PER[found[2]]


@dataclass(frozen=True, slots=True)
class _Files:
    """Pictures to write; None for those nobody asked for."""

    svg: Path | None
    png: Path | None


_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option(
    "--order",
    "orders",
    metavar="N@DATE",
    multiple=True,
    callback=_supposed_orders,
    help="Suppose N licenses were ordered and assigned on DATE; twelve months are theirs. May be repeated.",
)
@click.option(
    "--joiners",
    metavar="N/PERIOD",
    callback=_joiners,
    help="Suppose so many people join, as 3/week, instead of the past.",
)
@click.option("--no-leavers", is_flag=True, help="Suppose nobody leaves who has not left yet.")
@click.option("--renewals", is_flag=True, help="Count everybody whose license ends as wanting another.")
@click.option("--all", "everybody", is_flag=True, help="Name everybody who loses their license.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the days as CSV.")
@click.option("--svg", type=_PATH, metavar="FILE", help="Write a picture, too: SVG.")
@click.option("--png", type=_PATH, metavar="FILE", help="Write a picture, too: PNG.")
@pass_session
def forecast(
    session: Session,
    orders: tuple[SupposedOrder, ...],
    joiners: float | None,
    no_leavers: bool,
    renewals: bool,
    everybody: bool,
    as_json: bool,
    as_csv: bool,
    svg: Path | None,
    png: Path | None,
) -> None:
    """Look twelve months ahead: when licenses run short, and who loses theirs.

    What ends, and when, is certain. How many join and leave is estimated from the past.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms of the same; choose one")
    with session.app() as app:
        foresight = app.forecast(WhatIf(orders, joiners, leavers=not no_leavers))
        chosen = foresight.forecast.renewing if renewals else foresight.wanted
        _draw(app.settings.company, foresight, chosen, _Files(svg, png))
        if as_json:
            affected = _affected(app, foresight, None if everybody else _NAMED)
            forecast_written.as_json(session.screen, app, foresight, affected)
        elif as_csv:
            forecast_written.as_csv(session.screen, foresight, chosen)
        else:
            _tell(session, app, foresight, chosen, everybody=everybody)
            _say_where(session, _Files(svg, png))


def _draw(company: str, foresight: Foresight, chosen: Outlook, files: _Files) -> None:
    if files.svg:
        picture.draw(company, foresight, chosen, files.svg, "svg")
    if files.png:
        picture.draw(company, foresight, chosen, files.png, "png")


def _say_where(session: Session, files: _Files) -> None:
    for path in filter(None, (files.svg, files.png)):
        session.screen.say(f"The picture is written to {path}")


def _tell(session: Session, app: App, foresight: Foresight, chosen: Outlook, *, everybody: bool) -> None:
    screen, dates = session.screen, foresight.days.dates
    until = outlook.day_in_words(dates[-1])
    screen.say(f"Licenses of {app.settings.company} until {until}", "heading")
    table.facts(screen, outlook.assumptions(foresight))
    _tell_outlook(
        session, foresight, foresight.forecast.line, "Newcomers", "those who wait and those who join"
    )
    _tell_endings(session, app, foresight, everybody=everybody)
    _tell_lapses(session, foresight)
    who = "everybody whose license ends wanting another" if chosen.renewals else "newcomers only"
    screen.say()
    screen.say(f"Available, {who}", "heading")
    chart.show(screen, chosen, dates, [entry.day for entry in foresight.forecast.endings if entry.day])
    screen.say()
    headings, rows = forecast_rows.events(foresight, chosen)
    table.show(screen, headings, rows, right=(1, 2, 3), folds=True, indent="  ")
    table.paragraph(screen, outlook.certainty(foresight), "dim", indent="  ", hanging="  ")


def _tell_outlook(session: Session, foresight: Foresight, of: Outlook, title: str, who: str) -> None:
    screen = session.screen
    screen.say()
    screen.say(f"{title}: {who}", "heading")
    style = "bad" if of.shortfall and of.shortfall.day <= SOON else "warn" if of.shortfall else "good"
    table.paragraph(screen, outlook.headline(foresight, of), style, indent="  ", hanging="  ")
    if of.shortfall:
        advice = outlook.advice(foresight, of.shortfall, session.command("licenses"))
        table.paragraph(screen, f"→ {advice}", indent="  ", hanging="    ")


def _tell_endings(session: Session, app: App, foresight: Foresight, *, everybody: bool) -> None:
    endings = [entry for entry in foresight.forecast.endings if entry.people]
    if not endings:
        return
    of = foresight.forecast.renewing
    _tell_outlook(session, foresight, of, "Renewals", "were all whose license ends to get another, too")
    for entry in endings:
        words = outlook.ending(foresight, entry)
        table.paragraph(session.screen, words, "warn" if entry.gap else "", indent="  ", hanging="    ")
    _name(session, app, foresight, endings, everybody=everybody)


def _name(
    session: Session, app: App, foresight: Foresight, endings: list[Ending], *, everybody: bool
) -> None:
    """Those of the next gap by name; with `everybody`, those of all gaps."""
    gaps = [entry for entry in endings if entry.gap]
    if not gaps:
        return
    shown = _affected(app, foresight, None) if everybody else islice(_holders(app, gaps[0]), _NAMED)
    rows = forecast_rows.people(shown, app.settings.zone)
    table.show(session.screen, forecast_rows.WHO, rows, indent="    ")
    left_out = sum(entry.people for entry in gaps) - min(gaps[0].people, _NAMED)
    if left_out and not everybody:
        more = session.command("licenses forecast --all")
        session.screen.say(f"    … and {left_out:,} more: {more}", "dim")


def _affected(app: App, foresight: Foresight, limit: int | None) -> Iterator[Holder]:
    """The people whose license ends without another for all of them, the next to lose it first; streamed."""
    gaps = (entry for entry in foresight.forecast.endings if entry.gap)
    return islice(chain.from_iterable(_holders(app, entry) for entry in gaps), limit)


def _holders(app: App, entry: Ending) -> Iterator[Holder]:
    return app.register.stocktaking.holders([lot.id for lot in entry.lots])


def _tell_lapses(session: Session, foresight: Foresight) -> None:
    lapses = [entry for entry in foresight.forecast.endings if entry.day <= SOON and entry.unused]
    if not lapses:
        return
    screen = session.screen
    screen.say()
    screen.say(f"About to end unused, within {many(SOON, 'day')}", "heading")
    for entry in lapses:
        table.paragraph(screen, outlook.lapse(foresight, entry), "warn", indent="  ", hanging="    ")
