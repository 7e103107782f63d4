"""Tokens for what runs in Azure: the metadata service of a machine, and the endpoint of an App Service.

Plain HTTP, as in Azure. https://learn.microsoft.com/entra/identity/managed-identities-azure-resources
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tests.servers.entra.registration import Registration
from tests.servers.entra.server import EntraServer
from tests.servers.entra.wire import Request, Response, json_response, read_request
from tests.servers.tcp import LoopbackServer

IMDS_PATH, APP_SERVICE_PATH = "/metadata/identity/oauth2/token", "/msi/token"
LIFETIME = 86_400


class ManagedIdentity(LoopbackServer):
    """`with ManagedIdentity(server) as identity:` has tokens for `identity.app` while it is `assigned`."""

    def __init__(self, server: EntraServer) -> None:
        super().__init__(self._connection, host="127.0.0.1")
        self.app: Registration = server.register("Managed identity", managed=True)
        self.assigned = True
        self.asked: list[Request] = []
        self._entra = server
        self._header = "identity-header-of-the-test"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def on_a_machine(self) -> Mapping[str, str]:
        """The environment in which a client finds the metadata service here."""
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.url}

    @property
    def on_app_service(self) -> Mapping[str, str]:
        return {"IDENTITY_ENDPOINT": f"{self.url}{APP_SERVICE_PATH}", "IDENTITY_HEADER": self._header}

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await read_request(reader)) is not None:
            self.asked.append(request)
            writer.writelines(self._answer(request).encode(self._entra.now()))
            await writer.drain()

    def _answer(self, request: Request) -> Response:
        given = dict(request.query)
        if request.path == IMDS_PATH and request.headers.get("metadata") != "true":
            return _refused(400, "Required metadata header not specified")
        if request.path == APP_SERVICE_PATH and request.headers.get("x-identity-header") != self._header:
            message = "The value of the X-IDENTITY-HEADER header is not valid."
            return json_response(401, {"statusCode": 401, "message": message})
        if request.path not in (IMDS_PATH, APP_SERVICE_PATH):
            return json_response(404, {"error": "not_found"})
        if not given.get("resource"):
            return _refused(400, "Required audience parameter not specified")
        wanted = given.get("client_id", self.app.client_id)
        if not self.assigned or wanted != self.app.client_id:
            return _refused(400, "Identity not found")
        return json_response(200, self._token(given["resource"].rstrip("/")))

    def _token(self, resource: str) -> Mapping[str, str]:
        now = int(self._entra.now())
        grant = self._entra.login.grant(self.app, resource, LIFETIME)
        return {
            "access_token": grant["access_token"],
            "client_id": self.app.client_id,
            "expires_in": str(LIFETIME - 1),
            "expires_on": str(now + LIFETIME - 1),
            "ext_expires_in": str(LIFETIME - 1),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }


def _refused(status: int, description: str) -> Response:
    return json_response(status, {"error": "invalid_request", "error_description": description})
