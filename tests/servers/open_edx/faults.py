"""What goes wrong between us and a server: how often, and at which of its operations."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Fault:
    """`how`: another answer is given instead of doing it (`status`) or after it (`failed`); or the connection
    ends: before it is done (`unheard`), after it (`unsaid`), in the middle of the answer (`half`).
    Operations are `token`, `plan`, `list`, `assign` and `bulk-revoke`.
    """

    how: str
    operation: str = ""
    times: float = math.inf
    after: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: object = "down"


class Faults:
    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, how: str, operation: str = "", **more: object) -> None:
        self._armed.append(Fault(how, operation, **more))  # type: ignore[arg-type]

    def heal(self) -> None:
        self._armed.clear()

    def due(self, operation: str) -> Fault | None:
        for fault in self._armed:
            if fault.operation not in ("", operation) or not fault.times:
                continue
            if fault.after:
                fault.after -= 1
                continue
            fault.times -= 1
            return fault
        return None
