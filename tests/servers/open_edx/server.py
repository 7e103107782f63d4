"""The LMS and license-manager on one loopback port. `asked` keeps every request, in order."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.servers.certificates import ServerCertificate
from tests.servers.open_edx.faults import Faults
from tests.servers.open_edx.plan import Answer, Plan
from tests.servers.web import listening

CLIENT, SECRET = "syncd-client", "the client's secret"
_LARGEST_PAGE = 500


class Asked(NamedTuple):
    operation: str
    body: Any


@dataclass
class OpenEdxServer:
    """`largest_page`: how many licenses a page holds at most. `administers`: whether our user may."""

    plan: Plan
    url: str = ""
    client_id: str = CLIENT
    secret: str = SECRET
    token_type: str = "JWT"
    administers: bool = True
    largest_page: int = _LARGEST_PAGE
    faults: Faults = field(default_factory=Faults)
    asked: list[Asked] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _meanwhile: dict[str, tuple[int, Callable[[], object]]] = field(default_factory=dict)

    def expire_tokens(self) -> None:
        self.tokens.clear()

    def before(self, operation: str, happens: Callable[[], object], *, after: int = 0) -> None:
        """Once, just before such a request is answered, the first or a later one."""
        self._meanwhile[operation] = (after, happens)

    def writes(self) -> list[Asked]:
        return [one for one in self.asked if one.operation in ("assign", "bulk-revoke")]

    def answer(self, operation: str, query: dict[str, list[str]], body: Any, token: str) -> Answer:
        self._happen(operation)
        if operation == "token":
            return self._sign_in(body)
        if token not in self.tokens:
            return Answer(401, {"detail": "Error decoding token."})
        if not self.administers:
            return Answer(403, {"detail": "You do not have permission to perform this action."})
        if operation == "":
            return Answer(404, {"detail": "Not found."})
        if operation == "nothing":
            return Answer(200, {"count": 0, "next": None, "previous": None, "results": []})
        if operation == "plan":
            return Answer(200, self.plan.described())
        if operation == "list":
            return self._page(query)
        if operation == "bulk-revoke":
            return self.plan.revoke(body["user_emails"])
        if self.plan.locked:
            return Answer(423, "Assignment currently locked for this subscription plan.")
        return self.plan.assign(body["user_emails"], notify=body.get("notify_users", True))

    def _happen(self, operation: str) -> None:
        after, happens = self._meanwhile.pop(operation, (0, lambda: None))
        if after:
            self._meanwhile[operation] = after - 1, happens
        else:
            happens()

    def _sign_in(self, form: Any) -> Answer:
        proof = form.get("client_id"), form.get("client_secret")
        if form.get("grant_type") != ["client_credentials"]:
            return Answer(400, {"error": "unsupported_grant_type"})
        if proof != ([self.client_id], [self.secret]):
            return Answer(401, {"error": "invalid_client"})
        token = f"token-{len(self.asked)}"
        self.tokens.add(token)
        return Answer(200, {"access_token": token, "token_type": self.token_type, "expires_in": 3600})

    def _page(self, query: dict[str, list[str]]) -> Answer:
        statuses = [one for value in query.get("status", []) for one in value.split(",")]
        rows = self.plan.listed(statuses)
        size = min(int(query.get("page_size", ["100"])[0]), self.largest_page)
        number = int(query.get("page", ["1"])[0])
        page = rows[(number - 1) * size : number * size]
        if number > 1 and not page:
            return Answer(404, {"detail": "Invalid page."})
        more = number * size < len(rows)
        following = f"http://another.example/?page={number + 1}" if more else None
        return Answer(200, {"count": len(rows), "next": following, "previous": None, "results": page})


@contextmanager
def open_edx_server(plan: Plan, certificate: ServerCertificate | None = None) -> Iterator[OpenEdxServer]:
    """Listens on the loopback until the context ends; with a certificate, over TLS."""
    site = OpenEdxServer(plan)
    with listening(_handler(site), certificate) as site.url:
        yield site


def _handler(site: OpenEdxServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve(None)

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            is_form = "form" in self.headers.get("content-type", "")
            self._serve(parse_qs(text) if is_form else json.loads(text))

        def _serve(self, body: Any) -> None:
            parts = urlsplit(self.path)
            operation = _operation(parts.path, site.plan.uuid)
            kind, _, token = self.headers.get("authorization", "").partition(" ")
            with site.lock:
                site.asked.append(Asked(operation, body))
                fault = site.faults.due(operation)
                how = fault.how if fault is not None else ""
                if how == "unheard":
                    return self._hang_up()
                if how != "status":
                    query, shown = parse_qs(parts.query), token if kind == "JWT" else ""
                    answer = site.answer(operation, query, body, shown)
            if how == "unsaid":
                return self._hang_up()
            if fault is not None and how in ("status", "failed"):
                return self._send(Answer(fault.status, fault.body), fault.headers)
            return self._send(answer, {}, half=how == "half")

        def _send(self, answer: Answer, headers: dict[str, str], *, half: bool = False) -> None:
            content = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**headers, "content-type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if half else content)
            if half:
                self._hang_up()

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Handler


def _operation(path: str, plan: str) -> str:
    """What a path is for; nothing where there is nothing. A plan that is not there has an empty list."""
    if path == "/oauth2/access_token":
        return "token"
    found = re.fullmatch("/api/v1/subscriptions/([^/]+)/(.*)", path)
    if found is None or (found[1] != plan and found[2] != "licenses/"):
        return ""
    known = {
        "": "plan",
        "licenses/": "list" if found[1] == plan else "nothing",
        "licenses/assign/": "assign",
        "licenses/bulk-revoke/": "bulk-revoke",
    }
    return known.get(found[2], "")
