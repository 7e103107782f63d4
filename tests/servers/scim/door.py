"""Who is let in: by a token we know, a user's password, or tokens a client gets at /token."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, unquote

from scim2_server.testserver.application import BearerTokenApplication

TOKEN = "a-token-for-tests"
CLIENT = ("syncd", "a/secret+for:tests")
USER = ("syncd", "a-password-for-tests")


class Door(BearerTokenApplication):
    """`issued`: the tokens given out so far. `lifetime` is told with the next ones."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts, bearer_tokens=[TOKEN])
        self.issued: list[str] = []
        self.lifetime: object = 3600

    def revoke(self) -> None:
        """What was issued is good no more."""
        self.bearer_tokens -= set(self.issued)

    def check_auth(self, request: Any) -> None:
        told = b64encode(":".join(USER).encode()).decode()
        if request.header("Authorization") != f"Basic {told}":
            super().check_auth(request)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/token":
            return super().__call__(environ, start)
        status, answer = self._token(environ)
        content = json.dumps(answer).encode()
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    def _token(self, environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        form = parse_qs(environ["wsgi.input"].read().decode())
        shown = form.get("client_id", [""])[0], form.get("client_secret", [""])[0]
        scheme, _, pair = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme == "Basic":
            user, _, password = b64decode(pair).decode().partition(":")
            shown = unquote(user), unquote(password)
        if shown != CLIENT or form.get("grant_type") != ["client_credentials"]:
            return "401 Unauthorized", {"error": "invalid_client"}
        self.issued.append(f"issued-{len(self.issued)}-{form.get('scope', [''])[0]}")
        self.bearer_tokens.add(self.issued[-1])
        return "200 OK", {"access_token": self.issued[-1], "expires_in": self.lifetime}
