"""graph.microsoft.com: from a request to an answer, or to the error Graph would give."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson

from tests.servers.entra import applications, belonging, delta, groups, objects, reporting, users
from tests.servers.entra.batch import answer_batch
from tests.servers.entra.budget import cost
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
_KEY = r"([^/()]+)"
_BY_APP_ID = r"\(appId='([^']*)'\)"
_CAST = r"(?:/microsoft\.graph\.(\w+))?"
_DELTA = r"(?:microsoft\.graph\.)?delta(?:\(\))?"
ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", r"users", users.list_users),
    ("GET", r"users/\$count", users.count_users),
    ("GET", rf"users/{_DELTA}", delta.users_delta),
    ("GET", rf"users/{_KEY}", users.get_user),
    ("GET", rf"users/{_KEY}/manager", users.get_manager),
    ("GET", rf"users/{_KEY}/directReports{_CAST}", reporting.direct_reports),
    ("GET", rf"users/{_KEY}/memberOf{_CAST}", belonging.user_groups),
    ("GET", rf"users/{_KEY}/transitiveMemberOf{_CAST}", belonging.user_groups_transitive),
    ("POST", rf"users/{_KEY}/(?:microsoft\.graph\.)?checkMemberGroups", belonging.check_member_groups),
    ("POST", rf"users/{_KEY}/(?:microsoft\.graph\.)?getMemberGroups", belonging.get_member_groups),
    ("GET", r"groups", groups.list_groups),
    ("GET", rf"groups/{_DELTA}", delta.groups_delta),
    ("GET", rf"groups/{_KEY}", groups.get_group),
    ("GET", rf"groups/{_KEY}/members/\$count", groups.count_members),
    ("GET", rf"groups/{_KEY}/members{_CAST}", groups.list_members),
    ("GET", rf"groups/{_KEY}/transitiveMembers/\$count", groups.count_transitive_members),
    ("GET", rf"groups/{_KEY}/transitiveMembers{_CAST}", groups.list_transitive_members),
    ("GET", rf"groups/{_KEY}/memberOf{_CAST}", belonging.group_groups),
    ("POST", r"directoryObjects/(?:microsoft\.graph\.)?getByIds", objects.get_by_ids),
    ("GET", r"directory/deletedItems/microsoft\.graph\.user", objects.deleted_users),
    ("GET", r"directory/deletedItems/microsoft\.graph\.group", objects.deleted_groups),
    ("GET", rf"directory/deletedItems/{_KEY}", objects.deleted_item),
    ("GET", r"organization", applications.organization),
    ("GET", rf"applications{_BY_APP_ID}", applications.get_application_by_app_id),
    ("GET", rf"applications/{_KEY}", applications.get_application),
    ("GET", rf"servicePrincipals{_BY_APP_ID}", applications.get_service_principal_by_app_id),
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

    def answer(self, request: Request, now: float, answer_item: Callable[[Request], Response]) -> Response:
        """`answer_item` is for each request of a batch."""
        try:
            roles = self._tokens.roles(request.headers.get("authorization", ""), now)
            path = _below_version(request.path)
            if path == "$batch" and request.method == "POST":
                return _reply(orjson.dumps(answer_batch(request, answer_item)), request)
            return _reply(self._call(request, path, roles, now), request)
        except GraphError as exc:
            return refusal(exc, request, now)

    def _call(self, request: Request, path: str, roles: frozenset[str], now: float) -> bytes:
        endpoint, keys = _find(request.method, path)
        with self._tenant.lock:
            self._tenant.purge_expired()
            horizon = self._tenant.version if self.horizon is None else self.horizon
            call = Call(
                request=request,
                query=Query.of(request),
                roles=roles,
                tenant=self._tenant,
                apps=self._apps,
                root=self.root,
                now=now,
                horizon=horizon,
                limits=self.limits,
            )
            body = endpoint(call, *keys)
            # Inside the lock: the rows refer to lists that a test may change.
            return str(body).encode() if isinstance(body, int) else orjson.dumps(body)


def _below_version(path: str) -> str:
    version, _, rest = path.strip("/").partition("/")
    if version != "v1.0":
        raise bad_query(f"Invalid version: {version}")
    return rest


def _find(method: str, path: str) -> tuple[Endpoint, tuple[str | None, ...]]:
    matches = [(verb, endpoint, match) for verb, way, endpoint in _COMPILED if (match := way.fullmatch(path))]
    for verb, endpoint, match in matches:
        if verb == method:
            return endpoint, match.groups()
    if matches:
        message = "Specified HTTP method is not allowed for the request target."
        raise GraphError(405, "Request_BadRequest", message)
    known = {segment for _, way, _ in ROUTES for segment in way.partition("/")[:1]}
    segments = path.split("/")
    wrong = segments[0] if segments[0] not in known else segments[-1]
    raise bad_query(f"Resource not found for the segment '{wrong}'.")


def _reply(body: bytes, request: Request) -> Response:
    headers = {
        "Content-Type": "text/plain" if body.isdigit() else JSON,
        "Cache-Control": "no-cache",
        "OData-Version": "4.0",
        "x-ms-resource-unit": str(cost(request)),
    }
    return Response(200, body, headers | _ids(request))


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
