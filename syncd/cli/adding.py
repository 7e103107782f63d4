"""`syncd learners add` and `import`: people added by hand, one of them or a file full."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from syncd.adding import COMMANDS
from syncd.app import App
from syncd.cli import columns
from syncd.cli.plan import Form, planned, show_plan
from syncd.cli.screen import Screen
from syncd.cli.session import Session, actor, pass_session
from syncd.cli.sync import applied, tell
from syncd.dates import day
from syncd.errors import ConfigError, Skipped, Unavailable
from syncd.facts import RunFacts
from syncd.model import Kind, RunState
from syncd.plan import additions
from syncd.plan.additions import ROLES, Row
from syncd.run import Task
from syncd.text.csv_rows import CsvRows
from syncd.text.text_file import TextFile, given
from syncd.words.wording import people

ADD, IMPORT = COMMANDS
_DELIMITERS = {"auto": "auto", "comma": ",", "semicolon": ";", "tab": "\t"}


@click.command()
@click.option("--email", required=True, metavar="ADDRESS", help="Who they are to the platform.")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--department", default="")
@click.option("--job-title", default="")
@click.option("--manager-email", default="", metavar="ADDRESS")
@click.option("--employee-id", default="")
@click.option("--language", default="", help="As the platform writes it, such as en-GB.")
@click.option("--group", default="")
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True)
@click.option("--dry-run", is_flag=True, help="Show what would happen. Nothing is changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
@click.pass_context
def add(ctx: click.Context, session: Session, /, dry_run: bool, as_json: bool, **values: str) -> None:
    """Add one learner by hand. They get a license if one is free, else they stand in line.

    No sync ever updates, suspends or releases them, unless `match.adopt_by_email` makes them somebody's in
    a directory.
    """
    row = Row(values)
    with session.app() as app:
        _check(app, row, session)
        if dry_run:
            facts = planned(app, Task(f"{ADD} --dry-run", actor(), additions=[row]))
            show_plan(session, app, facts, Form("json" if as_json else "text"))
        else:
            facts = applied(session, app, Task(ADD, actor(), apply=True, additions=[row]))
            if not as_json and facts.state is RunState.DONE:
                _say_what_they_have(session, app, values["email"])
            tell(session, app, facts, as_json=as_json)
    ctx.exit(facts.exit_code)


def _check(app: App, row: Row, session: Session) -> None:
    """Raise `ConfigError` where a run would only skip them."""
    try:
        email = additions.judge(row).email
    except Skipped as exc:
        raise ConfigError(exc.message, next_step="correct it; nothing has been changed") from exc
    known = app.register.learners.get(email, app.clock())
    if known is not None:
        name = known.profile.full_name
        raise ConfigError(
            f"{email} is a learner already: number {known.id}{f', {name}' if name else ''}",
            next_step=f"see `{session.command(f'learners show {known.id}')}`",
        )


def _say_what_they_have(session: Session, app: App, email: str) -> None:
    learner = app.register.learners.get(email.strip(), app.clock())
    if learner is None:
        return
    has = "waits for a license"
    if learner.license == "live":
        has = f"has a license until {day(learner.ends_at, app.settings.zone)}"
    session.screen.say(f"{learner.profile.email} is learner {learner.id} and {has}", "good")


@click.command("import")
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True, allow_dash=True)
)
@click.option(
    "--column",
    "columns_",
    multiple=True,
    metavar="FIELD=HEADING",
    help='Where a field is, such as email="E-Mail"; else it is found by its heading.',
)
@click.option("--encoding", default="auto", show_default=True, help="Such as utf-8, cp1252, utf-16.")
@click.option("--delimiter", type=click.Choice(list(_DELIMITERS)), default="auto", show_default=True)
@click.option("--apply", "apply_", is_flag=True, help="Add them, without showing it first and asking.")
@click.option(
    "--allow", multiple=True, type=click.Choice(["creations"]), help="Let more be added than the guard would."
)
@click.option("--all", "everybody", is_flag=True, help="Show everybody.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="OUT", help="Write to a file."
)
@pass_session
@click.pass_context
def import_(
    ctx: click.Context,
    session: Session,
    file: Path,
    columns_: tuple[str, ...],
    encoding: str,
    delimiter: str,
    apply_: bool,
    allow: tuple[str, ...],
    everybody: bool,
    format_: str,
    as_json: bool,
    output: Path | None,
) -> None:
    """Add the people of a CSV FILE: show who is added, who waits and who is skipped; then do it.

    A FILE of - is standard input. In a terminal it asks; elsewhere `syncd apply N` does what was shown, or
    --apply does it right away.
    """
    form = Form("json" if as_json else format_, output, everybody=everybody)
    if apply_ and output and form.format == "text":
        raise click.UsageError("with --apply, --output takes --format csv or json")
    said = columns.named(columns_)
    with session.app() as app:
        with _people(Screen(sys.stderr), file, encoding, _DELIMITERS[delimiter], said) as rows:
            if apply_:
                task = Task(IMPORT, actor(), apply=True, allow=frozenset(allow), additions=rows)
                facts = applied(session, app, task)
            else:
                task = Task(f"{IMPORT} (preview)", actor(), allow=frozenset(allow), additions=rows)
                facts = planned(app, task)
        if not apply_:
            show_plan(session, app, facts, form)
            if form.format == "text" and str(file) != "-" and _agreed(session, facts):
                facts = applied(session, app, Task("apply", actor(), apply=True, reviewed=facts.run))
                tell(session, app, facts, as_json=False)
        elif form.format == "text":
            tell(session, app, facts, as_json=False)
            session.screen.say(f"→ `{session.command(f'runs show {facts.run} --all')}` shows it row by row")
        else:
            show_plan(session, app, facts, form)
    ctx.exit(facts.exit_code)


def _agreed(session: Session, facts: RunFacts) -> bool:
    """Ask, where somebody is there to answer."""
    new = sum(facts.counts.get(kind.name.lower(), 0) for kind in (Kind.CREATE, Kind.WAIT))
    if not new or not session.screen.terminal:
        return False
    return click.confirm(f"Add {people(new)} now?", default=False)


@contextmanager
def _people(
    notes: Screen, path: Path, encoding: str, delimiter: str, said: Mapping[str, str]
) -> Iterator[Iterator[Row]]:
    """The rows of a file; `notes` is told what is not used of it.

    Raises `ConfigError` when it cannot be used as a whole.
    """
    with given(path, encoding, "say --encoding") as file:
        table_ = CsvRows(file, delimiter)
        where = columns.places(table_.columns, said, str(file.path))
        for heading in columns.unused(table_.columns, where):
            notes.say(f"{file.path}: nothing is taken from the column {heading}", "dim")
        yield _rows(file, table_, where)


def _rows(file: TextFile, table_: CsvRows, where: Mapping[str, int]) -> Iterator[Row]:
    name = file.path.name
    try:
        for line, cells in table_.ragged():
            values = {field: cells[place] for field, place in where.items() if place < len(cells)}
            yield Row(values, f"{name}, line {line}", table_.unlike_header(cells))
        file.verify()
    except Unavailable as exc:  # a file that is no CSV is for whoever wrote it to correct
        raise ConfigError(exc.message, next_step=exc.next_step) from exc
