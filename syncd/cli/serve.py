"""`syncd serve`: the daemon, in the foreground; whoever starts it looks after it."""

from __future__ import annotations

import os

import click

from syncd.cli.session import Session, pass_session


@click.command()
@pass_session
@click.pass_context
def serve(ctx: click.Context, session: Session) -> None:
    """Run continuously: sync by `schedule`, and whenever asked.

    SIGHUP reloads the configuration, SIGUSR1 syncs now, SIGTERM finishes the batch in hand and ends.
    """
    from syncd import settings
    from syncd.daemon.serve import Daemon
    from syncd.daemon.systemd import ServiceManager

    found = session.settings
    session.log_everything()
    daemon = Daemon(found, lambda: settings.load(session.path), ServiceManager(os.environ))
    ctx.exit(daemon.serve())
