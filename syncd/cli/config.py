"""`syncd config`: every problem of the configuration at once, or the schema editors check it with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncd.cli.session import Session, pass_session
from syncd.errors import ConfigError
from syncd.words.wording import many

if TYPE_CHECKING:
    from syncd.settings import Problem, Settings


@click.group()
def config() -> None:
    """Check the configuration, or print its schema."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@pass_session
@click.pass_context
def check(ctx: click.Context, session: Session, as_json: bool) -> None:
    """Say every problem of the configuration, by file and line. Nothing is connected to.

    Exit codes: 0 it can be used (there may be warnings), 2 it cannot.
    """
    from syncd.settings import ConfigProblems

    try:
        settings = session.settings
        if wrong := _in_words_and_templates(settings):
            raise ConfigProblems(wrong)
    except ConfigProblems as exc:
        if not as_json:
            raise
        session.screen.json({"ok": False, "problems": [_facts(problem) for problem in exc.problems]})
        ctx.exit(ConfigError.exit_code)
    if as_json:
        warnings = [_facts(problem) for problem in settings.warnings]
        session.screen.json({"ok": True, "problems": [], "warnings": warnings})
        return
    screen = session.screen
    for problem in settings.warnings:
        screen.say(f"warning: {problem}", "warn")
    directories = ", ".join(f"{entry.name} ({entry.type})" for entry in settings.directories)
    screen.say(f"✓ {session.path} can be used", "good")
    screen.say(f"  {many(len(settings.directories), 'directory', 'directories')}: {directories}")
    screen.say(f"→ try it out with `{session.command('check')}`")


@config.command()
@pass_session
def schema(session: Session) -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from syncd.settings.schema import text

    session.screen.write(text())


def _in_words_and_templates(settings: Settings) -> list[Problem]:
    """Mistakes that cost a notice its wording: looked for here, and no run fails by them."""
    section = settings.notify
    if section.templates is None and section.language_file is None:
        return []
    from syncd.notify.mistakes import mistakes

    return list(mistakes(section))


def _facts(problem: object) -> dict[str, object]:
    return {name: _plain(getattr(problem, name)) for name in ("path", "line", "where", "message")}


def _plain(value: object) -> object:
    return value if isinstance(value, int) else str(value)
