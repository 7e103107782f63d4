"""A plain client of the server, for its own tests: no retries, no cleverness."""

from __future__ import annotations

from typing import Any, Self

import requests

from tests.servers.entra.server import EntraServer

Answer = dict[str, Any]
ADVANCED = {"ConsistencyLevel": "eventual"}
SCOPE = "https://graph.microsoft.com/.default"


class GraphClient:
    """Logs in with the secret, once. Paths are below /v1.0; a full URL is followed as it is."""

    def __init__(self, server: EntraServer) -> None:
        self.patience = 10.0
        self._server = server
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(server.ca_file)

    def __enter__(self) -> Self:
        self.log_in()
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def log_in(self) -> None:
        """A new token, with what is consented to now."""
        self._session.headers["Authorization"] = f"Bearer {self.token()['access_token']}"

    def token(self, tenant: str = "", **form: str) -> Answer:
        """Whatever the token endpoint says to this form; `form` replaces the usual fields."""
        usual = {
            "grant_type": "client_credentials",
            "client_id": self._server.client_id,
            "client_secret": self._server.secret,
            "scope": SCOPE,
        }
        url = f"{self._server.host_url}/{tenant or self._server.tenant_id}/oauth2/v2.0/token"
        kept = {name: value for name, value in (usual | form).items() if value}
        return dict(self._session.post(url, data=kept, timeout=10).json())

    def send(self, path: str, *, method: str = "GET", json: Any = None, **headers: str) -> requests.Response:
        url = path if path.startswith("https:") else self._server.graph_url + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._session.request(method, url, json=json, headers=named, timeout=self.patience)

    def get(self, path: str, **headers: str) -> Answer:
        """The body of a success."""
        response = self.send(path, **headers)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def refused(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        response = self.send(path, **headers)
        error = response.json()["error"]
        assert error["innerError"]["request-id"] == response.headers["request-id"]
        return response.status_code, error["code"], error["message"]

    def pages(self, path: str, **headers: str) -> list[Answer]:
        """All pages from here on, following the links as they are."""
        found = [self.get(path, **headers)]
        while link := found[-1].get("@odata.nextLink"):
            found.append(self.get(link, **headers))
        return found

    def rows(self, path: str, **headers: str) -> list[Answer]:
        return [row for page in self.pages(path, **headers) for row in page["value"]]

    def round(self, path: str, **headers: str) -> tuple[list[Answer], str]:
        """The rows of one round of a delta, and the link with which the next one starts."""
        pages = self.pages(path, **headers)
        assert all(("@odata.nextLink" in page) != ("@odata.deltaLink" in page) for page in pages)
        return [row for page in pages for row in page["value"]], pages[-1]["@odata.deltaLink"]

    def names(self, path: str, **headers: str) -> list[str]:
        return [row["displayName"] for row in self.rows(path, **headers)]
