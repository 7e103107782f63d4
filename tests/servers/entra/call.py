"""One call of Graph, with all that decides its answer; and the limits of the service."""

from __future__ import annotations

from typing import NamedTuple

from tests.servers.entra.odata import Query
from tests.servers.entra.registration import Registration
from tests.servers.entra.tenant import Tenant
from tests.servers.entra.wire import Request


class Limits(NamedTuple):
    """How much goes into an answer, and how long its links are good."""

    delta_users: int = 200
    delta_links: int = 500
    replayed_changes: int = 0  # so many lines of the log are told again in each round
    page_token_seconds: float = 1800
    delta_token_seconds: float = 7 * 86_400


class Call(NamedTuple):
    """`root` is the address of Graph, `horizon` the version of the tenant this replica has seen."""

    request: Request
    query: Query
    roles: frozenset[str]
    tenant: Tenant
    apps: dict[str, Registration]
    root: str
    now: float
    horizon: int
    limits: Limits

    def url(self, *segments: str) -> str:
        return "/".join((self.root, *segments))
