"""graph.microsoft.com: from a request to an answer, or to the error Graph would give."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson

from tests.servers.entra import delta, users
from tests.servers.entra.call import Call, Limits
from tests.servers.entra.clock import iso
from tests.servers.entra.faults import GraphError, bad_query
from tests.servers.entra.odata import Query
from tests.servers.entra.registration import Registration
from tests.servers.entra.tenant import Tenant
from tests.servers.entra.tokens import Tokens
from tests.servers.entra.wire import Request, Response

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
Endpoint = Callable[..., Any]
_KEY = r"([^/()]+|\('[^']*'\))"
ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", r"users", users.list_users),
    ("GET", r"users/\$count", users.count_users),
    ("GET", r"users/(?:microsoft\.graph\.)?delta(?:\(\))?", delta.users_delta),
    ("GET", rf"users/{_KEY}", users.get_user),
    ("GET", rf"users/{_KEY}/manager", users.get_manager),
    ("GET", r"groups/(?:microsoft\.graph\.)?delta(?:\(\))?", delta.groups_delta),
)
_COMPILED = [(method, re.compile(path, re.IGNORECASE), endpoint) for method, path, endpoint in ROUTES]


class Graph:
    """`horizon` is None for a replica that has seen every change, or the version it stopped at."""

    def __init__(self, tenant: Tenant, tokens: Tokens, apps: dict[str, Registration]) -> None:
        self.limits = Limits()
        self.horizon: int | None = None
        self.root = ""  # known once the server listens
        self._tenant = tenant
        self._tokens = tokens
        self._apps = apps

    def answer(self, request: Request, now: float) -> Response:
        try:
            roles = self._tokens.roles(request.headers.get("authorization", ""), now)
            status, body = self._call(request, roles, now)
        except GraphError as exc:
            return refusal(exc, request, now)
        return reply(status, body, request)

    def _call(self, request: Request, roles: frozenset[str], now: float) -> tuple[int, Any]:
        path = _below_version(request.path)
        endpoint, keys = _find(request.method, path)
        with self._tenant.lock:
            horizon = self._tenant.version if self.horizon is None else self.horizon
            query = Query.of(request)
            call = Call(
                *(request, query, roles, self._tenant, self._apps, self.root, now, horizon, self.limits)
            )
            body = endpoint(call, *keys)
            # Inside the lock: the rows refer to lists that a test may change.
            return 200, str(body).encode() if isinstance(body, int) else orjson.dumps(body)


def _below_version(path: str) -> str:
    version, _, rest = path.strip("/").partition("/")
    if version != "v1.0":
        raise bad_query(f"Invalid version: {version}")
    return rest


def _find(method: str, path: str) -> tuple[Endpoint, tuple[str, ...]]:
    matches = [(verb, endpoint, match) for verb, way, endpoint in _COMPILED if (match := way.fullmatch(path))]
    for verb, endpoint, match in matches:
        if verb == method:
            return endpoint, tuple(key.removeprefix("('").removesuffix("')") for key in match.groups())
    if matches:
        message = "Specified HTTP method is not allowed for the request target."
        raise GraphError(405, "Request_BadRequest", message)
    segment = path.rpartition("/")[2]
    raise bad_query(f"Resource not found for the segment '{segment}'.")


def reply(status: int, body: bytes, request: Request) -> Response:
    kind = "text/plain" if body.isdigit() else JSON
    return Response(status, body, {"Content-Type": kind, "OData-Version": "4.0"} | _ids(request))


def refusal(error: GraphError, request: Request, now: float) -> Response:
    ids = _ids(request)
    body = {
        "error": {
            "code": error.code,
            "message": error.message,
            "innerError": {"date": iso(now).removesuffix("Z"), **ids},
        }
    }
    headers = {"Content-Type": "application/json", "Cache-Control": "no-cache"}
    return Response(error.status, orjson.dumps(body), headers | ids | error.headers)


def _ids(request: Request) -> dict[str, str]:
    ours = str(uuid4())
    return {"request-id": ours, "client-request-id": request.headers.get("client-request-id", ours)}
