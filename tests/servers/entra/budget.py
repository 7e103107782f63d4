"""What a request costs, and a bucket of resource units that is filled again all the time.

https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from tests.servers.entra.wire import Request

# Any path not listed costs 1.
_COSTS = (
    (re.compile(r"users"), 2),
    (re.compile(r"(users|groups)/[^/]+/(transitiveMemberOf|memberOf)(/.*)?"), 2),
    (re.compile(r"users/[^/]+/checkMemberGroups"), 4),
    (re.compile(r"users/[^/]+/getMemberGroups"), 2),
    (re.compile(r"groups/[^/]+/members(/.*)?"), 3),
    (re.compile(r"groups/[^/]+/transitiveMembers(/.*)?"), 5),
    (re.compile(r"directoryObjects/getByIds"), 3),
)
CHEAP_TOP = 20


def cost(request: Request) -> int:
    path = request.path.removeprefix("/v1.0/")
    if path == "$batch":
        return 0  # its requests pay for themselves
    units = next((units for pattern, units in _COSTS if pattern.fullmatch(path)), 1)
    given = dict(request.query)
    units -= "$select" in given
    units += "$expand" in given
    units -= given.get("$top", "").isdigit() and int(given["$top"]) < CHEAP_TOP
    return max(1, units)


@dataclass
class Budget:
    """So many units in so many seconds: 3,500 in 10 for a tenant under 50 people, 8,000 above 500."""

    units: float = 8_000
    seconds: float = 10
    spent: float = field(default=0, init=False)
    refused: int = field(default=0, init=False)
    _left: float = field(default=math.inf, init=False)
    _at: float = field(default=-math.inf, init=False)

    @property
    def used(self) -> float:
        """1 when the bucket is empty."""
        return 1 - max(0.0, self._left) / self.units

    def charge(self, units: float, now: float) -> float:
        """0 when there was enough; otherwise the seconds until there will be."""
        rate = self.units / self.seconds
        self._left = min(self.units, self._left + max(0.0, now - self._at) * rate)
        self._at = now
        if units > self._left:
            self.refused += 1
            return (units - self._left) / rate
        self._left -= units
        self.spent += units
        return 0
