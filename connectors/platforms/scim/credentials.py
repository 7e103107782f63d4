"""Who we are to the platform: a token, a user, or a client that gets tokens; and when that ends."""

from __future__ import annotations

import json
import time
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from datetime import time as midnight
from urllib.parse import quote

import requests

from connectors.http import Http
from connectors.http_trouble import host_of
from connectors.platforms.scim.options import ScimAuthOptions
from connectors.retry import pause_asked
from syncd.errors import Retriable, Unanswered, Unavailable
from syncd.ports import Ending

_EARLY = 60  # seconds before its end from which on a token is not used any more
_SHORTEST = 300.0  # how long a token is taken to be good whose end nobody told
_CHECK = "check auth: token_url, client_id, client_secret, client_secret_in and scope"


class Credentials:
    """The `Authorization` of every request. Secrets are read when first needed, and again after `forget`."""

    def __init__(
        self, auth: ScimAuthOptions, http: Http, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._auth = auth
        self._http = http
        self._clock = clock
        self._token: tuple[str, float] | None = None

    @property
    def what(self) -> str:
        """By what we prove who we are, for messages."""
        if self._auth.token is not None:
            return f"the token in {self._auth.token.place}"
        if self._auth.token_url is not None:
            return f"client {self._auth.client_id}"
        return f"user {self._auth.user}"

    def header(self) -> str:
        """Raises `Retriable`, `Unavailable` or `ConfigError` when there is no token to be had."""
        auth = self._auth
        if auth.token is not None:
            return f"Bearer {auth.token.reveal()}"
        if auth.user is not None and auth.password is not None:
            return _basic(auth.user, auth.password.reveal())
        if self._token is None or self._clock() >= self._token[1]:
            self._token = self._fetched()
        return f"Bearer {self._token[0]}"

    def forget(self) -> bool:
        """Drop a token that was not accepted; whether there may be another one."""
        held, self._token = self._token, None
        return held is not None

    def endings(self) -> Sequence[Ending]:
        """When the token ends: as it says itself, else as the admin does."""
        auth = self._auth
        if auth.token is None:
            return ()
        stated = auth.token_expires
        end = _stated_in(auth.token.reveal()) or (
            int(datetime.combine(stated, midnight(), UTC).timestamp()) if stated else None
        )
        return () if end is None else (Ending(f"token in {auth.token.place}", end),)

    def _fetched(self) -> tuple[str, float]:
        answer = self._asked()
        host = host_of(str(self._auth.token_url))
        if answer.status_code == 429 or answer.status_code >= 500:
            pause = pause_asked(answer.headers.get("Retry-After"), self._http.their_time)
            words = f"{host} cannot give a token at the moment ({answer.status_code})"
            raise Retriable(words, next_step="run again later", after=pause)
        try:
            found = json.loads(answer.content)
        except ValueError:
            found = {}
        if not isinstance(found, dict) or not isinstance(found.get("access_token"), str):
            error = found.get("error") if isinstance(found, dict) else None
            why = str(error or f"status {answer.status_code}")[:100]
            raise Unavailable(f"{host} gave no token to {self.what}: {why}", next_step=_CHECK)
        return found["access_token"], self._clock() + _lifetime(found.get("expires_in"))

    def _asked(self) -> requests.Response:
        auth = self._auth
        secret = auth.client_secret.reveal() if auth.client_secret else ""
        form = {"grant_type": "client_credentials", **({"scope": auth.scope} if auth.scope else {})}
        headers = {"Accept": "application/json"}
        if auth.client_secret_in == "header":
            headers["Authorization"] = _basic(quote(str(auth.client_id), safe=""), quote(secret, safe=""))
        else:
            form |= {"client_id": str(auth.client_id), "client_secret": secret}
        try:
            return self._http.send(
                "POST", str(auth.token_url), headers=headers, body=form, operation="sign in"
            )
        except Unanswered as exc:  # a token nobody received harms nobody
            raise Retriable(exc.message, next_step=exc.next_step) from exc


def _basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _lifetime(expires_in: object) -> float:
    """For how long a token is used."""
    try:
        return max(float(str(expires_in)) - _EARLY, 0.0)
    except ValueError:
        return _SHORTEST


def _stated_in(token: str) -> int | None:
    """The claim `exp`, where the token is a JWT. We only look: whether it is genuine is not for us to say."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return int(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None
