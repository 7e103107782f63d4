"""`syncd learners suspend` and `resume`: one learner is shut out by hand, and let in again."""

from __future__ import annotations

import click

from syncd.cli.plan import Form, planned, show_plan
from syncd.cli.session import Session, actor, pass_session
from syncd.cli.sync import applied, tell
from syncd.cli.whom import one
from syncd.errors import ConfigError
from syncd.plan.suspensions import Suspension, objection
from syncd.run import Task
from syncd.suspending import COMMANDS, left_over

_dry_run = click.option("--dry-run", is_flag=True, help="Show what would happen. Nothing is changed.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")


@click.command()
@click.argument("who")
@click.option("--reason", required=True, help="Why; it stands in the record.")
@click.option("--release", is_flag=True, help="Their license is free for somebody else, at once.")
@_dry_run
@_json
@pass_session
@click.pass_context
def suspend(
    ctx: click.Context, session: Session, who: str, reason: str, release: bool, dry_run: bool, as_json: bool
) -> None:
    """Suspend the account of one learner. No sync and no renewal lifts that; `resume` does.

    Their license stays theirs until they leave their directory, or it ends, or with --release.
    """
    wanted = Suspension(0, reason, release=release)
    _decide(ctx, session, who, wanted, dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("who")
@click.option("--reason", default="", help="Why; it stands in the record.")
@_dry_run
@_json
@pass_session
@click.pass_context
def resume(ctx: click.Context, session: Session, who: str, reason: str, dry_run: bool, as_json: bool) -> None:
    """Let somebody in again who was suspended by hand. Without a license they stand in line for one."""
    _decide(ctx, session, who, Suspension(0, reason, lifted=True), dry_run=dry_run, as_json=as_json)


def _decide(
    ctx: click.Context, session: Session, who: str, wanted: Suspension, *, dry_run: bool, as_json: bool
) -> None:
    command = COMMANDS[wanted.lifted]
    with session.app() as app:
        learner = one(app, who, session)
        wrong = objection(learner.suspended_by, learner.left_at, lifted=wanted.lifted)
        left = left_over(app.register, app.register.runs.interrupted())
        given_up = bool(wrong) and any(each.learner == learner.id for each in left)
        if wrong and not given_up:
            see = session.command(f"learners show {learner.id}")
            raise ConfigError(f"{learner.profile.email} {wrong}", next_step=f"see `{see}`")
        suspension = wanted._replace(learner=learner.id)
        if dry_run:
            facts = planned(app, Task(f"{command} --dry-run", actor(), suspension=suspension))
            show_plan(session, app, facts, Form("json" if as_json else "text"))
        else:
            facts = applied(session, app, Task(command, actor(), apply=True, suspension=suspension))
            tell(session, app, facts, as_json=as_json)
            if given_up and not as_json:
                session.screen.say("What a run that was cut short had left to do about that is given up.")
    ctx.exit(facts.exit_code)
