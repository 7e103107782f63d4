"""`syncd licenses renew`: whose license goes on, chosen by name, by unit, from a file, or all of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from syncd.app import App
from syncd.cli import addresses
from syncd.cli.duration import in_seconds
from syncd.cli.plan import Form, planned, show_plan
from syncd.cli.session import Session, actor, pass_session
from syncd.cli.sync import applied, tell
from syncd.cli.whom import one
from syncd.errors import ConfigError
from syncd.plan.renewals import Selection, Start, Terms
from syncd.renewing import COMMAND
from syncd.run import Task


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom the options of a command name."""

    who: tuple[str, ...]
    file: Path | None
    encoding: str
    groups: tuple[str, ...]
    departments: tuple[str, ...]
    everybody: bool

    def __bool__(self) -> bool:
        return bool(self.who or self.file or self.groups or self.departments or self.everybody)


@click.command()
@click.argument("who", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="Everybody whose license has ended.")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Those of this group.")
@click.option("--department", "departments", multiple=True, metavar="NAME", help="Those of this department.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Those in a CSV file, by Email; - is standard input.",
)
@click.option("--encoding", default="auto", show_default=True, help="Of the file: utf-8, cp1252, utf-16.")
@click.option(
    "--expiring",
    callback=in_seconds,
    default="0",
    metavar="60d",
    help="Also what ends within this time.",
)
@click.option(
    "--start",
    type=click.Choice([str(start) for start in Start]),
    default=str(Start.AT_END),
    show_default=True,
    help="When a license that still runs is followed by the new one.",
)
@click.option("--include-left", is_flag=True, help="Also people who have left.")
@click.option("--wait", is_flag=True, help="Put those in line for whom no license is free.")
@click.option("--dry-run", is_flag=True, help="Show who would be renewed, and who not and why.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
@click.pass_context
def renew(
    ctx: click.Context,
    session: Session,
    who: tuple[str, ...],
    everybody: bool,
    groups: tuple[str, ...],
    departments: tuple[str, ...],
    file: Path | None,
    encoding: str,
    expiring: int,
    start: str,
    include_left: bool,
    wait: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Give a license to people whose license has ended.

    WHO are e-mail addresses or learner numbers. A license that ends soon is renewed ahead, with
    --expiring: the new one is reserved and begins when the old one ends, or now.
    """
    whom = Chosen(who, file, encoding, groups, departments, everybody)
    if not whom:
        raise click.UsageError("say whose license: WHO, --from, --group, --department or --all")
    with session.app() as app:
        terms = Terms(Start(start), expiring, include_left)
        selection = _selection(session, app, whom, terms, wait=wait)
        if dry_run:
            facts = planned(app, Task(f"{COMMAND} --dry-run", actor(), renewal=selection))
            show_plan(session, app, facts, Form("json" if as_json else "text"))
        else:
            facts = applied(session, app, Task(COMMAND, actor(), apply=True, renewal=selection))
            tell(session, app, facts, as_json=as_json)
    ctx.exit(facts.exit_code)


def _selection(session: Session, app: App, whom: Chosen, terms: Terms, *, wait: bool) -> Selection:
    numbers = [one(app, name, session).id for name in whom.who]
    unknown: tuple[tuple[str, str], ...] = ()
    if whom.file is not None:
        wanted = addresses.read(whom.file, whom.encoding)
        known = app.register.renewable.numbers(list(wanted))
        numbers += [known[email] for email in wanted if email in known]
        unknown = tuple((email, where) for email, where in wanted.items() if email not in known)
    if whom.groups or whom.departments or whom.everybody:
        for column, names in (("group", whom.groups), ("department", whom.departments)):
            _check_units(app, column, names)
        numbers += app.register.renewable.ending(
            app.clock(),
            within=terms.within,
            groups=whom.groups,
            departments=whom.departments,
            include_left=terms.include_left,
        )
    return Selection(tuple(dict.fromkeys(numbers)), terms, wait, unknown)


def _check_units(app: App, column: str, names: tuple[str, ...]) -> None:
    there = app.register.renewable.units(column) if names else []
    for name in names:
        if name.lower() not in [known.lower() for known in there]:
            listed = ", ".join(there[:10]) + (", …" if len(there) > 10 else "")
            raise ConfigError(
                f"no learner is in the {column} {name}", next_step=f"there are {listed or 'none'}"
            )
