"""`syncd check`: try every part, and count who is in scope. Nobody is changed by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from syncd.app import App, assembled
from syncd.census import Census
from syncd.cli import table
from syncd.cli.screen import Screen
from syncd.cli.session import Session, pass_session
from syncd.errors import ConfigError, SyncdError
from syncd.model import Finding
from syncd.words.wording import people


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@pass_session
@click.pass_context
def check(ctx: click.Context, session: Session, as_json: bool) -> None:
    """Try the database and every directory, and count who is in scope.

    Exit codes: 0 everything works, 2 the configuration does not fit, 4 a part does not work.
    """
    findings: list[Finding] = []
    counts: list[Census] = []
    with assembled(session.settings) as app:
        for finding in app.check():
            findings.append(finding)
            if not as_json:
                _show(session.screen, finding)
        if all(finding.ok for finding in findings):
            _count(session, app, findings, counts, as_json=as_json)
    codes = {0} | {finding.exit_code for finding in findings if not finding.ok}
    if as_json:
        facts = [_without_code(finding) for finding in findings]
        session.screen.json({"ok": codes == {0}, "findings": facts, "people": [asdict(c) for c in counts]})
    else:
        _end(session, counts, works=codes == {0})
    ctx.exit(ConfigError.exit_code if ConfigError.exit_code in codes else max(codes))


def _count(
    session: Session, app: App, findings: list[Finding], counts: list[Census], *, as_json: bool
) -> None:
    """Read every directory as a sync would."""
    for directory in app.directories:
        try:
            counts.append(app.census(directory))
        except SyncdError as exc:
            findings.append(Finding(directory.name, False, exc.message, exc.next_step, exc.exit_code))
            if not as_json:
                _show(session.screen, findings[-1])


def _without_code(finding: Finding) -> dict[str, object]:
    return {name: value for name, value in asdict(finding).items() if name != "exit_code"}


def _show(screen: Screen, finding: Finding) -> None:
    mark, style = ("✓", "good") if finding.ok else ("✗", "bad")
    table.paragraph(screen, f"{mark} {finding.part}: {finding.message}", style, hanging="  ")
    if finding.next_step:
        table.paragraph(screen, f"→ {finding.next_step}", indent="  ", hanging="    ")


def _end(session: Session, counts: Sequence[Census], *, works: bool) -> None:
    screen = session.screen
    if counts:
        screen.say()
    headings = ("DIRECTORY", "READ", "IN SCOPE", "DISABLED", "OUT OF SCOPE", "SKIPPED")
    rows = [
        (c.directory, *(f"{n:,}" for n in (c.read, c.in_scope, c.disabled, c.out_of_scope, c.skipped)))
        for c in counts
    ]
    table.show(screen, headings, rows, right=(1, 2, 3, 4, 5))
    screen.say()
    if not works:
        screen.say("Something does not work yet: see ✗ above.", "bad")
        return
    screen.say(f"Everything works; {people(sum(entry.in_scope for entry in counts))} in scope.", "good")
    table.steps(screen, [_nameless(entry) for entry in counts if entry.unnamed])
    screen.say(f"→ see what a sync would do with `{session.command('plan')}`")


def _nameless(entry: Census) -> str:
    return (
        f"{entry.directory}: {people(entry.unnamed)} in scope without a first or last name; "
        "where names have other columns or attributes, say which in mapping: { first_name: …, last_name: … }"
    )
