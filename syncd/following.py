"""Following: how each directory of a run is read, and what has changed in one that can tell.

it cannot tell, or `schedule.full_after` is 0     -> whole
somebody asked for it (--full)                    -> whole
there is no cursor, or one under another salt     -> whole
it was last read whole longer than that ago       -> whole
it says that its cursor is lost                   -> whole, in the same run
otherwise                                         -> by its changes

Before a whole read it is asked where it stands, so that the next run may follow it from there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from syncd.errors import CursorLost
from syncd.model import Cursor
from syncd.ports import Changed, Directory, Incremental, ReadRequest, Sighting
from syncd.register_port import Register

_MOST = 50_000  # people kept in memory at once; where more have changed, a whole read is as quick
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When directories are read whole: seconds after the last time (0: always), or because of `full`.

    `keep`: whether this run may leave cursors for the next one.
    """

    full_after: int = 0
    full: bool = False
    keep: bool = False


class Reading(NamedTuple):
    """How a directory was read. `people`: how many were looked at.

    `because`: why all of them, although it could have told what has changed.
    """

    by_changes: bool
    people: int
    because: str = ""


@dataclass(slots=True)
class Changes:
    """Everybody who may have changed, by id, as they are at the end; `gone` are not there any more."""

    people: dict[str, Sighting] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    cursor: str = ""

    def take(self, page: Changed) -> set[str]:
        """Let a page win over those before it. Returns whom it has both ways: as there, and as gone."""
        for id_ in page.gone:
            self.people.pop(id_, None)
        self.gone = self.gone.union(page.gone).difference(page.people)
        self.people |= page.people
        self.cursor = page.cursor
        if len(self.people) + len(self.gone) > _MOST:
            raise CursorLost(f"more than {_MOST:,} people have changed")
        return page.people.keys() & set(page.gone)


class Following:
    """The readings of one run, by the name of the directory."""

    def __init__(self, register: Register, schedule: Schedule, run: int, now: int) -> None:
        self._register = register
        self._schedule = schedule
        self._run = run
        self._now = now
        self._kept = register.runs.cursors() if schedule.full_after else {}
        self._next: dict[str, Cursor] = {}
        self._because: dict[str, str] = {}
        self.readings: dict[str, Reading] = {}

    def changes(self, directory: Directory, request: ReadRequest) -> Changes | None:
        """What has changed in `directory`; None where it is to be read whole. Raises what `read` raises."""
        if not isinstance(directory, Incremental) or not self._schedule.full_after:
            return None
        cursor = self._kept.get(directory.name)
        because = self._why_whole(cursor, request.salt) if cursor else ""
        if cursor and not because:
            try:
                return self._gathered(directory, request, cursor)
            except CursorLost as exc:
                because = exc.message
                _log.warning("cursor_lost", directory=directory.name, reason=because)
        self._because[directory.name] = because
        if self._schedule.keep:
            self._mark(directory, request)
        return None

    def was_read(self, name: str, people: int, *, by_changes: bool) -> None:
        """Write down how a directory was read to its end."""
        reading = Reading(by_changes, people, self._because.get(name, ""))
        self.readings[name] = reading
        _log.info("directory_read", directory=name, **reading._asdict())

    def cursors(self, *, but: Collection[str]) -> list[Cursor]:
        """Where the next run may begin, once this one is applied in full; none for the directories `but`."""
        return [cursor for name, cursor in sorted(self._next.items()) if name not in but]

    def _why_whole(self, cursor: Cursor, salt: bytes) -> str:
        if self._schedule.full:
            return "asked for"
        if cursor.salt != salt:
            return "the configuration has changed"
        if not 0 <= self._now - cursor.read_whole_at < self._schedule.full_after:
            return "the last time is longer ago than schedule.full_after"
        return ""

    def _gathered(self, directory: Incremental, request: ReadRequest, cursor: Cursor) -> Changes:
        """One state for everybody who may have changed, and for whoever must be looked at again."""
        found, doubtful = Changes(), set[str]()
        for page in directory.changes(request, cursor.text):
            doubtful |= found.take(page)
        if not found.cursor:
            raise CursorLost("it did not say where its changes end")
        self._next[directory.name] = cursor._replace(text=found.cursor, run=self._run)
        doubtful |= self._overdue(cursor) - found.people.keys() - found.gone
        for page in directory.again(request, sorted(doubtful)) if doubtful else ():
            found.take(page)
        return found

    def _overdue(self, cursor: Cursor) -> set[str]:
        """Whom a whole read would judge anew although nothing has changed there: their fingerprint vouches no
        more, or the last run named them and left them as they were, which may be due to somebody else."""
        unvouched = self._register.people.unvouched(cursor.directory, self._now)
        unsettled = (key.partition("/") for key in self._register.journal.unsettled(cursor.run))
        return {*unvouched.values(), *(id_ for name, _, id_ in unsettled if name == cursor.directory)}

    def _mark(self, directory: Incremental, request: ReadRequest) -> None:
        text = directory.mark(request)
        if text:
            cursor = Cursor(directory.name, request.salt, text, self._now, self._run)
            self._next[directory.name] = cursor
