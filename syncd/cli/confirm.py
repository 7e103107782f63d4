"""`syncd licenses confirm`: a manager stands by an order that syncd has drafted."""

from __future__ import annotations

import click

from syncd.cli.session import Session, actor, pass_session
from syncd.cli.written import order_facts
from syncd.words.wording import many


@click.command()
@click.argument("order", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
def confirm(session: Session, order: int, as_json: bool) -> None:
    """Request the licenses of ORDER, which syncd has drafted. `cancel` discards a draft."""
    with session.app() as app:
        confirmed = app.register.requests.confirm(order, by=actor(), now=app.clock())
        if as_json:
            session.screen.json(order_facts(confirmed))
            return
        what = many(confirmed.quantity, f"{confirmed.type} license")
        session.screen.say(f"Order {order}: {what} requested.", "good")
        session.screen.say(f"→ to grant it: `{session.command(f'licenses assign {order}')}`")
