"""Checks: what no section can see alone. Contradictions are errors, cautions are warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from syncd.settings import notify
from syncd.settings.directories import Entry, directory_names
from syncd.settings.document import Document, Loc
from syncd.settings.platform import PlatformSettings
from syncd.settings.problems import Problem, suggestion
from syncd.settings.sections import ConfigFile, Link
from syncd.settings.types import duration_text

_RULE_LISTS: tuple[Loc, ...] = (
    ("scope", "include"),
    ("scope", "exclude"),
    ("managers",),
    ("licenses", "priority"),
)


def contradictions(document: Document, config: ConfigFile, entries: Sequence[Entry]) -> Iterator[Problem]:
    """Rules about directories there are not; people nobody can write to. `config` and `entries` are what is
    right of the file."""
    names = [name for _, name in directory_names(document)]
    for loc, name in _named_directories(document):
        if name not in names:
            guess = suggestion(name, names) or f"; there are {', '.join(names) or 'none'}"
            yield document.problem(loc, f"is not the name of a directory{guess}")
    for entry in entries:
        if "email" not in entry.field_rules(config.mapping):
            message = "leaves email empty, and without it nobody can be a learner; map it to an attribute"
            yield document.problem((*entry.loc, "mapping"), message)
    if config.traces.lacks_library:
        message = "needs OpenTelemetry, which is not installed: pip install 'syncd[otel]'"
        yield document.problem(("traces", "endpoint"), message)
    if config.schedule.waits_in_vain:
        longest = duration_text(config.schedule.deadline)
        message = f"is longer than deadline ({longest}), and no run lasts longer; shorten it, or raise that"
        yield document.problem(("schedule", "stop_within"), message)
    for place, message in notify.mistakes(config.notify):
        yield document.problem(place, message)


def cautions(
    document: Document, config: ConfigFile, entries: Sequence[Entry], platform: PlatformSettings
) -> Iterator[Problem]:
    """What a careful admin would want to be told once."""
    for where, message in platform.options.warnings() if platform.options else ():
        yield document.problem(("platform", *where.split(".")), message)
    for entry in entries:
        for where, message in entry.options.warnings():
            yield document.problem((*entry.loc, *where.split(".")), message)
    leavers = config.leavers
    if leavers.release_after < leavers.suspend_after:
        message = f"comes before suspension; the license is freed when they are suspended ({_text(config)})"
        yield document.problem(("leavers", "release_after"), message)
    if leavers.delete_after is not None:
        when = duration_text(leavers.delete_after)
        message = f"deletes people {when} after they left, training history and all; nothing brings that back"
        yield document.problem(("leavers", "delete_after"), message)
    if config.database.lacks_driver:
        message = "needs the PostgreSQL driver, which is not installed: pip install 'syncd[postgresql]'"
        yield document.problem(("database",), message)
    if len(entries) > 1:
        yield from _strangers(document, config, entries)
    if config.match.adopt_by_email:
        message = "is on: whoever sets a learner's e-mail address in a directory takes that learner over"
        yield document.problem(("match", "adopt_by_email"), message)
    for place, message in notify.cautions(config.notify):
        yield document.problem(place, message)
    yield from _open_guard(document, config)
    if config.log.level == "debug":
        yield document.problem(("log", "level"), "is debug, which writes personal data to the log")


def _strangers(document: Document, config: ConfigFile, entries: Sequence[Entry]) -> Iterator[Problem]:
    """Directories whose people will not be recognised in the others, or by their address alone."""
    if not config.match.by:
        message = "is empty: a person in two directories becomes two learners with two licenses"
        yield document.problem(("match", "by"), message)
        return
    by_email = Link.EMAIL in config.match.by
    known = "by their e-mail address alone" if by_email else "by nothing, since match.by has no email"
    for entry in entries:
        if not entry.options.has_links:
            message = f"has no link attribute: its people are recognised in the other directories {known}"
            yield document.problem(entry.loc, message)


def _open_guard(document: Document, config: ConfigFile) -> Iterator[Problem]:
    limits = config.guard.limits()
    if limits.suspensions.count is None and limits.suspensions.percent is None:
        yield document.problem(("guard", "max_suspensions"), "is none: a run may suspend everybody")
    unlimited = limits.deletions.count is None and limits.deletions.percent is None
    if unlimited and config.leavers.delete_after is not None:
        yield document.problem(("guard", "max_deletions"), "is none: a run may delete everybody who has left")
    if not limits.min_directory_size:
        yield document.problem(
            ("guard", "min_directory_size"), "is none: a directory that shrank is believed"
        )


def _text(config: ConfigFile) -> str:
    return f"after {duration_text(config.leavers.suspend_after)}"


def _named_directories(document: Document) -> Iterator[tuple[Loc, str]]:
    for place in _RULE_LISTS:
        listed: Any = document.data
        for step in place:
            listed = listed.get(step) if isinstance(listed, dict) else None
        for number, rule in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(rule, dict) and isinstance(rule.get("directory"), str):
                yield (*place, number, "directory"), rule["directory"]
    match: Any = document.data.get("match")
    precedence = match.get("precedence") if isinstance(match, dict) else None
    for field, named in precedence.items() if isinstance(precedence, dict) else ():
        loc: Loc = ("match", "precedence", field)
        if isinstance(named, str):
            yield loc, named
        for number, name in enumerate(named if isinstance(named, list) else ()):
            if isinstance(name, str):
                yield (*loc, number), name
