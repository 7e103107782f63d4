"""Carries out what the weather has in store for one request and its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from tests.servers.entra.faults import GraphError, expired_page, resync, unauthenticated
from tests.servers.entra.graph import refusal
from tests.servers.entra.weather import Kind, Trouble
from tests.servers.entra.wire import Request, Response

if TYPE_CHECKING:
    from tests.servers.entra.server import EntraServer

FOREIGN_HOST = "127.0.0.1"  # the same server by another name, so that its log shows who came there
_ANSWERS = {
    Kind.UNAVAILABLE: (503, "ServiceUnavailable", "The service is temporarily unavailable."),
    Kind.GATEWAY_TIMEOUT: (504, "UnknownError", "The request timed out."),
    Kind.SERVER_ERROR: (500, "InternalServerError", "An internal server error occurred."),
}
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


async def disturb(server: EntraServer, request: Request, writer: asyncio.StreamWriter) -> None:
    """Answer, in whatever weather there is."""
    trouble = server.weather.strike(request)
    if trouble is not None and trouble.kind is Kind.RESET:
        server.note(request, 0)
        raise ConnectionResetError(trouble.kind.name)
    response = answer(server, request, trouble)
    server.note(request, response.status)
    data = response.encode(server.now())
    if trouble is not None and trouble.kind in (Kind.TRUNCATED, Kind.STALLED):
        writer.write(data[: len(data) - len(response.body) // 2])
        await writer.drain()
        if trouble.kind is Kind.STALLED:
            await asyncio.Event().wait()
        writer.close()
        await writer.wait_closed()
        raise ConnectionResetError(trouble.kind.name)
    if trouble is not None and trouble.kind is Kind.SLOW:
        await asyncio.sleep(trouble.seconds)
    writer.write(data)
    await writer.drain()


def answer(server: EntraServer, request: Request, trouble: Trouble | None) -> Response:
    """The answer itself, which may be another than in good weather."""
    if trouble is None:
        return server.answer(request)
    error = _error(server, request, trouble)
    if error is not None:
        if trouble.retry_after:
            error.headers["Retry-After"] = trouble.retry_after
        return refusal(error, request, server.now())
    if trouble.kind is Kind.THROTTLED:
        return throttled(request, server.now(), trouble.retry_after)
    if trouble.kind is Kind.NOT_JSON:
        return Response(502, _HTML, {"Content-Type": "text/html"})
    response = server.answer(request)
    if response.status == 200 and trouble.kind in _LINKS:
        body = orjson.loads(response.body)
        _LINKS[trouble.kind](server, request, body)
        response = response._replace(body=orjson.dumps(body))
    return response


def throttled(request: Request, now: float, retry_after: str) -> Response:
    """Graph's 429 has a shape of its own. https://learn.microsoft.com/graph/throttling"""
    error = GraphError(429, "TooManyRequests", "Please retry again later.")
    response = refusal(error, request, now)
    body = orjson.loads(response.body)
    body["error"]["innerError"] |= {
        "code": "429",
        "message": "Please retry after",
        "status": "429",
    }
    headers = {
        **response.headers,
        "x-ms-throttle-information": "ResourceUnitLimitExceeded",
        **({"Retry-After": retry_after} if retry_after else {}),
    }
    return Response(429, orjson.dumps(body), headers)


def _error(server: EntraServer, request: Request, trouble: Trouble) -> GraphError | None:
    if trouble.kind in _ANSWERS:
        return GraphError(*_ANSWERS[trouble.kind])
    if trouble.kind is Kind.TOKEN_REFUSED:
        return unauthenticated("Lifetime validation failed, the token is expired.")
    if trouble.kind is Kind.PAGE_EXPIRED:
        return expired_page()
    if trouble.kind is Kind.GONE:
        location = f"{server.host_url}{request.path}?$deltatoken="
        return resync(
            "resyncRequired", "Resync required. Start over with the URL in Location.", 410, location
        )
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


def _lead_back(server: EntraServer, request: Request, body: dict[str, Any]) -> None:
    body["@odata.nextLink"] = _this_url(server, request)


def _empty(server: EntraServer, request: Request, body: dict[str, Any]) -> None:
    body["value"] = []
    body.pop("@odata.deltaLink", None)
    body["@odata.nextLink"] = _this_url(server, request)


def _twice(_server: EntraServer, _request: Request, body: dict[str, Any]) -> None:
    body["value"] = [row for row in body["value"] for _ in range(2)]


_LINKS = {
    Kind.FOREIGN_LINK: _lead_elsewhere,
    Kind.LOOP: _lead_back,
    Kind.EMPTY_PAGE: _empty,
    Kind.REPEATED: _twice,
}
