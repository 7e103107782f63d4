"""Entra and Graph behind one HTTPS address of the loopback network, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509

from tests.servers.certificates import Authority
from tests.servers.entra.budget import cost
from tests.servers.entra.graph import Graph
from tests.servers.entra.login import Login
from tests.servers.entra.registration import (
    EXCHANGE,
    Certificate,
    Federation,
    ForeignIssuer,
    Registration,
    Secret,
)
from tests.servers.entra.tenant import Tenant
from tests.servers.entra.tokens import Tokens
from tests.servers.entra.trouble import answer, disturb, throttled
from tests.servers.entra.weather import Weather
from tests.servers.entra.wire import Request, Response, read_request
from tests.servers.tcp import LoopbackServer

DAY = 86_400
_IDS = ("client", "service principal", "registration")
SHOWN_ABOVE = 0.8
_NEVER_LOGGED = {"authorization": "***"}


class Exchange(NamedTuple):
    """One line of the request log. Tokens and secrets are not in it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int  # 0: the connection was reset instead


class EntraServer(LoopbackServer):
    """`with EntraServer(tenant, directory) as server:` serves it until the block ends.

    directory   where the CA is written that a client must trust
    clock       the time by which tokens and links expire
    """

    def __init__(
        self, tenant: Tenant, directory: Path, *, port: int = 0, clock: Callable[[], float] | None = None
    ) -> None:
        self.certificate = Authority.create(directory).issue()
        super().__init__(self._connection, host="127.0.0.1", port=port, tls=self.certificate.server_context())
        self.tenant = tenant
        self.weather = Weather()
        self.log: list[Exchange] = []
        self.connections = 0
        self._apps: dict[str, Registration] = {}
        self.app = self.register("Directory sync")
        self.add_secret()
        self._clock = clock or tenant.clock
        tokens = Tokens(tenant.id)
        self.login = Login(tenant, tokens, self._apps, self.now)
        self.graph = Graph(tenant, tokens, self._apps)

    def __enter__(self) -> EntraServer:
        super().__enter__()
        self.login.authority = self.host_url
        self.graph.root = self.graph_url
        return self

    # -- what a client is configured with ----------------------------------------------------------------

    @property
    def host_url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def authority(self) -> str:
        """For msal, together with instance_discovery=False."""
        return f"{self.host_url}/{self.tenant_id}"

    @property
    def graph_url(self) -> str:
        return f"{self.host_url}/v1.0"

    @property
    def ca_file(self) -> Path:
        return self.certificate.ca

    @property
    def tenant_id(self) -> str:
        return self.tenant.id

    @property
    def client_id(self) -> str:
        return self.app.client_id

    @property
    def secret(self) -> str:
        return self.app.secrets[0].value

    # -- for the tests -----------------------------------------------------------------------------------

    def now(self) -> float:
        return self._clock() + self.weather.skew

    def stand_still(self) -> None:
        """Replication stops: what happens from now on is not seen, until `catch_up`.

        Deltas do not tell of it; objects made since are in no list and cannot be read.
        """
        self.graph.horizon = self.tenant.version

    def catch_up(self) -> None:
        self.graph.horizon = None

    def asked(self, path: str = "") -> list[Exchange]:
        """What was asked of Graph, in order; with `path`, exactly this one below /v1.0."""
        below = (one for one in self.log if one.path.startswith("/v1.0/"))
        return [one for one in below if not path or one.path == f"/v1.0{path}"]

    def register(self, name: str, *, managed: bool = False) -> Registration:
        """Another application, with consent for the usual permissions and nothing to log in with."""
        client, principal, object_id = (self.tenant.id_of(f"{what}/{name}") for what in _IDS)
        app = Registration(client, name, principal, "" if managed else object_id)
        self._apps[client] = app
        return app

    def add_secret(self, value: str = "", *, days: float = 730) -> str:
        """A further secret of the application; the first one is `secret`."""
        number, at = len(self.app.secrets), self.tenant.clock()
        value = value or f"secret~{self.tenant.id_of(f'secret/{number}')}"
        key_id = self.tenant.id_of(f"key/{number}")
        self.app.secrets.append(Secret(value, at, at + days * DAY, key_id, f"secret {number}"))
        return value

    def add_certificate(self, certificate: x509.Certificate, name: str = "certificate") -> None:
        """Register the public half, as an administrator uploads it."""
        key_id = self.tenant.id_of(f"certificate/{len(self.app.certificates)}")
        self.app.certificates.append(Certificate(certificate, key_id, name))

    def trust(self, issuer: ForeignIssuer, subject: str, audience: str = EXCHANGE) -> None:
        """Take its word for this subject: a federated credential."""
        self.app.federations.append(Federation(issuer, subject, audience))

    # -- connections -------------------------------------------------------------------------------------

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while (request := await read_request(reader)) is not None:
            await disturb(self, request, writer)
            if request.headers.get("connection", "").lower() == "close":
                return

    def answer(self, request: Request) -> Response:
        """What the server says in good weather, as long as there are resource units left."""
        if not self.is_graph(request):
            return self.login.answer(request)
        now, budget = self.now(), self.weather.budget
        wait = budget.charge(cost(request), now) if budget else 0
        if wait:
            return throttled(request, now).with_header("Retry-After", str(ceil(wait)))
        response = self.graph.answer(request, now, self.answer_item)
        if budget and budget.used > SHOWN_ABOVE:
            return response.with_header("x-ms-throttle-limit-percentage", f"{budget.used:.2f}")
        return response

    def answer_item(self, request: Request) -> Response:
        """One request of a batch, in whatever weather there is."""
        response = answer(self, request, self.weather.strike(request))
        self.note(request, response.status)
        return response

    @staticmethod
    def is_graph(request: Request) -> bool:
        return request.path.startswith(("/v1.0", "/beta"))

    def note(self, request: Request, status: int) -> None:
        headers: dict[str, Any] = {**request.headers}
        headers |= {name: shown for name, shown in _NEVER_LOGGED.items() if name in headers}
        self.log.append(Exchange(request.method, request.path, dict(request.query), headers, status))
