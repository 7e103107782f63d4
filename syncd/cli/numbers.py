"""Numbers: how a sync went, in a file for whoever watches (`--metrics-file`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from syncd.app import App
from syncd.cli.endings import complain
from syncd.errors import Busy, SyncdError
from syncd.facts import RunFacts
from syncd.model import RunState


def kept(app: App, path: Path | None, work: Callable[[], RunFacts]) -> RunFacts:
    """What `work` returns. How it went stands in the file at `path` from then on, where one is wanted.

    A sync that did not come to its turn leaves the file to the one that did.
    """
    if path is None:
        return work()
    began = app.clock()
    try:
        facts = work()
    except Busy:
        raise
    except SyncdError:
        _write(app, path, began, None)
        raise
    _write(app, path, began, facts)
    return facts


def _write(app: App, path: Path, began: int, facts: RunFacts | None) -> None:
    """Without `facts` the sync has failed. Never fails what has been done."""
    from syncd.telemetry import textfile  # who wants no file need not wait for Prometheus's library
    from syncd.telemetry.families import LastRun

    ahead = app.next_shortfall() if facts and facts.state is RunState.DONE else (0, 0)
    last = LastRun(facts is None, app.clock() - began, facts, *ahead)
    try:
        textfile.write(path, last, app.gauges(), app.settings.schedule.pauses.longest)
    except OSError as exc:
        complain(
            f"the numbers could not be written to {path}: {exc.strerror or exc}",
            "give a file in a folder that is there and may be written to; the sync itself is not concerned",
        )
