"""`syncd runs`: what was run, when, by whom, and everything one run planned or did."""

from __future__ import annotations

from itertools import islice

import click

from syncd import approval
from syncd.app import App
from syncd.cli import held, preview, table
from syncd.cli.session import Session, actor, pass_session
from syncd.cli.written import as_json as changes_as_json
from syncd.dates import iso, moment
from syncd.errors import ConfigError
from syncd.facts import RunFacts
from syncd.model import Kind, RunState
from syncd.register.runs import RunRecord
from syncd.words import plans, records
from syncd.words.wording import KINDS

_SHOWN = 20
_KINDS = [kind.name.lower() for kind in Kind]


@click.group()
def runs() -> None:
    """See what runs did, or plan to do; decide on held plans."""


@runs.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
def list_(session: Session, limit: int, as_json: bool) -> None:
    """List the latest runs, newest first."""
    with session.app() as app:
        found, zone = app.register.runs.latest(limit), app.settings.zone
    if as_json:
        session.screen.json([_record_facts(record) for record in found])
        return
    if not found:
        session.screen.say(f"There are no runs yet. See what one would do: `{session.command('plan')}`")
    headings = ("RUN", "COMMAND", "STATE", "STARTED", "TOOK", "BY", "CHANGES")
    rows = [
        (
            str(record.id),
            records.command(record),
            records.state(record),
            moment(record.started_at, zone),
            records.took(record),
            record.requested_by,
            records.changes(record),
        )
        for record in found
    ]
    table.show(session.screen, headings, rows, right=(0,))


@runs.command()
@click.argument("run", type=click.IntRange(min=1))
@click.option("--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="Only these changes.")
@click.option("--all", "everybody", is_flag=True, help="Show everybody.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
def show(session: Session, run: int, kinds: tuple[str, ...], everybody: bool, as_json: bool) -> None:
    """Show what RUN planned, what became of each change, and why it ended as it did."""
    with session.app() as app:
        record = app.register.runs.get(run)
        if record is None:
            raise ConfigError(f"there is no run {run}", next_step=f"see `{session.command('runs list')}`")
        facts = plans.facts_of(app, record)
        if as_json:
            changes_as_json(session.screen, app, facts)
            return
        _show_record(session, app, record, facts)
        limit = None if everybody or not session.screen.terminal else _SHOWN
        chosen = [Kind[word.upper()] for word in kinds] or [kind for kind in KINDS if kind is not Kind.NOTE]
        for kind in chosen:
            _section(session, app, run, kind, limit)


@runs.command()
@click.argument("run", type=click.IntRange(min=1))
@pass_session
def approve(session: Session, run: int) -> None:
    """Say yes to the held plan RUN: the daemon applies exactly that, or says what has changed since."""
    with session.app() as app:
        approval.decide(app.register, run, RunState.APPROVED, by=actor(), now=app.clock())
    session.screen.say(f"Run {run} is approved; the daemon applies it within seconds.")
    session.screen.say(f"→ without one: `{session.command(f'apply {run}')}`")


@runs.command()
@click.argument("run", type=click.IntRange(min=1))
@pass_session
def reject(session: Session, run: int) -> None:
    """Say no to the held plan RUN: it is never applied, and nobody is asked about the same for 30 days."""
    with session.app() as app:
        approval.decide(app.register, run, RunState.REJECTED, by=actor(), now=app.clock())
    session.screen.say(f"Run {run} is rejected; what does the same stays held without asking for 30 days.")
    session.screen.say("→ correct the directory or the configuration, so that syncs go through again")


def _show_record(session: Session, app: App, record: RunRecord, facts: RunFacts) -> None:
    screen, zone = session.screen, session.settings.zone
    screen.say(f"Run {record.id}: {records.command(record)}, {record.state}", "heading")
    table.facts(screen, records.about(record, facts, zone))
    preview.summary(screen, facts)
    preview.why_held(screen, facts)
    table.steps(screen, held.next_steps(session, app, record))


def _section(session: Session, app: App, run: int, kind: Kind, limit: int | None) -> None:
    screen = session.screen
    found = list(
        islice(plans.entries(app, run, kind, None if limit is None else limit + 1), limit and limit + 1)
    )
    if not found:
        return
    screen.say()
    screen.say(f"{KINDS[kind][0].capitalize()}", "heading")
    rows = [(records.fate(entry), *plans.row(entry, app.settings.zone)) for entry in found[:limit]]
    table.show(screen, ("STATE", "WHO", "E-MAIL", "WHY", "LICENSE ENDS"), rows, folds=True, indent="  ")
    if limit is not None and len(found) > limit:
        more = session.command(f"runs show {run} --kind {kind.name.lower()} --all")
        screen.say(f"  … and more: {more}", "dim")


def _record_facts(record: RunRecord) -> dict[str, object]:
    names = ("id", "command", "requested_by", "applies_run", "superseded_by", "decided_by", "facts", "error")
    times = {name: iso(getattr(record, name)) for name in ("started_at", "finished_at", "decided_at")}
    return {**{name: getattr(record, name) for name in names}, "state": str(record.state), **times}
