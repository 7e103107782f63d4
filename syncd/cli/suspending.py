"""`syncd learners suspend` and `resume`: one learner is shut out by hand, and let in again."""

from __future__ import annotations

import click

from syncd.cli.session import Session, actor, pass_session
from syncd.cli.sync import applied, tell
from syncd.cli.whom import one
from syncd.errors import ConfigError
from syncd.plan.suspensions import Suspension, objection
from syncd.run import Task
from syncd.suspending import COMMANDS

SUSPEND, RESUME = COMMANDS
_json = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")


@click.command()
@click.argument("who")
@click.option("--reason", required=True, help="Why; it stands in the record.")
@click.option("--release", is_flag=True, help="Their license is free for somebody else, at once.")
@_json
@pass_session
@click.pass_context
def suspend(
    ctx: click.Context, session: Session, who: str, reason: str, release: bool, as_json: bool
) -> None:
    """Suspend the account of one learner. No sync and no renewal lifts that; `resume` does.

    Their license stays theirs until they leave their directory, or it ends, or with --release.
    """
    _decide(ctx, session, who, Suspension(0, reason, release=release), as_json=as_json)


@click.command()
@click.argument("who")
@click.option("--reason", default="", help="Why; it stands in the record.")
@_json
@pass_session
@click.pass_context
def resume(ctx: click.Context, session: Session, who: str, reason: str, as_json: bool) -> None:
    """Let somebody in again who was suspended by hand. Without a license they stand in line for one."""
    _decide(ctx, session, who, Suspension(0, reason, lifted=True), as_json=as_json)


def _decide(ctx: click.Context, session: Session, who: str, wanted: Suspension, *, as_json: bool) -> None:
    lifted = wanted.lifted
    with session.app() as app:
        learner = one(app, who, session)
        if wrong := objection(learner.suspended_by, learner.left_at, lifted=lifted):
            see = session.command(f"learners show {learner.id}")
            raise ConfigError(f"{learner.profile.email} {wrong}", next_step=f"see `{see}`")
        suspension = wanted._replace(learner=learner.id)
        task = Task(RESUME if lifted else SUSPEND, actor(), apply=True, suspension=suspension)
        facts = applied(session, app, task)
        tell(session, app, facts, as_json=as_json)
    ctx.exit(facts.exit_code)
