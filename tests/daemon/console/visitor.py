"""Somebody with a browser without scripts: follows links, keeps cookies, sends the forms it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx

from syncd import settings
from syncd.app import App, assembled, wall_clock
from syncd.daemon.http.server import HttpServer
from syncd.daemon.queue import Queue
from syncd.daemon.status import Status
from syncd.telemetry.calls import CallCounts
from tests.office import CONFIG, Office
from tests.servers.tcp import free_port

TOKENS = {"METRICS": "m-1", "VIEWER": "v-22", "OPERATOR": "o-333"}
HTTP = """\
http:
  listen: {listen}
  console: true
  tokens:
    - {{ name: prometheus, role: metrics, token: {{ env: METRICS }} }}
    - {{ name: helpdesk, role: viewer, token: {{ env: VIEWER }} }}
    - {{ name: oncall, role: operator, token: {{ env: OPERATOR }} }}
"""
HELD = CONFIG.replace("max_creations: none", "max_creations: 1, floor: 0")
_PROOF = re.compile(r'name="proof" value="(\w+)"')


@dataclass(frozen=True, slots=True)
class Site:
    """An office whose daemon answers, without the daemon around it."""

    office: Office
    app: App
    server: HttpServer
    queue: Queue
    status: Status
    url: str

    @contextmanager
    def visited(self, role: str = "") -> Iterator[Visitor]:
        """By somebody who has signed in with the token of this role, where one is named."""
        with httpx.Client(base_url=self.url, trust_env=False, follow_redirects=True) as client:
            visitor = Visitor(client)
            if role:
                assert visitor.sign_in(TOKENS[role]).status_code == 200
            yield visitor


class Visitor:
    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.proof = ""

    def get(self, path: str, **options: object) -> httpx.Response:
        return self._seen(self.client.get(path, **options))  # type: ignore[arg-type]

    def post(
        self, path: str, fields: dict[str, str] | None = None, site: str = "same-origin"
    ) -> httpx.Response:
        """A form of the page seen last, or one with these fields."""
        data = {"proof": self.proof} if fields is None else fields
        return self._seen(self.client.post(path, data=data, headers={"Sec-Fetch-Site": site}))

    def sign_in(self, token: str, to: str = "/console/sign-in") -> httpx.Response:
        self.get(to)
        return self.post(to, {"proof": self.proof, "token": token})

    def _seen(self, page: httpx.Response) -> httpx.Response:
        found = _PROOF.search(page.text)
        self.proof = found[1] if found else self.proof
        return page


@contextmanager
def answering(
    office: Office,
    config: str = CONFIG,
    http: str = HTTP,
    clock: Callable[[], int] = wall_clock,
    scheme: str = "http",
) -> Iterator[Site]:
    """The pages of this office, over a real socket."""
    with ExitStack() as stack:
        address = f"127.0.0.1:{free_port()}"
        office.configure(config + http.format(listen=address))
        found = settings.load(office.config)
        app = stack.enter_context(assembled(found, clock))
        queue, status = Queue(), Status()
        server = HttpServer(found.http, app, queue, status, CallCounts())
        server.start()
        stack.callback(server.stop)
        yield Site(office, app, server, queue, status, f"{scheme}://{address}")
