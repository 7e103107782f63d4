"""Facts: what a run came to, as it is shown, stored and logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from syncd.model import RunState


@dataclass(slots=True)
class RunFacts:
    """What a run came to, as it is shown, stored and logged. `counts` are planned changes by kind.

    `still_held`: a plan that was held before stands for this one, and `run` is its number.
    `sizes` and `readings`: how large each directory is, and how it was read (see `following.Reading`).
    `conflicts`: of those skipped, how many may be more than one learner. `skipped`: all of them, by reason.
    `unrenewed`: licenses that were to be renewed and found none free.
    `available`: seats there were for those who wanted one; not counted when nobody did.
    `next_step`: what to do about a run that failed, or a platform that did; empty where nobody knows.
    `ended`: learners who are here and whose license has ended; they get no other by themselves.
    """

    run: int
    state: RunState = RunState.PLANNING
    counts: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    readings: dict[str, dict[str, Any]] = field(default_factory=dict)
    wanted: int = 0
    available: int = 0
    waiting: int = 0
    ended: int = 0
    conflicts: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    unrenewed: int = 0
    objections: list[dict[str, str]] = field(default_factory=list)
    recorded: int = 0
    refused: int = 0
    undelivered: int = 0
    platform_down: str = ""
    superseded: list[int] = field(default_factory=list)
    still_held: bool = False
    next_step: str = ""

    @property
    def missing(self) -> int:
        return max(0, self.wanted - self.available)

    @property
    def exit_code(self) -> int:
        """The exit code of a one-shot run, worst news first."""
        if self.state is RunState.HELD:
            return 3
        if self.platform_down:
            return 4
        if self.refused:
            return 1
        return 5 if self.waiting or self.unrenewed else 0

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "missing": self.missing}

    def for_trace(self) -> Mapping[str, str | int]:
        """What it came to in numbers."""
        numbers = {f"changes.{name}": many for name, many in self.counts.items()}
        outcome = {"waiting": self.waiting, "missing": self.missing, "refused": self.refused}
        return {"run": self.run, "state": str(self.state), "recorded": self.recorded, **outcome, **numbers}

    def for_log(self) -> Mapping[str, Any]:
        """One flat event: the number of the run is bound to it already; what was not counted is not told."""
        uncounted = () if self.wanted else ("available",)
        apart = ("run", "state", "counts", "skipped", "still_held", "next_step", *uncounted)
        known = {name: value for name, value in self.as_dict().items() if name not in apart}
        counts = {f"count_{name}": many for name, many in self.counts.items()}
        skipped = {f"skipped_{name}": many for name, many in self.skipped.items()}
        return {**known, "state": str(self.state), **counts, **skipped}
