"""Preview: a plan in words: what would happen, to whom and why, who waits, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syncd.app import App
from syncd.cli import table
from syncd.cli.screen import Screen
from syncd.facts import RunFacts
from syncd.model import Kind
from syncd.words import plans
from syncd.words.wording import people

_SEATED = (Kind.EXPIRE, Kind.REACTIVATE, Kind.RENEW, Kind.CREATE, Kind.ALLOCATE)
_WHO = ("WHO", "E-MAIL", "WHY", "LICENSE ENDS")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a plan is shown: `limit` people a kind (None: all), and notes too where `notes`."""

    limit: int | None
    notes: bool = False


def summary(screen: Screen, facts: RunFacts) -> None:
    """How many people were read, what changes by kind, and how the licenses stand."""
    table.facts(screen, plans.summary(facts))


def sections(screen: Screen, app: App, facts: RunFacts, extent: Extent, more: str) -> None:
    """The people of a plan, kind by kind. `more`: the command that shows those left out."""
    for kind, word, count in plans.counted(facts, notes=extent.notes):
        if not count:
            continue
        screen.say()
        screen.say(f"{word.capitalize()}: {people(count)}", "heading")
        found = plans.entries(app, facts.run, kind, extent.limit)
        rows = (plans.row(entry, app.settings.zone) for entry in found)
        columns = 4 if kind in _SEATED else 3
        table.show(screen, _WHO[:columns], (row[:columns] for row in rows), folds=columns == 3, indent="  ")
        if extent.limit is not None and count > extent.limit:
            screen.say(f"  … and {count - extent.limit:,} more: {more}", "dim")


def why_held(screen: Screen, facts: RunFacts) -> None:
    """What the guard says of a plan, with the word that lets it pass; nothing where it has nothing to say."""
    for override, message in plans.objections(facts):
        table.paragraph(screen, f"Held: {message}  ({override})", "bad", hanging="      ")


def what_next(facts: RunFacts, command: str) -> Sequence[str]:
    """What the admin does about a plan. `command`: `syncd`, as typed to reach this configuration."""
    if facts.objections:
        exactly = f"`{command} apply {facts.run}` does exactly what is shown here, if that is what you want"
        return exactly, *plans.allowing(facts, command)
    if not plans.has_work(facts):
        return ()
    anew = f"; `{command} sync` plans anew and applies" if facts.sizes else ""
    return (f"`{command} apply {facts.run}` does exactly this{anew}",)
