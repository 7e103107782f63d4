"""Ahead: while nobody waits for a license, whether they run short soon, and the draft there is for it."""

from __future__ import annotations

from syncd.app import App
from syncd.cli.screen import Screen
from syncd.cli.session import Session
from syncd.cli.table import paragraph
from syncd.facts import RunFacts
from syncd.forecasting import WhatIf
from syncd.licensing.forecast import SOON
from syncd.model import OrderState, RunState
from syncd.words import outlook, plans


def say(session: Session, screen: Screen, app: App, facts: RunFacts) -> None:
    """After a run, as it stands; of a plan, with those who would get a license by it.

    Who waits today is no news of a plan: a sync's names them, and another one may be about to change that.
    """
    if facts.waiting or facts.unrenewed:
        return
    done = facts.state is RunState.DONE
    foresight = app.forecast(WhatIf(wanting=0 if done else facts.wanted))
    wanted = foresight.wanted
    if wanted.shortfall and (0 if done else 1) <= wanted.shortfall.day <= SOON:
        words = f"{outlook.headline(foresight, wanted)} See `{session.command('licenses forecast')}`"
        paragraph(screen, words, "warn", hanging="  ")
    last = app.register.requests.last(app.settings.policy.seats.type)
    if last and last.state is OrderState.DRAFT:
        paragraph(screen, f"→ {plans.draft(last.order, last.quantity, session.command)}", hanging="  ")
