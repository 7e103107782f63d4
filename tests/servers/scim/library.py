"""scim2-server as a library, on a real socket: with seats that run out and people it refuses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from scim2_models import InvalidValueException, ResourceType, Schema, SCIMException, ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.utils import load_default_service_provider_config, load_json_resource

from tests.servers.certificates import ServerCertificate
from tests.servers.scim.door import TOKEN, Door
from tests.servers.scim.weather import Fault, Request, Weather

LICENSED = "urn:example:params:scim:schemas:extension:learning:2.0:User"
"""An extension of our own making, as vendors have them: licenseType, licenseTypes, licenseEnds."""
_ATTRIBUTES = (
    ("licenseType", "string", False),
    ("licenseTypes", "string", True),
    ("licenseEnds", "dateTime", False),
)


@dataclass
class Seats:
    """How many may hold a license, and how it is said that there is no more; `quietly`: not at all."""

    limit: int
    status: int = 403
    detail: str = "User limit reached (2 max)"
    quietly: bool = False


class Storage(InMemoryStorage):
    def __init__(self) -> None:
        super().__init__()
        self.seats: Seats | None = None
        self.refused: set[str] = set()
        self.id_ends = ""

    def generate_id(self, resource_type: ResourceType, resource: Any) -> str:
        return super().generate_id(resource_type, resource) + self.id_ends

    def create(self, resource_type: ResourceType, resource: Any) -> Any:
        with self.lock:
            return super().create(resource_type, self._judged(resource))

    def update(
        self, resource_type: ResourceType, resource: Any, *, expected_version: str | None = None
    ) -> Any:
        with self.lock:
            resource = self._judged(resource)
            return super().update(resource_type, resource, expected_version=expected_version)

    def _judged(self, resource: Any) -> Any:
        data = resource.model_dump()
        if str(data.get("userName", "")).casefold() in self.refused:
            raise InvalidValueException(detail="The domain of this address is not allowed")
        if self.seats is None or not _seated(data) or self._has_one(data) or self._taken() < self.seats.limit:
            return resource
        if self.seats.quietly:
            return resource.model_copy(update={"active": False})
        error = SCIMException(detail=self.seats.detail)
        error.status = self.seats.status
        raise error

    def _taken(self) -> int:
        return sum(_seated(one.model_dump()) for one in self.resources)

    def _has_one(self, data: dict[str, Any]) -> bool:
        return any(one.id == data.get("id") and _seated(one.model_dump()) for one in self.resources)


@dataclass
class ScimServer:
    """A server that runs. `down()` closes its port; `weather` says what goes wrong before that."""

    url: str
    storage: Storage
    weather: Weather
    provider: ScimProvider
    door: Door
    _stop: list[Any] = field(default_factory=list)

    @property
    def token(self) -> str:
        return TOKEN

    @property
    def requests(self) -> list[Request]:
        return self.weather.requests

    def writes(self) -> list[str]:
        """Method and path of every request that may have changed something."""
        return [f"{one.method} {one.path}" for one in self.requests if one.method != "GET"]

    def users(self) -> list[dict[str, Any]]:
        return [data for one in self.storage.resources if "userName" in (data := one.model_dump())]

    def user(self, email: str) -> dict[str, Any]:
        (found,) = (one for one in self.users() if one["userName"].casefold() == email.casefold())
        return found

    def group(self, name: str) -> dict[str, Any]:
        (found,) = (
            data
            for one in self.storage.resources
            if (data := one.model_dump()).get("displayName") == name and "userName" not in data
        )
        return found

    def add(self, kind: str = "User", **attributes: Any) -> str:
        """A resource that is there already; returns its id."""
        service = ScimService(self.provider)
        resource_type = service.get_resource_type(kind)
        created = self.storage.create(
            resource_type, service.get_model(resource_type).model_validate(attributes)
        )
        return str(created.id)

    def refuse(self, email: str) -> None:
        self.storage.refused.add(email.casefold())

    def limit(self, seats: int, **how: Any) -> None:
        self.storage.seats = Seats(seats, **how)

    def fails(self, **fault: Any) -> Fault:
        self.weather.faults.append(Fault(**fault))
        return self.weather.faults[-1]

    def mend(self) -> None:
        self.weather.faults.clear()
        self.storage.seats = None
        self.storage.refused.clear()

    def down(self) -> None:
        for stop in self._stop:
            stop()
        self._stop.clear()


@contextmanager
def scim_server(
    *,
    certificate: ServerCertificate | None = None,
    largest_page: int = 0,
    port: int = 0,
    storage: Storage | None = None,
    **features: Any,
) -> Iterator[ScimServer]:
    """Listens on the loopback until the context ends. `features`: of its ServiceProviderConfig."""
    provider = _provider(json.dumps(features, sort_keys=True))
    storage = storage or Storage()
    door = Door(storage, provider)
    weather = Weather(door, largest_page=largest_page)
    listener = _Server(("127.0.0.1", port), _Handler)
    listener.set_app(weather)
    if certificate is not None:
        listener.socket = certificate.server_context().wrap_socket(listener.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    server = ScimServer(f"{scheme}://127.0.0.1:{listener.server_port}/v2", storage, weather, provider, door)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    server._stop += [listener.shutdown, listener.server_close, lambda: thread.join(10)]
    try:
        yield server
    finally:
        server.down()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is none of our business."""


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), "syncd.hang_up": self._hang_up}

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@cache
def _provider(features: str) -> ScimProvider:
    attributes = [
        {"name": name, "type": kind, "multiValued": several, "required": False, "caseExact": True}
        for name, kind, several in _ATTRIBUTES
    ]
    extension = {"id": LICENSED, "name": "Learning", "description": "Licenses", "attributes": attributes}
    schemas = [*load_json_resource("default-schemas.json"), extension]
    types = load_json_resource("default-resource-types.json")
    types[0]["schemaExtensions"].append({"schema": LICENSED, "required": False})
    config = load_default_service_provider_config().model_dump() | json.loads(features)
    return ScimProvider.from_discovery(
        [Schema.model_validate(one) for one in schemas],
        [ResourceType.model_validate(one) for one in types],
        config=type(load_default_service_provider_config()).model_validate(config),
    )


def _seated(data: dict[str, Any]) -> bool:
    return "userName" in data and data.get("active") is not False
