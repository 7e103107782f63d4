"""`syncd sync` and `syncd apply`: do it; say what was done, who was refused, who waits, what is next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import click

from syncd.app import App
from syncd.cli import ahead, held, numbers, preview, progress, table, turn
from syncd.cli.endings import code_of, complain
from syncd.cli.interrupting import gently
from syncd.cli.plan import Form, planned, show_plan
from syncd.cli.screen import Screen
from syncd.cli.session import Session, actor, pass_session
from syncd.cli.written import change_facts
from syncd.dates import moment
from syncd.facts import RunFacts
from syncd.model import ChangeState, Entry, Kind, RunState
from syncd.plan.guard import OVERRIDES
from syncd.run import Task
from syncd.words import plans
from syncd.words.licenses import waits_for
from syncd.words.wording import lasted, many, people

_NAMED = 20  # people listed of each sort; the rest are a command away


@click.command()
@click.option("--dry-run", is_flag=True, help="Stop before anything is changed, as `plan` does.")
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice(OVERRIDES),
    help="Let this pass once although the guard would hold it.",
)
@click.option("--full", is_flag=True, help="Read everybody, not only who has changed.")
@turn.wait_option
@click.option(
    "--metrics-file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="SYNCD_METRICS_FILE",
    metavar="FILE",
    help="Write numbers for Prometheus, as node_exporter reads them.  [env: SYNCD_METRICS_FILE]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
@click.pass_context
def sync(
    ctx: click.Context,
    session: Session,
    dry_run: bool,
    allow: tuple[str, ...],
    full: bool,
    patience: int,
    metrics_file: Path | None,
    as_json: bool,
) -> None:
    """Bring learners and licenses up to date with the directories.

    While another run is in progress, of a daemon or of somebody else, it waits for its turn.
    """
    with session.app() as app:
        if dry_run:
            facts = planned(app, Task("sync --dry-run", actor(), full=full), patience=patience)
            show_plan(session, app, facts, Form("json" if as_json else "text"))
        else:
            task = Task("sync", actor(), apply=True, allow=frozenset(allow), full=full)
            facts = numbers.kept(app, metrics_file, lambda: applied(session, app, task, patience))
            tell(session, app, facts, as_json=as_json)
    ctx.exit(facts.exit_code)


@click.command()
@click.argument("run", type=click.IntRange(min=1))
@turn.wait_option
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
@click.pass_context
def apply(ctx: click.Context, session: Session, run: int, patience: int, as_json: bool) -> None:
    """Do what plan RUN shows, and nothing else; held when it no longer holds."""
    with session.app() as app:
        facts = applied(session, app, Task("apply", actor(), apply=True, reviewed=run), patience)
        tell(session, app, facts, as_json=as_json)
    ctx.exit(facts.exit_code)


def applied(session: Session, app: App, task: Task, patience: int | None = None) -> RunFacts:
    """A run that changes things, once it is its turn, with its progress shown and an interruption told."""
    with _interruptions_told(session, app), progress.shown() as report, gently(report) as watch:
        return turn.take(app, task, watch, patience=patience)


@contextmanager
def _interruptions_told(session: Session, app: App) -> Iterator[None]:
    """Ctrl-C: say how far the run had come, and that nothing is lost."""
    began = app.clock()
    try:
        yield
    except KeyboardInterrupt as exc:
        latest = app.register.runs.latest(1)
        if latest and latest[0].state is RunState.DONE and latest[0].started_at >= began:
            complain(
                f"interrupted: run {latest[0].id} is done, but not everybody was told",
                f"the next sync sends the notices, or `{session.command('notify send')}`",
            )
        elif latest and latest[0].state in (RunState.INTERRUPTED, RunState.APPLYING):
            run = latest[0]
            outcomes = app.register.journal.outcomes(run.id)
            total = sum(outcomes.values())
            done = total - outcomes.get(ChangeState.PLANNED, 0)
            complain(
                f"interrupted: run {run.id} has done {done:,} of {many(total, 'change')}",
                held.finishing(session, run.applies_run),
            )
        else:
            complain("interrupted: nothing had been changed yet", f"again with `{session.command('sync')}`")
        raise click.exceptions.Exit(code_of(exc)) from exc


def tell(session: Session, app: App, facts: RunFacts, *, as_json: bool) -> None:
    """What a run came to."""
    if as_json:
        session.screen.json(_facts(app, facts))
    elif facts.state is RunState.HELD:
        held.tell(session, app, facts)
    else:
        _done(session, app, facts)


def _done(session: Session, app: App, facts: RunFacts) -> None:
    screen = session.screen
    screen.say(f"Run {facts.run} for {app.settings.company}: {_ending(app, facts)}", "heading")
    preview.summary(screen, facts)
    more = session.command(f"runs show {facts.run} --all")
    _people(screen, "Refused", plans.refused(app, facts), more)
    _people(screen, "Skipped", plans.entries(app, facts.run, Kind.SKIP, _NAMED + 1), more)
    _waiting(session, app, facts)
    ahead.say(session, screen, app, facts)
    if facts.platform_down:
        screen.say()
        table.paragraph(screen, f"The platform could not be used: {facts.platform_down}", "bad")
        late = many(facts.undelivered, "change is", "changes are")
        then = f"; {facts.next_step}" if facts.next_step else ""
        table.paragraph(screen, f"→ {late} recorded and delivered by the next sync{then}", hanging="  ")


def _ending(app: App, facts: RunFacts) -> str:
    if not plans.has_work(facts):
        return "nothing to do"
    record = app.register.runs.get(facts.run)
    took = "" if record is None else lasted((record.finished_at or 0) - record.started_at)
    runs = f"run{'s' if len(facts.superseded) > 1 else ''} {', '.join(map(str, sorted(facts.superseded)))}"
    earlier = f", took over from {runs}" if facts.superseded else ""
    return f"done in {took}{earlier}"


def _people(screen: Screen, title: str, found: Iterable[Entry], more: str) -> None:
    listed = list(islice(found, _NAMED + 1))
    if not listed:
        return
    screen.say()
    screen.say(title, "heading")
    rows = [(plans.who(entry), entry.change.email, plans.outcome(entry)) for entry in listed[:_NAMED]]
    table.show(screen, ("WHO", "E-MAIL", "WHY"), rows, folds=True, indent="  ")
    if len(listed) > _NAMED:
        screen.say(f"  … and more: {more}", "dim")


def _waiting(session: Session, app: App, facts: RunFacts) -> None:
    if facts.unrenewed:
        session.screen.say()
        session.screen.say(f"{plans.shortage(facts)}", "warn")
    if not facts.waiting:
        if facts.unrenewed:
            table.paragraph(session.screen, f"→ {plans.remedy(app, facts, session.command)}", hanging="  ")
        return
    screen, waiting = session.screen, app.register.licenses.line_length(app.settings.policy.seats.type)
    screen.say()
    screen.say(f"Waiting for a license: {people(waiting)}, first in line first", "warn")
    show_line(screen, app, most=_NAMED)
    if waiting > _NAMED:
        screen.say(f"  … and {waiting - _NAMED:,} more: {session.command('licenses waiting')}", "dim")
    table.paragraph(screen, f"→ {plans.remedy(app, facts, session.command)}", hanging="  ")


def show_line(screen: Screen, app: App, *, most: int | None = None) -> None:
    """The waiting list as a table, from its head."""
    line = app.register.licenses.waiting(app.settings.policy.seats.type, most=most)
    zone = app.settings.zone
    rows = [
        (str(place), entry.name or entry.email, entry.email, moment(entry.since, zone), waits_for(entry))
        for place, entry in enumerate(line, start=1)
    ]
    table.show(screen, ("PLACE", "WHO", "E-MAIL", "SINCE", "FOR"), rows, right=(0,), indent="  ")


def _facts(app: App, facts: RunFacts) -> dict[str, object]:
    read = app.register.journal.read
    line = app.register.licenses.waiting(app.settings.policy.seats.type)
    return {
        **facts.as_dict(),
        "exit_code": facts.exit_code,
        "refusals": [change_facts(entry) for entry in read(facts.run, state=ChangeState.REFUSED)],
        "skips": [change_facts(entry) for entry in read(facts.run, kinds=[Kind.SKIP])],
        "line": [entry._asdict() for entry in line],
    }
