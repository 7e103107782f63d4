"""Graph over HTTPS: a call, all pages of a list, or a batch; repeated where it is safe, never cut short."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import orjson
import requests

from connectors.directories.entra_id import trouble
from connectors.directories.entra_id.codes import PEOPLE
from connectors.directories.entra_id.options import EntraOptions
from connectors.directories.entra_id.tokens import Tokens
from connectors.http import Http
from connectors.http_trouble import host_of
from connectors.retry import Patience, pause_asked
from syncd.errors import Incomplete, Retriable, Unavailable
from syncd.ports import UNHEARD, Calls

Json = Mapping[str, Any]

EVENTUAL = {"ConsistencyLevel": "eventual"}
MINIMAL = {"Prefer": "return=minimal"}
_ATTEMPTS = 12
_BATCH = 20  # https://learn.microsoft.com/graph/json-batching


class Call(NamedTuple):
    """One request. `path` is below /v1.0, or the whole URL of a link. Any one of `enough` permits it."""

    path: str
    params: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    enough: tuple[str, ...] = PEOPLE
    body: Json | None = None


class Reply(NamedTuple):
    """What came of one call of a batch."""

    status: int
    body: Json


class Graph:
    """Graph for the length of one read. All pauses together end with the patience of the options."""

    def __init__(
        self,
        options: EntraOptions,
        http: Http,
        tokens: Tokens,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.tokens = tokens
        self._root = f"{options.graph}/v1.0"
        self._http = http
        self._patience = Patience(options.patience, attempts=_ATTEMPTS, sleep=sleep, calls=calls)

    @property
    def clock_ahead(self) -> int:
        """By how many seconds this machine's clock is ahead of Graph's."""
        return self._http.clock_ahead

    def get(self, call: Call) -> Json:
        """The answer. Raises `Retriable` after long patience, else what the refusal means."""
        found: Json = self._patience.repeat(lambda: self._once(call))
        return found

    def pages(self, call: Call) -> Iterator[Json]:
        """Every page of a list. Links are followed on this host only, and never twice."""
        seen: set[str] = set()
        while True:
            page = self.get(call)
            if not isinstance(page.get("value"), list):
                raise Incomplete(f"{host_of(self._root)}: a page without a list", next_step="run again")
            yield page
            link = page.get("@odata.nextLink")
            if link is None:
                return
            call = call._replace(path=self._followed(link, seen), params={})

    def rows(self, call: Call) -> Iterator[Json]:
        for page in self.pages(call):
            yield from page["value"]

    def batch(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply for each call, twenty at a time. Those that were throttled are asked again, alone."""
        found: dict[int, Reply] = {}
        for start in range(0, len(calls), _BATCH):
            waiting = dict(enumerate(calls[start : start + _BATCH], start))
            self._patience.repeat(partial(self._sent_together, waiting, found))
        return [found[number] for number in range(len(calls))]

    def refusal(self, reply: Reply, call: Call) -> Exception:
        """What the reply to a call of a batch means, when it is not what was hoped for."""
        return trouble.refused(reply.status, reply.body, {}, enough=call.enough, roles=self.tokens.roles())

    def is_ours(self, link: object) -> bool:
        """Whether a link leads to the host we talk to: nobody else may see our token."""
        ours, parts = urlsplit(self._root), urlsplit(link if isinstance(link, str) else "")
        return (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc)

    def own(self, link: object) -> str:
        """The link itself. Raises `Incomplete` when it leads elsewhere."""
        if not self.is_ours(link):
            raise Incomplete(
                f"the next page is said to be at {host_of(str(link))}, not at {host_of(self._root)}",
                next_step="no link takes our token elsewhere; if that host is right, set graph_endpoint",
            )
        return str(link)

    def _followed(self, link: object, seen: set[str]) -> str:
        link = self.own(link)
        if link in seen:
            raise Incomplete(
                f"{host_of(self._root)}: the pages of a list go round in a circle", next_step="run again"
            )
        seen.add(link)
        return link

    def _once(self, call: Call) -> Json:
        answer = self._authorized(call)
        if answer.status_code in (200, 201):
            return self._json(answer)
        body = _body_of(answer)
        if answer.status_code in trouble.BUSY:
            raise trouble.busy(
                answer.status_code, body, answer.headers, self._asked(answer.headers.get("Retry-After"))
            )
        if "/delta" in call.path and trouble.is_lost(answer.status_code, body):
            raise trouble.lost(body)
        raise trouble.refused(
            answer.status_code, body, answer.headers, enough=call.enough, roles=self.tokens.roles()
        )

    def _authorized(self, call: Call) -> requests.Response:
        """The answer to a call with our token; when it is not accepted, to the same call with a new one."""
        answer = self._sent(call)
        if answer.status_code == 401:
            self.tokens.forget()
            answer = self._sent(call)
        return answer

    def _sent(self, call: Call) -> requests.Response:
        url = call.path if call.path.startswith("https://") else self._root + call.path
        headers = {
            "Authorization": f"Bearer {self.tokens.token()}",
            "Accept": "application/json",
            **call.headers,
        }
        send = partial(self._http.send, url=url, params=call.params, operation=_operation(call.path))
        if call.body is None:
            return send("GET", headers=headers)
        headers["Content-Type"] = "application/json"
        return send("POST", headers=headers, body=orjson.dumps(call.body))

    def _sent_together(self, waiting: dict[int, Call], found: dict[int, Reply]) -> None:
        requests_ = [_as_item(number, call) for number, call in waiting.items()]
        outer = self._once(Call("/$batch", body={"requests": requests_}))
        pauses: list[float | None] = []
        for item in outer.get("responses") or ():
            number, status = int(item["id"]), int(item["status"])
            if number not in waiting:
                continue
            if status in trouble.BUSY:
                pauses.append(self._asked((item.get("headers") or {}).get("Retry-After")))
                continue
            del waiting[number]
            found[number] = Reply(status, item.get("body") or {})
        if waiting:
            asked = [pause for pause in pauses if pause is not None]
            raise Retriable(
                f"{host_of(self._root)} left {len(waiting)} questions of a batch unanswered",
                next_step="run again later",
                after=max(asked, default=None),
            )

    def _asked(self, retry_after: str | None) -> float | None:
        return pause_asked(retry_after, self._http.their_time)

    def _json(self, answer: requests.Response) -> Json:
        try:
            found = orjson.loads(answer.content)
        except orjson.JSONDecodeError as exc:
            raise Retriable(
                f"{host_of(self._root)}: an answer that is no JSON", next_step="look at proxies on the way"
            ) from exc
        if not isinstance(found, dict):
            raise Unavailable(
                f"{host_of(self._root)}: an answer that is not Graph's", next_step="check graph_endpoint"
            )
        return found


def _operation(path: str) -> str:
    """What a call counts as."""
    if path == "/$batch":
        return "batch"
    return "changes" if "/delta" in path else "read"


def _as_item(number: int, call: Call) -> dict[str, Any]:
    """A call as `$batch` takes it. Values are encoded as in any URL."""
    query = urlencode(call.params, quote_via=quote)
    item: dict[str, Any] = {"id": str(number), "method": "POST" if call.body is not None else "GET"}
    item["url"] = f"{call.path}?{query}" if query else call.path
    headers = dict(call.headers)
    if call.body is not None:
        item["body"] = dict(call.body)
        headers["Content-Type"] = "application/json"
    return {**item, "headers": headers} if headers else item


def _body_of(answer: requests.Response) -> Json:
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
