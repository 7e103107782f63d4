"""`syncd plan`: what a sync would do, on the screen or as a file. Nothing is changed by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from syncd.app import App
from syncd.cli import ahead, preview, progress, turn
from syncd.cli.preview import Extent
from syncd.cli.screen import Screen
from syncd.cli.session import Session, actor, pass_session
from syncd.cli.table import paragraph, steps
from syncd.cli.written import as_csv, as_json, written_to
from syncd.facts import RunFacts
from syncd.run import Task
from syncd.words import plans

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Form:
    """How a plan is shown, as the options of a command say."""

    format: str = "text"
    output: Path | None = None
    limit: int | None = None
    everybody: bool = False
    notes: bool = False

    def extent(self, *, terminal: bool) -> Extent:
        """In a terminal a few of each kind, in a pipe or a file everybody, unless said otherwise."""
        limit = self.limit if self.limit is not None else _SHOWN if terminal else None
        return Extent(None if self.everybody else limit, self.notes)


@click.command()
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Show N people of each kind.")
@click.option("--all", "everybody", is_flag=True, help="Show everybody.")
@click.option("--full", is_flag=True, help="Read everybody, not only who has changed.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text")
@click.option("--json", "as_json_", is_flag=True, help="The same as --format json.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to a file."
)
@click.option("-v", "--verbose", "notes", is_flag=True, help="Show also what only syncd remembers.")
@turn.wait_option
@pass_session
@click.pass_context
def plan(
    ctx: click.Context,
    session: Session,
    limit: int | None,
    everybody: bool,
    full: bool,
    format_: str,
    as_json_: bool,
    output: Path | None,
    notes: bool,
    patience: int,
) -> None:
    """Show what a sync would do, person by person. Nothing is changed.

    Exit codes: 0 it may be applied, 3 the guard would hold it, 5 people would wait for a license.
    """
    form = Form("json" if as_json_ else format_, output, limit, everybody, notes)
    with session.app() as app:
        facts = planned(app, Task("plan", actor(), full=full), patience=patience)
        show_plan(session, app, facts, form)
    ctx.exit(facts.exit_code)


def planned(app: App, task: Task, *, patience: int | None = None) -> RunFacts:
    """A dry run, once it is its turn, with its progress shown."""
    with progress.shown() as report:
        return turn.take(app, task, report, patience=patience)


def show_plan(session: Session, app: App, facts: RunFacts, form: Form) -> None:
    """Show a plan in the form asked for."""
    if form.output is None:
        _show(session, session.screen, app, facts, form)
        return
    with written_to(form.output) as stream:
        _show(session, Screen(stream), app, facts, form)
    session.screen.say(f"Run {facts.run} is written to {form.output}")


def _show(session: Session, screen: Screen, app: App, facts: RunFacts, form: Form) -> None:
    if form.format == "json":
        as_json(screen, app, facts)
    elif form.format == "csv":
        as_csv(screen, app, facts.run)
    else:
        _as_text(session, screen, app, facts, form.extent(terminal=screen.terminal))


def _as_text(session: Session, screen: Screen, app: App, facts: RunFacts, extent: Extent) -> None:
    screen.say(f"Plan {facts.run} for {app.settings.company}", "heading")
    preview.summary(screen, facts)
    preview.sections(screen, app, facts, extent, session.command(f"runs show {facts.run} --all"))
    screen.say()
    preview.why_held(screen, facts)
    if not facts.objections and not plans.has_work(facts):
        screen.say("Nothing to do.", "good")
    if short := plans.shortage(facts):
        paragraph(screen, f"{short}. {plans.remedy(app, facts, session.command)}", "warn")
    ahead.say(session, screen, app, facts)
    steps(screen, preview.what_next(facts, session.command("").strip()))
