"""`syncd licenses report` and `reconcile`: who holds what until when, and where every license is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, tzinfo

import click

from syncd.cli import table
from syncd.cli.session import Session, pass_session
from syncd.dates import day, iso, moment
from syncd.licensing.terms import start_of
from syncd.register.lot_rows import LotStatus
from syncd.register.reports import UNITS, UnitReport

_FIGURES = ("quantity", "available", "allocated", "expired")


@click.command()
@click.option("--by", type=click.Choice(UNITS), default="group", show_default=True, help="What a row is.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
def report(session: Session, by: str, as_json: bool) -> None:
    """Show how many licenses each group holds, and when they end."""
    with session.app() as app:
        found, zone = app.register.reports.by_unit(by, app.clock()), app.settings.zone
    if as_json:
        session.screen.json([{**asdict(row), "ends_at": iso(row.ends_at)} for row in found])
        return
    if not found:
        session.screen.say("Nobody has a license.")
    headings = (by.upper(), "ENDS", "LICENSED", "RENEWED", "HAVE LEFT", "EXPIRED")
    table.show(session.screen, headings, (_row(row, zone) for row in found), right=(2, 3, 4, 5))


def _row(row: UnitReport, zone: tzinfo) -> tuple[str, ...]:
    figures = (row.licensed, row.renewed, row.left, row.expired)
    return (row.unit or "—", day(row.ends_at, zone), *(f"{n:,}" if n else "" for n in figures))


@click.command()
@click.option(
    "--at",
    "at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="A day (its first moment) or a time in the past, where the company is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
@click.pass_context
def reconcile(ctx: click.Context, session: Session, at: datetime | None, as_json: bool) -> None:
    """Account for every license: ordered = available + allocated + expired, now or at any time before.

    Then everything that was ever done is told again from the audit trail, and has to come to the same
    allocations; exit code 1 when it does not.
    """
    with session.app() as app:
        now, zone = app.clock(), app.settings.zone
        when = now if at is None else min(now, _moment_of(at, zone))
        lots, wrong = app.register.reconciling.at(when), app.register.reconciling.discrepancies()
    if as_json:
        total = {name: sum(getattr(lot, name) for lot in lots) for name in _FIGURES}
        found = {"at": iso(when), "lots": [_facts(lot) for lot in lots], "total": total}
        session.screen.json({**found, "discrepancies": [asdict(entry) for entry in wrong]})
    else:
        _show(session, lots, when, zone)
        for one in wrong:
            what = f"learner {one.learner}, lot {one.lot}, {moment(one.allocated_at, zone)}, {one.state}"
            session.screen.say(f"{what}: {one.rows} in the register, {one.trail} by the trail", "bad")
        if not wrong:
            session.screen.say("The audit trail, told again, comes to the same allocations.", "good")
    ctx.exit(1 if wrong else 0)


def _show(session: Session, lots: list[LotStatus], when: int, zone: tzinfo) -> None:
    session.screen.say(f"Licenses on {moment(when, zone)}", "heading")
    headings = ("ORDER", "TYPE", "ORDERED", "=", "AVAILABLE", "+", "ALLOCATED", "+", "EXPIRED", "ENDS")
    rows = [(str(lot.order), str(lot.type), *_sum([lot]), day(lot.ends_at, zone)) for lot in lots]
    rows.append(("total", "", *_sum(lots), ""))
    table.show(session.screen, headings, rows, right=(0, 2, 4, 6, 8))


def _facts(lot: LotStatus) -> dict[str, object]:
    return {**asdict(lot), "starts_at": iso(lot.starts_at), "ends_at": iso(lot.ends_at)}


def _sum(lots: list[LotStatus]) -> tuple[str, ...]:
    figures = [f"{sum(getattr(lot, name) for lot in lots):,}" for name in _FIGURES]
    return (figures[0], "=", figures[1], "+", figures[2], "+", figures[3])


def _moment_of(at: datetime, zone: tzinfo) -> int:
    """A day or time as it was typed, where the company is."""
    is_day = (at.hour, at.minute, at.second) == (0, 0, 0)
    return start_of(at.date(), zone) if is_day else int(at.replace(tzinfo=zone).timestamp())
