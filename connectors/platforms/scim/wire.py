"""SCIM over HTTPS: one request, or all pages of a list; repeated where it is safe, never cut short."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote, unquote

import requests

from connectors.http import Http
from connectors.http_trouble import host_of
from connectors.platforms.scim.attributes import Json, items, member, text
from connectors.platforms.scim.credentials import Credentials
from connectors.platforms.scim.options import ScimOptions
from connectors.platforms.scim.trouble import no_seat_left, not_let_in, said
from connectors.retry import Patience, pause_asked
from syncd.errors import Incomplete, Retriable, Unanswered, Unavailable
from syncd.ports import UNHEARD, Calls

_ATTEMPTS = 5
_TYPE = "application/scim+json"
_DEFINITE = frozenset({501, 507})  # above 500, and yet an answer to what was asked
_LATER = "run again later"


class Answer(NamedTuple):
    """What a server said: that it was done, or why it refuses this."""

    status: int
    body: Json
    location: str = ""

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def id(self) -> str:
        """The account's id; from the body, else the end of its address."""
        return text(self.body.get("id")) or unquote(self.location.rstrip("/").rpartition("/")[2])


def path_of(kind: str, account: str) -> str:
    """The path of one user or group: ids are the server's, and may hold anything."""
    return f"/{kind}/{quote(account, safe='@:')}"


class Page(NamedTuple):
    """A part of a list, and how many there are in all of it."""

    resources: list[Json]
    total: int


class Wire:
    """The platform for the length of one call. All pauses together end with the patience of the options."""

    def __init__(
        self,
        options: ScimOptions,
        http: Http,
        credentials: Credentials,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.host = host_of(options.url)
        self.page_size = options.page_size
        self._root = options.url
        self._http = http
        self._credentials = credentials
        self._patience = Patience(options.patience, attempts=_ATTEMPTS, sleep=sleep, calls=calls)

    def ask(self, path: str, operation: str = "look up", **params: str) -> Answer:
        """A GET, repeated while that may help. Raises for whatever is not about `path`."""
        return self._patience.repeat(partial(self._once, "GET", path, operation, params=params))

    def tell(
        self, method: str, path: str, body: Any = None, version: str = "", operation: str = "write"
    ) -> Answer:
        """A write. Repeated only where it was surely not done; `Unanswered` where nobody knows."""
        send = partial(self._once, method, path, operation, body=body, version=version)
        return self._patience.write(send)

    def page(self, path: str, operation: str = "look up", **params: str) -> Page | Answer:
        """One page of a list, or how it was refused."""
        answer = self.ask(path, operation, **params)
        if not answer.ok:
            return answer
        total = member(answer.body, "totalResults")
        if isinstance(total, bool) or not str(total).isdecimal():
            self.no_scim()
        return Page(items(member(answer.body, "Resources")), int(str(total)))

    def pages(self, path: str, operation: str, **params: str) -> Iterator[Page | Answer]:
        """A list to its end; servers may give fewer at a time than asked for. Ends with a refusal.

        Raises `Incomplete` where fewer come than there are said to be.
        """
        start = 1
        while True:
            asked = {**params, "startIndex": str(start), "count": str(self.page_size)}
            page = self.page(path, operation, **asked)
            yield page
            if isinstance(page, Answer):
                return
            start += len(page.resources)
            if start > page.total:
                return
            if not page.resources:
                words = f"{self.host} says it has {page.total} in {path} and shows {start - 1}"
                raise Incomplete(words, next_step="run again; then see what the token may read")

    def no_scim(self) -> NoReturn:
        raise Unavailable(f"{self.host}: an answer that is not SCIM's", next_step="check platform.url")

    def _once(self, method: str, path: str, operation: str, **how: Any) -> Answer:
        answer = self._sent(method, path, operation, **how)
        if answer.status_code == 401 and self._credentials.forget():
            answer = self._sent(method, path, operation, **how)
        status, is_read = answer.status_code, method == "GET"
        if status == 429 or (status == 503 and "Retry-After" in answer.headers):
            raise self._busy(answer, "asks us to slow down" if status == 429 else "is not available")
        if status >= 500 and status not in _DEFINITE:
            words = f"{self.host} failed: {said(status, _json(answer) or {})}"
            raise (Retriable if is_read else Unanswered)(words, next_step=_LATER)
        body = _json(answer)
        if body is None and status < 300:
            kind = Retriable if is_read else Unanswered
            raise kind(f"{self.host}: an answer that is no JSON", next_step="look at proxies on the way")
        if status in (401, 403) and not no_seat_left(status, body or {}):
            raise not_let_in(self.host, status, body or {}, self._credentials.what)
        return Answer(status, body or {}, answer.headers.get("Location", ""))

    def _sent(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        version: str = "",
    ) -> requests.Response:
        headers = {"Authorization": self._credentials.header(), "Accept": f"{_TYPE}, application/json"}
        if version:
            headers["If-Match"] = version
        if body is not None:
            headers["Content-Type"] = _TYPE
        return self._http.send(
            method,
            self._root + path,
            headers=headers,
            params=params,
            body=None if body is None else json.dumps(body).encode(),
            operation=operation,
        )

    def _busy(self, answer: requests.Response, words: str) -> Retriable:
        after = pause_asked(answer.headers.get("Retry-After"), self._http.their_time)
        told = f"{self.host} {words}{f', for {after:g} s' if after else ''} ({answer.status_code})"
        return Retriable(told, next_step=_LATER, after=after)


def _json(answer: requests.Response) -> Json | None:
    """The body; {} for an empty one, or what is no object; None for what is no JSON."""
    if not answer.content.strip():
        return {}
    try:
        found = json.loads(answer.content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else {}
