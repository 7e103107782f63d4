"""The program: its options, the table of its commands, and how every one of them ends.

A command's module is imported when the command is used: `syncd --help` costs next to nothing.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from syncd import __version__
from syncd.cli import endings
from syncd.cli.session import Session

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("syncd.cli.init:init", "Write a first configuration."),
    "config": ("syncd.cli.config:config", "Check the configuration, or print its schema."),
    "check": ("syncd.cli.check:check", "Try the database and every directory, and count who is in scope."),
    "plan": ("syncd.cli.plan:plan", "Show what a sync would do. Nothing is changed."),
    "sync": ("syncd.cli.sync:sync", "Plan and apply: bring learners and licenses up to date."),
    "apply": ("syncd.cli.sync:apply", "Apply a plan that was looked at."),
    "serve": ("syncd.cli.serve:serve", "Run continuously: sync by schedule, and whenever asked."),
    "explain": ("syncd.cli.explain:explain", "Say why a person has what they have, stop by stop."),
    "licenses": ("syncd.cli.licenses:licenses", "Order licenses, assign them, see who holds and who waits."),
    "learners": ("syncd.cli.learners:learners", "See learners; add, suspend or merge some by hand."),
    "audit": ("syncd.cli.audit:audit", "Show who did what, or write it to a file."),
    "notify": ("syncd.cli.notify:notify", "See who was told what, tell what is due, try the ways out."),
    "runs": ("syncd.cli.runs:runs", "See what runs did, or plan to do; decide on held plans."),
}


class Program(click.Group):
    """A group that knows its commands by a table, and turns what they raise into words and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as exc:
            guess = "".join(f" Did you mean {name!r}?" for name in get_close_matches(args[0], COMMANDS, 1))
            raise click.UsageError(f"{exc.message}{guess}", ctx) from exc

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        with endings.in_words(ctx):
            try:
                return super().invoke(ctx)
            except click.NoSuchOption as exc:
                given = exc.option_name
                if not any(given in option.opts for option in self.params):
                    raise
                raise click.UsageError(f"{given} comes before the command: syncd {given} …", exc.ctx) from exc


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    envvar="SYNCD_CONFIG",
    help="The configuration; else ./syncd.yaml, else /etc/syncd/syncd.yaml.  [env: SYNCD_CONFIG]",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="What is logged to standard error; debug shows personal data.",
)
@click.version_option(__version__, message="syncd %(version)s")
@click.pass_context
def program(ctx: click.Context, path: Path | None, log_level: str | None) -> None:
    """Keeps the learners of a learning platform, and their licenses, true to the company's directory.

    \b
    Exit codes: 0 done · 1 some changes failed · 2 configuration or usage · 3 held by the guard ·
    4 a directory, the platform or the database failed · 5 done, but people wait for a license ·
    6 another run was in progress for too long · 130, 143 interrupted
    """
    named = ctx.get_parameter_source("path") is click.core.ParameterSource.COMMANDLINE
    ctx.obj = Session(path, log_level or "", named=named)


def main() -> NoReturn:
    """The entry point: streams and signals as a program wants them, then the command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, endings.terminate)
    program(prog_name="syncd")
    raise SystemExit(0)
