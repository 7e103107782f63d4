"""Carries out what the weather has in store for one request and its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import orjson

from tests.servers.entra import logins
from tests.servers.entra.faults import GraphError, expired_page, resync, unauthenticated
from tests.servers.entra.graph import refusal
from tests.servers.entra.weather import Kind, Trouble
from tests.servers.entra.wire import Request, Response, json_response

if TYPE_CHECKING:
    from tests.servers.entra.server import EntraServer

FOREIGN_HOST = "127.0.0.1"  # the same server by another name, so that its log shows who came there
_BUSY = {
    Kind.THROTTLED: (429, "TooManyRequests", "Please retry again later."),
    Kind.UNAVAILABLE: (503, "ServiceUnavailable", "The service is temporarily unavailable."),
    Kind.GATEWAY_TIMEOUT: (504, "UnknownError", "The request timed out."),
    Kind.SERVER_ERROR: (500, "InternalServerError", "An internal server error occurred."),
}
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


async def disturb(server: EntraServer, request: Request, writer: asyncio.StreamWriter) -> None:
    """Answer, in whatever weather there is."""
    trouble = server.weather.strike(request)
    kind = trouble.kind if trouble else None
    if kind is Kind.RESET:
        server.note(request, 0)
        raise ConnectionResetError(kind.name)
    response = answer(server, request, trouble)
    server.note(request, response.status)
    if kind is Kind.HALF:
        response = response._replace(body=response.body[: len(response.body) // 2])
    head, body = response.encode(server.now(), chunked=server.is_graph(request) and response.status == 200)
    if trouble is not None and kind is Kind.SLOW:
        await asyncio.sleep(trouble.seconds)
    if kind in (Kind.TRUNCATED, Kind.STALLED):
        await _break_off(writer, head + body[: len(body) // 2], silent=kind is Kind.STALLED)
    writer.writelines((head, body))
    await writer.drain()


async def _break_off(writer: asyncio.StreamWriter, data: bytes, *, silent: bool) -> None:
    writer.write(data)
    await writer.drain()
    if silent:
        await asyncio.Event().wait()
    writer.close()
    await writer.wait_closed()
    raise ConnectionResetError


def answer(server: EntraServer, request: Request, trouble: Trouble | None) -> Response:
    """The answer itself, which may be another than in good weather."""
    if trouble is None:
        return server.answer(request)
    refused = _refused(server, request, trouble)
    if refused is not None:
        return refused.with_header("Retry-After", trouble.retry_after) if trouble.retry_after else refused
    if trouble.kind is Kind.NOT_JSON:
        return Response(502, _HTML, {"Content-Type": "text/html"})
    trouble.meanwhile()
    response = server.answer(request)
    if response.status == 200 and trouble.kind in _LINKS:
        body = orjson.loads(response.body)
        _LINKS[trouble.kind](server, request, body)
        response = response._replace(body=orjson.dumps(body))
    return response


def throttled(request: Request, now: float) -> Response:
    """Graph's 429 has a shape of its own. https://learn.microsoft.com/graph/throttling"""
    response = refusal(GraphError(*_BUSY[Kind.THROTTLED]), request, now)
    body = orjson.loads(response.body)
    body["error"]["innerError"] |= {"code": "429", "message": "Please retry after", "status": "429"}
    response = response._replace(body=orjson.dumps(body))
    return response.with_header("x-ms-throttle-information", "ResourceUnitLimitExceeded")


def _refused(server: EntraServer, request: Request, trouble: Trouble) -> Response | None:
    now = server.now()
    if trouble.kind in _BUSY and not server.is_graph(request):
        error = logins.busy(_BUSY[trouble.kind][0])
        return json_response(error.status, error.body(now, str(uuid4()), str(uuid4()), server.host_url))
    if trouble.kind is Kind.THROTTLED:
        return throttled(request, now)
    fault = GraphError(*_BUSY[trouble.kind]) if trouble.kind in _BUSY else _fault(server, request, trouble)
    return None if fault is None else refusal(fault, request, now)


def _fault(server: EntraServer, request: Request, trouble: Trouble) -> GraphError | None:
    if trouble.kind is Kind.TOKEN_REFUSED:
        return unauthenticated("Lifetime validation failed, the token is expired.")
    if trouble.kind is Kind.PAGE_EXPIRED:
        return expired_page()
    if trouble.kind is Kind.GONE:
        location = f"{server.host_url}{request.path}?$deltatoken="
        return resync("resyncRequired", "Resync required. Start over at Location.", 410, location)
    if trouble.kind is Kind.RESYNC_REQUIRED:
        return resync("resyncRequired", "Resync is required; the delta token is no longer valid.", 410)
    if trouble.kind is Kind.SYNC_STATE_NOT_FOUND:
        return resync("syncStateNotFound", "The sync state generation is not found.", 400)
    return None


def _this_url(server: EntraServer, request: Request) -> str:
    pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in request.query)
    return f"{server.host_url}{request.path}?{pairs}"


def _lead_elsewhere(server: EntraServer, _request: Request, body: dict[str, Any]) -> None:
    link = body.get("@odata.nextLink") or f"{server.graph_url}/users"
    body["@odata.nextLink"] = link.replace("//localhost:", f"//{FOREIGN_HOST}:", 1)
    body.pop("@odata.deltaLink", None)


def _lead_back(server: EntraServer, request: Request, body: dict[str, Any]) -> None:
    body["@odata.nextLink"] = _this_url(server, request)
    body.pop("@odata.deltaLink", None)


def _empty(server: EntraServer, request: Request, body: dict[str, Any]) -> None:
    body["value"] = []
    _lead_back(server, request, body)


def _twice(_server: EntraServer, _request: Request, body: dict[str, Any]) -> None:
    body["value"] = [row for row in body["value"] for _ in range(2)]


_LINKS = {
    Kind.FOREIGN_LINK: _lead_elsewhere,
    Kind.LOOP: _lead_back,
    Kind.EMPTY_PAGE: _empty,
    Kind.REPEATED: _twice,
}
