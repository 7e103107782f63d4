"""Runs in words: what was run, how it ended, and what became of each change."""

from __future__ import annotations

from datetime import tzinfo

from syncd.dates import moment
from syncd.facts import RunFacts
from syncd.model import ChangeState, Entry, Kind
from syncd.register.runs import RunRecord
from syncd.words.wording import KINDS, lasted, people


def fate(entry: Entry) -> str:
    """What has become of a change; nothing to tell of somebody who was left as they are."""
    if entry.change.kind is Kind.SKIP:
        return ""
    return "done" if entry.state is ChangeState.DELIVERED else str(entry.state)


def state(record: RunRecord) -> str:
    """Its state, and the run that superseded it."""
    return f"{record.state} by {record.superseded_by}" if record.superseded_by else str(record.state)


def command(record: RunRecord) -> str:
    """What was run, and the plan it applied."""
    return f"{record.command} {record.applies_run}" if record.applies_run else record.command


def decision(record: RunRecord, zone: tzinfo) -> str:
    """When somebody decided on it, and who; empty where nobody has."""
    return f"{moment(record.decided_at, zone)} by {record.decided_by}" if record.decided_by else ""


def took(record: RunRecord) -> str:
    """How long it took; empty where nobody knows."""
    return "" if record.finished_at is None else lasted(record.finished_at - record.started_at)


def about(record: RunRecord, facts: RunFacts, zone: tzinfo) -> list[tuple[str, str]]:
    """When, by whom, and how it ended, as names and values; some are empty."""
    end, lasting, down = moment(record.finished_at, zone), took(record), facts.platform_down
    return [
        ("started", f"{moment(record.started_at, zone)} by {record.requested_by}"),
        ("finished", f"{end} ({lasting})" if lasting else end),
        ("decided", decision(record, zone)),
        ("taken over", f"by run {record.superseded_by}" if record.superseded_by else ""),
        ("ended", record.error),
        ("platform", f"could not be used: {down}" if down else ""),
    ]


def changes(record: RunRecord) -> str:
    """How many of each kind it planned, and who waits; or why it failed."""
    counts = record.facts.get("counts", {})
    words = [
        f"{counts[kind.name.lower()]:,} {word}"
        for kind, (word, _) in KINDS.items()
        if counts.get(kind.name.lower())
    ]
    waiting = record.facts.get("waiting", 0)
    words += [f"{people(waiting)} waiting"] if waiting > counts.get("wait", 0) else []
    return record.error or ", ".join(words) or "none"
