"""Runs: the list of them, and one: what it planned, person by person, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from syncd.app import App
from syncd.daemon.console.tables import SHOWN, Cell, Table, Turning, table, turned
from syncd.daemon.console.visit import Answer, Page, Visit, missing, path
from syncd.dates import moment
from syncd.facts import RunFacts
from syncd.model import ChangeState, Entry, Kind, RunState
from syncd.register.runs import RunRecord
from syncd.words import plans, records
from syncd.words.wording import KINDS

TITLES = ("RUN", "COMMAND", "STATE", "STARTED", "TOOK", "BY", "CHANGES")
_PEOPLE = ("WHO", "KIND", "STATE", "E-MAIL", "WHY", "LICENSE ENDS")
_TONES = {
    RunState.DONE: "good",
    RunState.HELD: "warn",
    RunState.APPROVED: "warn",
    RunState.FAILED: "bad",
    RunState.INTERRUPTED: "bad",
}
_FATES = {ChangeState.DELIVERED: "good", ChangeState.RECORDED: "warn", ChangeState.REFUSED: "bad"}
_SHOWN = [kind for kind in KINDS if kind is not Kind.NOTE]
_KINDS = {kind.name.lower(): kind for kind in _SHOWN}
_NEW = (Kind.CREATE, Kind.WAIT, Kind.JOIN)


def show_list(visit: Visit) -> Answer:
    """The latest runs, newest first."""
    newest = visit.app.register.runs.latest(visit.page * SHOWN + 1)
    found, turning = turned(visit, newest, "runs")
    facts = {"runs": table("Runs, newest first", TITLES, rows(visit, found)), "turning": turning}
    return Page("runs.html", "Runs", "runs", facts)


def rows(visit: Visit, found: Iterable[RunRecord]) -> list[Sequence[Cell | str]]:
    """A row for each run, by `TITLES`."""
    return [
        (
            Cell(str(record.id), path("runs", record.id)),
            records.command(record),
            Cell(records.state(record), tone=_TONES.get(record.state, "")),
            moment(record.started_at, visit.zone),
            records.took(record),
            record.requested_by,
            records.changes(record),
        )
        for record in found
    ]


def show(visit: Visit) -> Answer:
    """One run."""
    record = visit.app.register.runs.get(int(visit.path["run"]))
    if record is None:
        return missing(f"There is no run {visit.path['run']}.")
    facts = plans.facts_of(visit.app, record)
    people, turning = _people(visit, record.id)
    shown = {
        "record": record,
        "tone": _TONES.get(record.state, "quiet"),
        "command": records.command(record),
        "about": about(visit, record, facts),
        "came_to": came_to(facts),
        "objections": plans.objections(facts),
        "steps": list(next_steps(visit.app, record, facts)),
        "kinds": [
            (word, count, path("runs", record.id, kind=word))
            for _, word, count in plans.counted(facts)
            if count
        ],
        "kind": visit.chosen("kind", tuple(_KINDS)),
        "search": visit.word("search"),
        "people": people,
        "turning": turning,
        "held": record.state is RunState.HELD,
    }
    return Page("run.html", f"Run {record.id}", "runs", shown)


def about(visit: Visit, record: RunRecord, facts: RunFacts) -> list[tuple[str, str]]:
    """When, by whom, and how it ended."""
    return [(name, value) for name, value in records.about(record, facts, visit.zone) if value]


def came_to(facts: RunFacts) -> list[tuple[str, str]]:
    """What was read, what changes by kind, and how the licenses stand."""
    counts = {word for word, _ in KINDS.values()}
    told = ((name, value.strip(), " · " if name in counts else " ") for name, value in plans.summary(facts))
    return [(name, value.replace("  ", between, 1)) for name, value, between in told if value]


def next_steps(app: App, record: RunRecord, facts: RunFacts) -> Iterator[str]:
    """What to do about a run that was not applied, or not to its end."""
    if record.state is RunState.HELD:
        correct = "correct the directory or the configuration, and the next sync goes by that; "
        yield "if it is right: approve it; the daemon applies exactly this, or says what has changed since"
        yield f"if it is wrong: {correct if facts.sizes else ''}reject it, so that nobody applies it"
        yield from plans.allowing(facts, "syncd")
    if record.state is RunState.APPROVED:
        yield "the daemon applies it within seconds; load this page again to see what becomes of it"
    if record.state is RunState.REJECTED:
        yield "it is never applied; for 30 days nobody is asked again about a plan that does the same"
        yield from plans.allowing(facts, "syncd")
    if record.state is RunState.PLANNED and plans.has_work(facts):
        yield f"`syncd apply {record.id}` does exactly this"
    if record.facts.get("next_step"):
        yield record.facts["next_step"]
    if record.state is RunState.INTERRUPTED:
        yield "the next sync finishes what is left"
    successor = app.register.runs.successor(record.id)
    if successor is not None:
        yield f"run {successor} has taken its place and is {app.register.runs.state(successor)}"


def _people(visit: Visit, run: int) -> tuple[Table, Turning]:
    word, search = visit.chosen("kind", tuple(_KINDS)), visit.word("search")
    found = _entries(visit, run, _KINDS.get(word), search)
    shown, turning = turned(visit, found, "runs", run, kind=word, search=search)
    listed = [_row(visit, entry) for entry in shown]
    return table("Who is concerned", _PEOPLE, listed), turning


def _entries(visit: Visit, run: int, kind: Kind | None, search: str) -> Iterable[Entry]:
    if kind is not None and not search:
        needed = visit.page * SHOWN + 1
        return islice(plans.entries(visit.app, run, kind, needed), needed)
    chosen = [kind] if kind is not None else _SHOWN
    return visit.app.register.journal.read(run, kinds=chosen, search=search, page=1000)


def _row(visit: Visit, entry: Entry) -> Sequence[Cell | str]:
    who, email, why, ends = plans.row(entry, visit.zone)
    change = entry.change
    known = change.learner is not None and (
        change.kind not in _NEW or entry.state in (ChangeState.RECORDED, ChangeState.DELIVERED)
    )
    return (
        Cell(who, path("learners", change.learner) if known else ""),
        KINDS[change.kind][0],
        Cell(records.fate(entry), tone=_FATES.get(entry.state, "")),
        email,
        why,
        ends,
    )
