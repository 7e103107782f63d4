"""Bad weather between a client and Microsoft, on demand, deterministic and counted.

server.weather.arm(Trouble(Kind.THROTTLED, path="/users*", times=2, retry_after="3"))
server.weather.arm(Trouble(Kind.RESET, after=4))
assert server.weather.struck[Kind.THROTTLED] == 2
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from fnmatch import fnmatchcase
from random import Random

from tests.servers.entra.budget import Budget
from tests.servers.entra.wire import Request


class Kind(Enum):
    # Graph answers, but not with what was asked for.
    THROTTLED = auto()  # 429
    UNAVAILABLE = auto()  # 503
    GATEWAY_TIMEOUT = auto()  # 504
    SERVER_ERROR = auto()  # 500
    NOT_JSON = auto()  # 502 with a page of HTML, as from a proxy on the way
    TOKEN_REFUSED = auto()  # 401, as when a token is revoked
    GONE = auto()  # 410, with a Location to start over at
    RESYNC_REQUIRED = auto()  # 410 with this code and no Location
    SYNC_STATE_NOT_FOUND = auto()  # 400 with this code
    PAGE_EXPIRED = auto()  # 400 Directory_ExpiredPageToken
    # Or the answer is right, and does not arrive whole.
    RESET = auto()  # the connection ends before a byte of it
    TRUNCATED = auto()  # … in the middle of the body
    HALF = auto()  # … there, and yet well-formed HTTP: by a proxy on the way
    STALLED = auto()  # half of the body, then silence with the connection open
    SLOW = auto()  # all of it, after `seconds`
    # Or it arrives, and its links lead astray.
    FOREIGN_LINK = auto()  # the next page is said to be at another host
    LOOP = auto()  # the next page is said to be this one
    EMPTY_PAGE = auto()  # a page without rows whose next page is the one asked for
    REPEATED = auto()  # every row twice
    # Or all is well, but somebody is at work.
    MEANWHILE = auto()  # `meanwhile` is called, then the request is answered


def _nothing() -> None:
    """Nobody is at work."""


@dataclass(frozen=True)
class Trouble:
    """What happens, and to which requests.

    path         after /v1.0, without the query, with wildcards; "login" paths begin with the tenant
    query        text that must occur in the query, such as "$skiptoken"
    after        so many matching requests pass first
    times        it happens so often; None: until `heal`
    percent      of the matching requests, by a generator with a fixed seed
    retry_after  the header as it is: "3", "2.5", an HTTP date; "" sends none
    """

    kind: Kind
    path: str = "*"
    query: str = ""
    after: int = 0
    times: int | None = 1
    percent: float = 100
    retry_after: str = ""
    seconds: float = 0.2
    meanwhile: Callable[[], object] = _nothing

    def concerns(self, request: Request) -> bool:
        path = request.path.removeprefix("/v1.0")
        text = "&".join(f"{name}={value}" for name, value in request.query)
        return fnmatchcase(path, self.path) and self.query in text


@dataclass
class _Armed:
    trouble: Trouble
    passed: int = 0
    left: int | None = None
    dice: Random = field(default_factory=lambda: Random(7))


class Weather:
    """Several troubles may be armed; the first that concerns a request happens to it.

    skew     by how many seconds the server's clock is ahead of everybody else's
    budget   the resource units Graph gives to this application; None is without limit
    """

    def __init__(self) -> None:
        self.skew = 0.0
        self.budget: Budget | None = None
        self.struck: Counter[Kind] = Counter()
        self._armed: list[_Armed] = []

    def arm(self, *troubles: Trouble) -> None:
        self._armed += [_Armed(trouble, left=trouble.times) for trouble in troubles]

    def heal(self) -> None:
        """No more trouble, and the clock is right again. What has stalled stays so."""
        self._armed.clear()
        self.skew = 0.0
        self.budget = None

    def strike(self, request: Request) -> Trouble | None:
        """What happens to this request."""
        for armed in list(self._armed):
            trouble = armed.trouble
            if not trouble.concerns(request):
                continue
            armed.passed += 1
            if armed.passed <= trouble.after or armed.dice.random() * 100 >= trouble.percent:
                continue
            if armed.left is not None:
                armed.left -= 1
                if not armed.left:
                    self._armed.remove(armed)
            self.struck[trouble.kind] += 1
            return trouble
        return None
