"""Turn: a command that needs the sync to itself waits for the run in progress, for a while and not for ever.

the run in progress ends, or whoever runs it dies    it is our turn: the lock is nobody's any more
it goes on for longer than we wait                   `Busy`, exit code 6, with who holds the sync since when
Ctrl-C                                               nothing had begun, and that is said
"""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from syncd.app import App
from syncd.cli.duration import in_seconds
from syncd.cli.endings import code_of, complain
from syncd.cli.progress import Report
from syncd.dates import moment
from syncd.errors import Busy
from syncd.facts import RunFacts
from syncd.model import RunState
from syncd.run import Task
from syncd.settings.types import duration_text

PATIENCE = 600  # seconds
_LOOK = 0.2  # seconds between two tries: less than a daemon pauses between two runs
_AT_WORK = (RunState.PLANNING, RunState.APPLYING)

wait_option = click.option(
    "--wait",
    "patience",
    callback=in_seconds,
    default=duration_text(PATIENCE),
    show_default=True,
    metavar="DURATION",
    help="How long to wait while another run is in progress; 0: not at all, exit code 6.",
)


def take(
    app: App,
    task: Task,
    report: Report,
    *,
    patience: int | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> RunFacts:
    """Run `task` as soon as nobody else runs. Raises `Busy` once `patience` seconds have not been enough.

    Without `patience` the command does not offer `wait_option`.
    """
    began, told, enough = clock(), "", PATIENCE if patience is None else patience
    while True:
        try:
            return app.run(task, report)
        except Busy as busy:
            holder = _holder(app)
            if clock() - began >= enough:
                raise _gave_up(holder, enough, offered=patience is not None) from busy
        if holder != told:
            click.echo(f"syncd: {holder}; waiting for up to {duration_text(enough)}", err=True)
            told = holder
        _pause(report, sleep)


def _pause(report: Report, sleep: Callable[[float], None]) -> None:
    try:
        report("waiting for another run", 0, None)
        sleep(_LOOK)
    except KeyboardInterrupt as exc:
        complain("interrupted while waiting for another run: nothing of ours had begun")
        raise click.exceptions.Exit(code_of(exc)) from exc


def _holder(app: App) -> str:
    """Who holds the sync, and since when. Nobody but the holder of the lock begins or ends a run."""
    latest = app.register.runs.latest(1)
    if not latest or latest[0].state not in _AT_WORK:
        return "another run of this sync is in progress"  # it has taken the lock and not begun yet
    run = latest[0]
    since = moment(run.started_at, app.settings.zone)
    return f"run {run.id} ({run.command}, asked for by {run.requested_by}) has been in progress since {since}"


def _gave_up(holder: str, patience: int, *, offered: bool) -> Busy:
    if not patience:
        longer = f"wait for it with --wait {duration_text(PATIENCE)}"
        return Busy(holder, next_step=f"see `syncd runs list`, or {longer}")
    longer = f"wait longer with --wait {duration_text(patience * 2)}" if offered else "try again later"
    words = f"{holder}, and was not over within {duration_text(patience)}"
    return Busy(words, next_step=f"see `syncd runs list`, or {longer}")
