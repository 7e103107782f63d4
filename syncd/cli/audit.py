"""`syncd audit`: everything that was done, by whom, in its order; on the screen or for an auditor's file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import islice
from pathlib import Path

import click

from syncd.cli import table
from syncd.cli.screen import Screen
from syncd.cli.session import Session, pass_session
from syncd.cli.whom import one
from syncd.cli.written import Lines, harmless, written_to
from syncd.dates import day, iso, moment
from syncd.licensing.terms import start_of
from syncd.model import TrailEntry

_SHOWN = 100
_DAY = click.DateTime(["%Y-%m-%d"])
_COLUMNS = (
    *("time", "actor", "run", "action", "subject", "number", "email"),
    *("before", "after", "why", "refused"),
)


@click.command()
@click.option("--since", type=_DAY, help="The first day.")
@click.option("--until", type=_DAY, help="The last day.")
@click.option("--learner", metavar="WHO", help="Only this learner, by e-mail address or number.")
@click.option("--order", type=click.IntRange(min=1), metavar="N", help="Only this order and its licenses.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="In a terminal 100, else everything.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to a file."
)
@pass_session
def audit(
    session: Session,
    since: datetime | None,
    until: datetime | None,
    learner: str | None,
    order: int | None,
    limit: int | None,
    format_: str,
    as_json: bool,
    output: Path | None,
) -> None:
    """Show who did what: orders, runs, and every change that came of them, oldest first.

    The trail is only added to; the database refuses to change or remove an entry.
    """
    with session.app() as app:
        zone = app.settings.zone
        found = app.register.trail.read(
            since=None if since is None else start_of(since.date(), zone),
            before=None if until is None else start_of(until.date() + timedelta(days=1), zone),
            learner=None if learner is None else one(app, learner, session).id,
            order=order,
        )
        kind = "json" if as_json else format_
        if output is None:
            most = limit or (_SHOWN if session.screen.terminal and kind == "text" else None)
            _show(session.screen, islice(found, most), kind, zone)
            if next(iter(found), None) is not None:
                session.screen.say("… and more: --limit N shows N, --since a later part", "dim")
            return
        with written_to(output) as stream:
            _show(Screen(stream), islice(found, limit), kind, zone)
        session.screen.say(f"The audit trail is written to {output}")


def _show(screen: Screen, found: Iterable[TrailEntry], kind: str, zone: tzinfo) -> None:
    if kind == "json":
        screen.write("[")
        for number, entry in enumerate(found):
            screen.write((",\n  " if number else "\n  ") + json.dumps(_facts(entry)))
        screen.write("\n]\n")
    elif kind == "csv":
        rows = csv.writer(Lines(screen), lineterminator="\r\n")
        rows.writerow(_COLUMNS)
        for entry in found:
            facts = _facts(entry)
            rows.writerow([_cell(facts[column]) for column in _COLUMNS])
    else:
        headings = ("TIME", "BY", "RUN", "ACTION", "WHAT", "WHO", "REMARKS")
        table.show(screen, headings, _rows(found, zone), right=(2,), folds=True)


def _facts(entry: TrailEntry) -> dict[str, object]:
    facts = entry._asdict()
    facts["time"] = iso(facts.pop("at"))
    for told in ("before", "after"):
        facts[told] = {name: _told(name, value) for name, value in facts[told].items()}
    return {name: facts[name] for name in _COLUMNS}


def _told(name: str, value: object) -> object:
    return iso(value) if name in ("ends_at", "starts_at") and isinstance(value, int) else value


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True) if value else ""
    return harmless(value)


def _rows(found: Iterable[TrailEntry], zone: tzinfo) -> Iterator[tuple[str, ...]]:
    for entry in found:
        yield (
            moment(entry.at, zone),
            entry.actor,
            str(entry.run or ""),
            entry.action,
            f"{entry.subject} {entry.number}",
            entry.email,
            _remarks(entry, zone),
        )


def _remarks(entry: TrailEntry, zone: tzinfo) -> str:
    if entry.refused:
        return f"refused: {entry.refused}"
    told = [entry.why] if entry.why else []
    for facts in (entry.before, entry.after):
        if facts.get("lot"):
            ends = day(facts["ends_at"], zone)
            told.append(f"lot {facts['lot']}{ends and f', ends {ends}'}")
    told += [str(entry.after.get(name) or "") for name in ("quantity", "reference", "note", "reason")]
    return "; ".join(dict.fromkeys(filter(None, told)))
