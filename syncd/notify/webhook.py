"""Webhook: a notice as JSON, signed as https://www.standardwebhooks.com describes it.

webhook-id         the same whenever this notice comes: who has seen it ignores it
webhook-timestamp  when it was sent, in seconds; too old means replayed
webhook-signature  "v1," and base64 of HMAC-SHA256 over "id.timestamp.body"
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import requests

from syncd.dates import iso
from syncd.errors import ConfigError
from syncd.notify.message import Answer, Fate, Message, Section, clipped
from syncd.settings.notify import TargetSection
from syncd.settings.types import Secret

TIMEOUT = (10, 30)  # to connect, to answer
_GONE = 410
_SHORTEST = 16
_PREFIX = "whsec_"


class Webhook:
    """A `Channel` to one URL. Its messages carry one notice each. `clock` stamps them."""

    def __init__(self, target: TargetSection, company: str, clock: Callable[[], int]) -> None:
        self._target = target
        self._company = company
        self._clock = clock
        self._session = requests.Session()
        self._session.auth = _nobody  # no password out of a .netrc

    def send(self, message: Message) -> Answer:
        try:
            key = signing_key(self._target.secret)
        except ConfigError as exc:
            return Answer(Fate.DEFERRED, exc.message, down=True)
        body = payload(message.sections[0], self._company)
        stamp = str(self._clock())
        headers = {
            "content-type": "application/json",
            "user-agent": "syncd",
            "webhook-id": message.id,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(key, message.id, stamp, body),
        }
        try:
            with self._session.post(
                str(self._target.webhook),
                data=body,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,  # what it answers besides the status is of no interest
                verify=str(self._target.ca_file) if self._target.ca_file else True,
            ) as response:
                return _answer(response.status_code)
        except requests.Timeout:
            return Answer(Fate.UNKNOWN, "did not answer in time", down=True)
        except requests.RequestException as exc:
            return Answer(Fate.DEFERRED, _cause(exc), down=True)

    def close(self) -> None:
        self._session.close()


def sign(key: bytes, id_: str, stamp: str, body: bytes) -> str:
    digest = hmac.new(key, f"{id_}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signing_key(secret: Secret | None) -> bytes:
    """The key: base64 after "whsec_", or any long text as it is. Raises `ConfigError`."""
    assert secret is not None  # the configuration has one for every webhook
    text = secret.reveal().strip()
    try:
        encoded = text.startswith(_PREFIX)
        key = base64.b64decode(text[len(_PREFIX) :], validate=True) if encoded else text.encode()
    except binascii.Error as exc:
        raise ConfigError(f"the webhook key in {secret.place} is not base64 after {_PREFIX}") from exc
    if len(key) < _SHORTEST:
        raise ConfigError(
            f"the webhook key in {secret.place} is too short",
            next_step=f"make one with: openssl rand -base64 32, and write {_PREFIX} before it",
        )
    return key


def payload(section: Section, company: str) -> bytes:
    """The body: what happened, when it was found, and the facts; times are seconds since 1970, UTC."""
    data: dict[str, Any] = {**section.facts, "company": company, "title": section.title}
    whole = {"type": section.event, "timestamp": iso(section.found_at), "data": data}
    return json.dumps(whole, sort_keys=True).encode()


def _answer(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer(Fate.SENT)
    if status == _GONE:
        return Answer(Fate.REFUSED, f"answered {status}: it is not wanted any more", down=True)
    return Answer(Fate.DEFERRED, f"answered {status}", down=status >= 500 or status in (401, 403, 404, 429))


def _cause(exc: requests.RequestException) -> str:
    if isinstance(exc, requests.exceptions.SSLError):
        return "its certificate is not trusted, or TLS failed"
    if isinstance(exc, requests.ConnectionError):
        return "cannot be reached"
    return clipped(type(exc).__name__)


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
