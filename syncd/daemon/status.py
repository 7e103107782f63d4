"""Status: what the daemon is doing, as health checks, metrics and `systemctl status` tell it.

starting ──> standby <──> leading ──> stopping
    └── the database cannot be reached: it tries again, and says so ──┘
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from syncd.facts import RunFacts
from syncd.masking import without_secrets


class Role(StrEnum):
    STARTING = "starting"
    STANDBY = "standby"  # another machine leads; this one takes over when that one is gone
    LEADING = "leading"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment. Times are seconds since 1970, 0 for never; texts are empty when all is well.

    `trouble`: why the worker cannot work at all (the database is down); `brief`: what of it anybody is told,
    empty for nothing. `rejected`: why the configuration on disk is not the one in force. `lasted`: seconds
    the last run took; `ended`: runs so far, by how they ended; `changed`: changes they have made, by kind.
    `short_at`, `short_by`: the next shortfall, as forecast after the last run. `stage`, `done`, `total`: how
    far the run in hand has come. `listening`: whether each doorbell that is to be heard is, by directory;
    `rings`: how often each has rung so far.
    """

    role: Role = Role.STARTING
    trouble: str = ""
    brief: str = ""
    rejected: str = ""
    running_since: int = 0
    stage: str = ""
    done: int = 0
    total: int | None = None
    succeeded_at: int = 0
    failure: str = ""
    lasted: float = 0
    ended: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    facts: RunFacts | None = None
    short_at: int = 0
    short_by: int = 0
    listening: Mapping[str, bool] = field(default_factory=dict)
    rings: Mapping[str, int] = field(default_factory=dict)

    @property
    def not_ready(self) -> tuple[str, ...]:
        """Why this daemon could not serve a request for a sync now; nothing when it could.

        Anybody may read it: no host, no user, no path. A standby is ready: it answers questions, and leads as
        soon as it has to.
        """
        reasons = []
        if self.role is Role.STARTING:
            reasons.append("is starting")
        if self.role is Role.STOPPING:
            reasons.append("is stopping")
        if self.trouble:
            reasons.append(self.brief or "cannot work; the log says why (daemon_cannot_work)")
        return tuple(reasons)

    def in_words(self) -> str:
        """One line for whoever asks the service manager."""
        if self.trouble:
            return self.trouble
        if self.running_since:
            how_far = f"{self.done:,}" + (f" of {self.total:,}" if self.total else "")
            return f"{self.stage or 'beginning'}: {how_far}" if self.stage else "a run has begun"
        last = f"; the last run failed: {self.failure}" if self.failure else ""
        rejected = f"; the configuration on disk is not in force: {self.rejected}" if self.rejected else ""
        return f"{self.role}{last}{rejected}"


class Status:
    """The current snapshot, safe to read and change from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = Snapshot()

    def snapshot(self) -> Snapshot:
        return self._now

    def change(self, **values: Any) -> None:
        """Texts are kept, and told, without secrets."""
        masked = {name: without_secrets(text) for name, text in values.items() if type(text) is str}
        with self._lock:
            self._now = replace(self._now, **values | masked)

    def attends(self, directories: Iterable[str]) -> None:
        """It is to hear the doorbells of these from now on, and no others; it hears none yet."""
        with self._lock:
            listening = dict.fromkeys(directories, False)
            rings = {**dict.fromkeys(listening, 0), **self._now.rings}
            self._now = replace(self._now, listening=listening, rings=rings)

    def listens(self, directory: str, *, now: bool) -> None:
        """Whether its doorbell is heard; nothing where it is none of those to be heard."""
        with self._lock:
            if directory in self._now.listening:
                self._now = replace(self._now, listening={**self._now.listening, directory: now})

    def rang(self, directory: str) -> None:
        with self._lock:
            many = self._now.rings.get(directory, 0) + 1
            self._now = replace(self._now, rings={**self._now.rings, directory: many})

    def run_ended(self, state: str, lasted: float, **values: Any) -> None:
        """A run of this daemon is over, after so many seconds."""
        before = self._now
        ended = {**before.ended, state: before.ended.get(state, 0) + 1}
        self.change(lasted=lasted, ended=ended, **values)

    def run_done(self, facts: RunFacts, lasted: float, now: int, **values: Any) -> None:
        """It has gone through to its end: its changes are made."""
        values |= {"succeeded_at": now, "changed": dict(Counter(self._now.changed) + Counter(facts.counts))}
        self.run_ended(str(facts.state), lasted, failure="", facts=facts, **values)
