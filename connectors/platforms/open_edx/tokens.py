"""Tokens of the LMS: OAuth 2 client credentials, asked for as a JWT."""

from __future__ import annotations

from typing import Any

from connectors.http import Http
from connectors.http_trouble import host_of
from connectors.platforms.open_edx import trouble
from connectors.platforms.open_edx.options import OpenEdxOptions
from connectors.retry import pause_asked
from syncd.errors import Retriable, Unanswered


class Tokens:
    """The token of our application, until it is forgotten."""

    def __init__(self, options: OpenEdxOptions, http: Http) -> None:
        self._options = options
        self._http = http
        self._token = ""

    def token(self) -> str:
        """Raises `Retriable` or `Unavailable`, in words."""
        if not self._token:
            self._token = self._fetched()
        return self._token

    def forget(self) -> None:
        """The next token is a new one, by a secret read anew."""
        self._token = ""

    def _fetched(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._options.client_id,
            "client_secret": self._options.client_secret.reveal(),
            "token_type": "jwt",
        }
        try:
            answer = self._http.send("POST", self._options.token_url, body=form, operation="sign in")
        except Unanswered as exc:  # signing in twice does no harm
            raise Retriable(exc.message, next_step=exc.next_step) from exc
        if answer.status_code == trouble.SLOWER:
            asked = pause_asked(answer.headers.get("Retry-After"), self._http.their_time)
            raise trouble.busy(answer, asked)
        if answer.status_code >= 500:
            raise trouble.failed(answer, reading=True)
        if answer.status_code != 200:
            raise trouble.sign_in_refused(answer)
        body: Any = trouble.body_of(answer)
        if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
            raise trouble.strange(host_of(self._options.lms_url))
        if str(body.get("token_type")).lower() != "jwt":
            raise trouble.no_jwt(host_of(self._options.lms_url), str(body.get("token_type") or ""))
        token: str = body["access_token"]
        return token
