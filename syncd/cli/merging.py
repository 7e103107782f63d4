"""`syncd learners merge`: two learners who turn out to be one human become one."""

from __future__ import annotations

import click

from syncd.app import App
from syncd.cli.plan import Form, planned, show_plan
from syncd.cli.session import Session, actor, pass_session
from syncd.cli.sync import applied, tell
from syncd.cli.whom import one
from syncd.errors import ConfigError
from syncd.plan.duplicates import Duplicate, objection
from syncd.run import Task
from syncd.uniting import COMMAND, used_up


@click.command()
@click.argument("keep")
@click.argument("gone")
@click.option("--reason", default="", help="Why; it stands in the record.")
@click.option("--dry-run", is_flag=True, help="Show what would happen. Nothing is changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
@click.pass_context
def merge(
    ctx: click.Context, session: Session, keep: str, gone: str, reason: str, dry_run: bool, as_json: bool
) -> None:
    """Make the learner GONE part of the learner KEEP: they turn out to be one human.

    Their directory accounts are KEEP's from then on, and the license of GONE is free for somebody else. Their
    history stays under their numbers. There is no way back.
    """
    with session.app() as app:
        duplicate = _duplicate(app, session, keep, gone, reason)
        if dry_run:
            facts = planned(app, Task(f"{COMMAND} --dry-run", actor(), duplicate=duplicate))
            show_plan(session, app, facts, Form("json" if as_json else "text"))
        else:
            facts = applied(session, app, Task(COMMAND, actor(), apply=True, duplicate=duplicate))
            tell(session, app, facts, as_json=as_json)
            if facts.counts.get("merge") and not as_json:
                what_follows = "puts together what their directories say, and gives on a license"
                session.screen.say(f"→ `{session.command('sync')}` {what_follows}")
    ctx.exit(facts.exit_code)


def _duplicate(app: App, session: Session, keep: str, gone: str, reason: str) -> Duplicate:
    """Raises `ConfigError` where a run would only skip them."""
    numbers = one(app, keep, session).id, one(app, gone, session).id
    now = app.clock()
    known = {learner.id: learner for learner in app.register.people.learners(numbers, now)}
    for number in numbers:
        if number not in known:
            raise ConfigError(
                f"learner {number} has been deleted, or merged with another",
                next_step=f"see `{session.command(f'learners show {number}')}`",
            )
    first, second = (known[number] for number in numbers)
    kept = used_up(app.register, app.settings.policy, second, now)
    if wrong := objection(first, second, kept, now):
        raise ConfigError(
            f"{first.profile.email} (learner {first.id}) {wrong}",
            next_step=f"see `{session.command(f'learners show {second.id}')}`",
        )
    return Duplicate(*numbers, reason)
