"""HTTP/1.1 with keep-alive, as much as a directory's clients need: one request in, one response out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import orjson

from tests.servers.entra.clock import http_date

BIGGEST_BODY = 4 * 1024 * 1024


class Request(NamedTuple):
    """`path` is decoded and without the query; header names are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Request:
        path, _, query = target.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return cls(
            method, unquote(path), pairs, {name.lower(): value for name, value in headers.items()}, body
        )

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Response(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str]

    def with_header(self, name: str, value: str) -> Response:
        return self._replace(headers={**self.headers, name: value})

    def encode(self, now: float, *, chunked: bool = False) -> tuple[bytes, bytes]:
        """Head and body. Chunked is how Graph sends what may be long."""
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(self.body)}"
        head = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Date: {http_date(now)}",
            length,
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(self.body), self.body) if chunked else self.body
        return "\r\n".join([*head, "", ""]).encode(), body


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    kind = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache"}
    return Response(status, orjson.dumps(body), kind | dict(headers or {}))


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection; None when the client has left."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", 0))
    if length > BIGGEST_BODY:
        raise EOFError("a body too large")
    return Request.of(method, target, headers, await reader.readexactly(length))
