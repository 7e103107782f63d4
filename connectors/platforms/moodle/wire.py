"""Moodle's REST protocol: a call is one form, its answer is JSON whatever happened; repeated only where safe.

PHP drops every input variable past `max_input_vars` (1,000 unless the site has more) without a word. So the
token comes first, a call stays below that, and in every person what must not be missing comes last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests

from connectors.http import Http
from connectors.http_trouble import host_of
from connectors.platforms.moodle.options import MoodleOptions
from connectors.platforms.moodle.trouble import Lost, Refusal, is_error, judged
from connectors.retry import Patience, pause_asked
from syncd.errors import Retriable, Unanswered, Unavailable
from syncd.ports import UNHEARD, Calls

MOST_VARIABLES = 990
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_ATTEMPTS = 6
_OPERATIONS = {
    "core_user_get_users_by_field": "read",
    "core_user_get_users": "search",
    "core_user_create_users": "create",
    "core_user_update_users": "update",
    "core_user_delete_users": "delete",
}
Params = Mapping[str, Any]
Item = TypeVar("Item")


class Moodle:
    """One site, for the length of one delivery. All pauses together end with the patience of the options."""

    def __init__(
        self,
        options: MoodleOptions,
        http: Http,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.host = host_of(options.url)
        self._options = options
        self._http = http
        self._patience = Patience(options.patience, attempts=_ATTEMPTS, sleep=sleep, calls=calls)
        self._token = ""

    def read(self, function: str, params: Params | None = None) -> Any | Refusal:
        """What a function that changes nothing answers. Raises when the site as a whole cannot be used."""
        return self._patience.repeat(lambda: self._once(function, params or {}))

    def write(self, function: str, params: Params) -> Any | Refusal | Lost:
        """As `read`, of a function that changes something: never sent twice once it may have arrived.

        An answer that Moodle finds fault with comes of something that was done.
        """

        try:
            answer = self._patience.write(lambda: self._once(function, params, writes=True))
        except Unanswered:
            return Lost.ANSWER
        spoiled = isinstance(answer, Refusal) and answer.code == "invalidresponse"
        return Lost.ANSWER if spoiled else answer

    def listed(self, function: str, params: Params, key: str = "") -> list[Any] | Refusal:
        """As `read`, of a function that answers with a list, or with one under `key`."""
        answer = self.read(function, params)
        if isinstance(answer, Refusal):
            return answer
        found = answer.get(key) if key and isinstance(answer, dict) else answer
        if not isinstance(found, list):
            raise self.strange(function)
        return found

    def strange(self, function: str) -> Unavailable:
        return Unavailable(
            f"{self.host}: an answer to {function} that is not Moodle's", next_step="check url, and its proxy"
        )

    def _once(self, function: str, params: Params, *, writes: bool = False) -> Any:
        self._token = self._token or self._options.token.reveal()
        head = {"wstoken": self._token, "moodlewsrestformat": "json", "wsfunction": function}
        answer = self._http.send(
            "POST",
            self._options.endpoint,
            headers=_FORM,
            body=urlencode([*head.items(), *flat(params)]),
            operation=_OPERATIONS.get(function, "license" if writes else "look up"),
        )
        if answer.status_code != 200:
            raise self._failed(answer, writes=writes)
        found = self._json(answer)
        return judged(self.host, function, found) if is_error(found) else found

    def _failed(self, answer: requests.Response, *, writes: bool) -> Unavailable:
        status, host = answer.status_code, self.host
        if status in (429, 503):
            after = pause_asked(answer.headers.get("Retry-After"), self._http.their_time)
            words = "asks us to slow down" if status == 429 else "is not available at the moment"
            return Retriable(f"{host} {words} ({status})", next_step="run again later", after=after)
        if status >= 500:
            kind = Unavailable if writes else Retriable  # who knows how far it got
            return kind(f"{host} has trouble of its own ({status})", next_step="look at the site's logs")
        if status == 403:
            hint = "Site administration > Server > Web services > Manage protocols: enable REST"
            return Unavailable(f"{host} does not offer REST, or not to us (403)", next_step=hint)
        return Unavailable(
            f"{host} has no web services at {self._options.endpoint} ({status})",
            next_step="check platform.url",
        )

    def _json(self, answer: requests.Response) -> Any:
        try:
            return answer.json()
        except requests.exceptions.JSONDecodeError as exc:
            if answer.content.lstrip().startswith(b"<?xml"):
                raise Unavailable(
                    f"{self.host} answered in XML: it did not get what we sent",
                    next_step="raise max_input_vars in its PHP to 5000, and look at proxies on the way",
                ) from exc
            raise Unavailable(
                f"{self.host}: an answer that is no JSON",
                next_step="check url; if it is right, look at the site's error log and at proxies on the way",
            ) from exc


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Values as PHP takes them from a form: `users[0][email]`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flat(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, inner in enumerate(value):
            yield from flat(inner, f"{name}[{number}]")
    else:
        yield name, str(int(value)) if isinstance(value, bool) else str(value)


def batches(items: Sequence[Item], most: int, variables: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Stretches of at most so many, each with few enough variables for one call."""
    batch: list[Item] = []
    taken = 0
    for item in items:
        size = variables(item)
        if batch and (len(batch) == most or taken + size > MOST_VARIABLES):
            yield batch
            batch, taken = [], 0
        batch.append(item)
        taken += size
    if batch:
        yield batch
