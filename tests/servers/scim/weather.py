"""What goes wrong between a SCIM server and us: other answers, lost ones, half ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]


class Request(NamedTuple):
    """One that arrived. `authorization` as it was sent."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: bytes
    authorization: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """What becomes of requests like this, `times` of them, after `after` of them have passed unharmed.

    `filters`: only of those with a filter that has this in it.
    `status`: answered instead of being done. `lost`: done, and the line drops before the answer.
    `cut`: done, and half the answer comes. `edit`: done, and the answer's JSON is changed.
    """

    method: str = ""
    path: str = ""
    filters: str = ""
    status: int = 0
    detail: str = ""
    scim_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    lost: bool = False
    cut: bool = False
    edit: Callable[[Any], Any] | None = None
    times: int = 1_000_000
    after: int = 0

    def strikes(self, request: Request) -> bool:
        asked = request.query.get("filter", [""])[0]
        is_like_this = request.method.startswith(self.method) and request.path.startswith(self.path)
        if not is_like_this or self.filters not in asked or not self.times:
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True

    def error(self) -> bytes:
        if self.body is not None:
            return self.body
        error = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(self.status)}
        more = {"detail": self.detail, "scimType": self.scim_type}
        return json.dumps(error | {name: text for name, text in more.items() if text}).encode()


class Weather:
    """A WSGI application in front of another one. `requests` is everything that arrived.

    `largest_page`: the most it shows at a time. `is_deaf`: it does not heed filters.
    """

    def __init__(self, app: App, *, largest_page: int = 0) -> None:
        self._app = app
        self._largest = largest_page
        self.faults: list[Fault] = []
        self.is_deaf = False
        self.requests: list[Request] = []

    def __call__(self, environ: Environ, start: Any) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size)
        query = parse_qs(environ.get("QUERY_STRING", ""))
        path = environ.get("PATH_INFO", "").removeprefix("/v2")
        request = Request(environ["REQUEST_METHOD"], path, query, body, environ.get("HTTP_AUTHORIZATION", ""))
        self.requests.append(request)
        environ["wsgi.input"] = _Again(body)
        if self._largest and "count" in query:
            query["count"] = [str(min(self._largest, int(query["count"][0])))]
        heard = {name: value for name, value in query.items() if name != "filter" or not self.is_deaf}
        environ["QUERY_STRING"] = urlencode(heard, doseq=True)
        fault = next((one for one in self.faults if one.strikes(request)), None)
        return self._app(environ, start) if fault is None else self._struck(fault, environ, start)

    def _struck(self, fault: Fault, environ: Environ, start: Any) -> Iterable[bytes]:
        if fault.status:
            content = fault.error()
            length = {"Content-Type": "application/scim+json", "Content-Length": str(len(content))}
            start(f"{fault.status} Fault", [*(length | dict(fault.headers)).items()])
            return [content]
        held: list[tuple[str, list[tuple[str, str]]]] = []
        content = b"".join(self._app(environ, lambda status, headers: held.append((status, headers))))
        if fault.lost:
            environ["syncd.hang_up"]()
            return []
        status, headers = held[0]
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        if fault.edit is not None:
            content = json.dumps(fault.edit(json.loads(content))).encode()
        start(status, [*kept, ("Content-Length", str(len(content)))])
        return [content[: len(content) // 2] if fault.cut else content]


class _Again:
    """A body that has been read, to be read once more."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        taken = self._body if size < 0 else self._body[:size]
        self._body = self._body[len(taken) :]
        return taken
