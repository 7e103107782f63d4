"""`syncd init`: a first configuration from a few answers; asked for, or given as options."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click

from syncd.cli.session import Session, pass_session
from syncd.cli.table import paragraph
from syncd.errors import ConfigError
from syncd.settings import ConfigProblems, load
from syncd.settings.problems import suggestion
from syncd.settings.template import Answers, write_template

_DEFAULTS = Answers(company="", directory="file")
_TYPES = ("active_directory", "ldap", "entra_id", "file")
_NEEDED = {
    "active_directory": ("servers", "base_dn"),
    "ldap": ("servers", "base_dn"),
    "entra_id": ("tenant_id", "client_id"),
}


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--company", help="Whose learners these are.")
@click.option("--directory", type=click.Choice(_TYPES), help="Where the people are read from.")
@click.option("--timezone", help="Where the company's days begin and end, such as Europe/London.")
@click.option("--server", "servers", multiple=True, help="For LDAP: a server's URL; may be repeated.")
@click.option("--base-dn", help="For LDAP: people are read below it.")
@click.option("--ca-file", help="For LDAP: a PEM file of the authority that signed its certificates.")
@click.option("--bind-user", help="For LDAP: the account that reads.")
@click.option("--tenant-id", help="For Entra ID: the Directory (tenant) ID.")
@click.option("--client-id", help="For Entra ID: the Application (client) ID.")
@click.option("--password-env", help="The environment variable that holds the password or client secret.")
@click.option("--password-file", help="The file that holds the password or client secret.")
@click.option("--group", help="Sync only the members of this group.")
@click.option("--csv", "csv_path", help="For a CSV or LDIF file: its path.")
@click.option("--id", "csv_id", help="For a CSV file: the column that identifies a person for ever.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing; what is not given keeps its default.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@pass_session
def init(session: Session, /, file: Path | None, yes: bool, force: bool, **given: Any) -> None:
    """Write a first configuration to FILE (default: syncd.yaml)."""
    path = file or Path("syncd.yaml")
    if path.exists() and not force:
        raise ConfigError(
            f"{path} is there already", next_step="name another file, or --force to overwrite it"
        )
    wanted = {name: value for name, value in given.items() if value}
    asks = not yes and sys.stdin.isatty()
    answers = _answers({**_asked(wanted), **wanted} if asks else wanted)
    _write(path, write_template(answers))
    _say_what_next(session, path, answers)


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """What was not given, asked for one by one."""
    found = dict(given)

    def ask(name: str, question: str, **options: Any) -> None:
        if name not in found:
            found[name] = click.prompt(question, err=True, **options)

    ask("company", "Company")
    ask("timezone", "Time zone", default=_local_zone(), value_proc=_zone)
    ask("directory", "Directory", type=click.Choice(_TYPES), default=_TYPES[0])
    if found["directory"] == "file":
        ask("csv_path", "Path of the CSV or LDIF file", default=_DEFAULTS.csv_path)
        file = replace(_DEFAULTS, csv_path=found["csv_path"])
        if not file.is_ldif:
            ask("csv_id", "Column that identifies a person for ever", default=file.id_column)
    elif found["directory"] == "entra_id":
        ask("tenant_id", "Directory (tenant) ID")
        ask("client_id", "Application (client) ID of the app registration")
        if "password_file" not in found:
            ask("password_env", "Environment variable with its client secret", default="SYNCD_CLIENT_SECRET")
    else:
        ask("servers", "Servers (ldaps://…, several separated by spaces)", value_proc=_words)
        ask("base_dn", "Base DN (people are read below it)")
        ask("ca_file", "PEM file of their authority (empty: this machine's)", default="", show_default=False)
        ask("bind_user", "User that reads (empty: Kerberos or anonymous)", default="", show_default=False)
        if found["bind_user"] and "password_file" not in found:
            ask("password_env", "Environment variable with its password", default="SYNCD_BIND_PASSWORD")
    ask("group", "Only members of this group (empty: everybody)", default="", show_default=False)
    return found


def _answers(given: dict[str, Any]) -> Answers:
    """The answers. Raises `ConfigError` naming every option that is missing."""
    missing = [name for name in ("company", "directory") if not given.get(name)]
    missing += [name for name in _NEEDED.get(given.get("directory", ""), ()) if not given.get(name)]
    if missing:
        options = {"servers": "--server"}
        named = " ".join(options.get(name, f"--{name.replace('_', '-')}") for name in missing)
        raise ConfigError(f"init needs {named}", next_step="give them, or run it in a terminal to be asked")
    zone = _zone(given.get("timezone") or _local_zone())
    return replace(
        Answers(given["company"], given["directory"], zone),
        **{name: value for name, value in given.items() if value and name != "timezone"},
    )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise ConfigError(
            f"{path} cannot be written: {exc.strerror}", next_step="name another file: syncd init FILE"
        ) from exc


def _say_what_next(session: Session, path: Path, answers: Answers) -> None:
    screen = session.screen
    option = "" if path == Path("syncd.yaml") else f" -c {path}"
    screen.say(f"{path} is written.", "good")
    try:
        warnings = load(path).warnings
    except ConfigProblems as exc:
        raise ConfigError(exc.message, next_step=f"edit {path}, then `syncd{option} config check`") from None
    for problem in warnings:
        paragraph(screen, f"warning: {problem}", "warn", hanging="  ")
    steps = ["config check", "check", "licenses request 20", "plan", "sync"]
    words = [
        "looks for mistakes in it",
        "tries it out",
        "orders licenses",
        "shows what a sync would do",
        "does it",
    ]
    if answers.directory == "file" and not (path.parent / answers.csv_path).exists():
        column = f", with the column {answers.id_column}" if answers.id_column else ""
        screen.say(f"→ put your people into {path.parent / answers.csv_path}{column}")
    if answers.directory == "entra_id" and not answers.password_file:
        screen.say(f"→ set {answers.secret_variable} to the app's client secret: its Value, not its ID")
    elif answers.bind_user and not answers.password_file:
        screen.say(f"→ set {answers.secret_variable} to the password of {answers.bind_user}")
    commands = [f"syncd{option} {step}" for step in steps]
    width = max(map(len, commands))
    for command, word in zip(commands, words, strict=True):
        screen.say(f"→ {command:<{width}}  {word}")


def _words(text: str) -> tuple[str, ...]:
    found = tuple(text.replace(",", " ").split())
    if not found:
        raise click.UsageError("at least one")
    return found


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        guess = suggestion(name, available_timezones()) or ", such as Europe/London"
        raise click.UsageError(f"{name} is not a time zone{guess}") from exc
    return name


def _local_zone() -> str:
    """The time zone of this machine, by its name, else UTC."""
    named = (
        os.environ.get("TZ", "").lstrip(":")
        or str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    )
    return named if named in available_timezones() else "UTC"
