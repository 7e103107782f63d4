"""`syncd licenses`: orders and their states, the licenses they brought, and the line of those who wait."""

from __future__ import annotations

from dataclasses import asdict

import click

from syncd.app import App
from syncd.cli import table
from syncd.cli.confirm import confirm
from syncd.cli.forecast import forecast
from syncd.cli.renew import renew
from syncd.cli.reports import reconcile, report
from syncd.cli.session import Session, actor, pass_session
from syncd.cli.sync import show_line
from syncd.cli.written import order_facts
from syncd.dates import day, iso, moment
from syncd.model import LicenseType
from syncd.register.licenses import Order
from syncd.register.lot_rows import LotStatus
from syncd.words.licenses import remaining, remarks
from syncd.words.wording import many, people, verb

_SOON = 60 * 86_400
_json = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")


@click.group()
def licenses() -> None:
    """Order licenses, assign them, see who holds and who waits.

    A license lasts from the day its order is assigned, whenever a learner gets it.
    """


licenses.add_command(forecast)
licenses.add_command(confirm)
licenses.add_command(renew)
licenses.add_command(report)
licenses.add_command(reconcile)


@licenses.command()
@click.argument("quantity", type=int)
@click.option("--type", "type_", type=click.Choice([str(kind) for kind in LicenseType]))
@click.option("--note", default="", help="For whoever decides about it.")
@click.option("--reference", help="A number of your own; two orders cannot share one.")
@_json
@pass_session
def request(
    session: Session, quantity: int, type_: str | None, note: str, reference: str | None, as_json: bool
) -> None:
    """Ask for QUANTITY licenses."""
    with session.app() as app:
        kind = LicenseType(type_) if type_ else app.settings.policy.seats.type
        order = app.register.licenses.request(
            kind, quantity, by=actor(), now=app.clock(), note=note, reference=reference
        )
        app.tell()
        if as_json:
            session.screen.json(order_facts(order))
            return
        session.screen.say(f"Order {order.id}: {many(quantity, f'{kind} license')} requested.", "good")
        session.screen.say(f"→ to grant it: `{session.command(f'licenses assign {order.id}')}`")


@licenses.command()
@click.argument("orders", type=click.IntRange(min=1), metavar="ORDER...", nargs=-1, required=True)
@click.option("--quantity", type=int, metavar="N", help="Grant another number than was asked for.")
@click.option("--reason", default="", help="Why; required with another number.")
@_json
@pass_session
def assign(
    session: Session, orders: tuple[int, ...], quantity: int | None, reason: str, as_json: bool
) -> None:
    """Grant ORDER: its licenses last from today."""
    with session.app() as app:
        done = [
            app.register.licenses.assign(
                number,
                by=actor(),
                now=app.clock(),
                zone=app.settings.zone,
                quantity=quantity,
                reason=reason,
            )
            for number in orders
        ]
        app.tell()
        if as_json:
            session.screen.json([order_facts(order) for order in done])
            return
        for order in done:
            what = many(order.assigned or 0, f"{order.type} license")
            ends = day(order.ends_at, app.settings.zone)
            session.screen.say(f"Order {order.id}: {what} assigned; they end on {ends}.", "good")
        _say_who_waits(session, app)


def _say_who_waits(session: Session, app: App) -> None:
    waiting = app.register.licenses.line_length(app.settings.policy.seats.type)
    if waiting:
        them = "gives them their license" if waiting > 1 else "gives them theirs"
        words = f"→ {verb(waiting, 'is', 'are')} waiting; `{session.command('sync')}` {them}"
        table.paragraph(session.screen, words, hanging="  ")


@licenses.command()
@click.argument("order", type=click.IntRange(min=1))
@click.option("--reason", required=True, help="Why.")
@_json
@pass_session
def reject(session: Session, order: int, reason: str, as_json: bool) -> None:
    """Turn ORDER down."""
    with session.app() as app:
        _decided(
            session,
            app.register.licenses.reject(order, by=actor(), now=app.clock(), reason=reason),
            as_json=as_json,
        )


@licenses.command()
@click.argument("order", type=click.IntRange(min=1))
@click.option("--reason", default="", help="Why.")
@_json
@pass_session
def cancel(session: Session, order: int, reason: str, as_json: bool) -> None:
    """Take ORDER back before it is assigned, or discard a draft."""
    with session.app() as app:
        _decided(
            session,
            app.register.licenses.cancel(order, by=actor(), now=app.clock(), reason=reason),
            as_json=as_json,
        )


def _decided(session: Session, order: Order, *, as_json: bool) -> None:
    if as_json:
        session.screen.json(order_facts(order))
    else:
        session.screen.say(f"Order {order.id} is {order.state}.", "good")


@licenses.command("list")
@_json
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """List orders, with what became of them."""
    with session.app() as app:
        found, zone = app.register.licenses.orders(), app.settings.zone
    if as_json:
        session.screen.json([order_facts(order) for order in found])
        return
    if not found:
        session.screen.say(f"There are no orders yet. Place one: `{session.command('licenses request 20')}`")
    headings = ("ORDER", "TYPE", "LICENSES", "STATE", "REQUESTED", "BY", "DECIDED", "ENDS", "REMARKS")
    rows = [
        (
            str(order.id),
            str(order.type),
            f"{order.quantity if order.assigned is None else order.assigned:,}",
            str(order.state),
            moment(order.requested_at, zone),
            order.requested_by,
            moment(order.decided_at, zone),
            day(order.ends_at, zone),
            remarks(order),
        )
        for order in found
    ]
    table.show(session.screen, headings, rows, right=(0, 2))


@licenses.command()
@_json
@pass_session
def status(session: Session, as_json: bool) -> None:
    """Show every lot of licenses: how many are allocated, available, expired, and when they end."""
    with session.app() as app:
        now, zone = app.clock(), app.settings.zone
        lots = app.register.licenses.lots(now)
        waiting = app.register.licenses.line_length(app.settings.policy.seats.type)
        lapsing, over = app.register.renewable.lapsing(now, _SOON), app.register.renewable.over(now)
        renews = app.settings.policy.seats.renews
    if as_json:
        facts = {"lots": [_lot_facts(lot) for lot in lots], "waiting": waiting, "ended": over}
        session.screen.json({**facts, **_totals(lots)})
        return
    if not lots:
        session.screen.say(f"There are no licenses yet. Order: `{session.command('licenses request 20')}`")
    headings = ("ORDER", "TYPE", "LICENSES", "ALLOCATED", "AVAILABLE", "EXPIRED", "STARTED", "ENDS", "")
    rows = [
        (
            str(lot.order),
            str(lot.type),
            *(f"{number:,}" for number in (lot.quantity, lot.allocated, lot.available, lot.expired)),
            day(lot.starts_at, zone),
            day(lot.ends_at, zone),
            remaining(lot, now, zone),
        )
        for lot in lots
    ]
    total = _totals(lots)
    if len(lots) > 1:
        rows.append(("total", "", *(f"{number:,}" for number in total.values()), "", "", ""))
    table.show(session.screen, headings, rows, right=(0, 2, 3, 4, 5))
    for lot in (lot for lot in lots if lot.id in lapsing):
        words = f"{verb(lapsing[lot.id], 'loses', 'lose')} their license on {day(lot.ends_at, zone)}"
        how = "by the sync, while there are free ones" if renews else "only if somebody renews it"
        session.screen.say(f"{words}, and get another one {how}", "warn")
    if over:
        who = verb(over, "is", "are")
        session.screen.say(f"{who} here whose license has ended: no log-in until it is renewed", "warn")
    if over or (lapsing and not renews):
        within = session.command("licenses renew --all --expiring 60d --dry-run")
        session.screen.say(f"→ who, and whether there are enough: `{within}`")
    if waiting:
        session.screen.say(f"{verb(waiting, 'waits', 'wait')} for a license", "warn")
        session.screen.say(f"→ by name: `{session.command('licenses waiting')}`")


@licenses.command()
@_json
@pass_session
def waiting(session: Session, as_json: bool) -> None:
    """List who waits for a license, first in line first."""
    with session.app() as app:
        licenses, type_ = app.register.licenses, app.settings.policy.seats.type
        if as_json:
            line = licenses.waiting(type_)
            facts = [{**entry._asdict(), "since": iso(entry.since)} for entry in line]
            session.screen.json([{"place": place, **entry} for place, entry in enumerate(facts, start=1)])
            return
        many_wait = licenses.line_length(type_)
        session.screen.say(f"{people(many_wait) if many_wait else 'Nobody'} waiting for a license", "heading")
        show_line(session.screen, app)


def _lot_facts(lot: LotStatus) -> dict[str, object]:
    return {**asdict(lot), "starts_at": iso(lot.starts_at), "ends_at": iso(lot.ends_at)}


def _totals(lots: list[LotStatus]) -> dict[str, int]:
    names = ("quantity", "allocated", "available", "expired")
    return {name: sum(getattr(lot, name) for lot in lots) for name in names}
