"""license-manager over HTTPS: one plan and its licenses. What reads is repeated; what writes is sent once.

https://github.com/openedx/license-manager, license_manager/apps/api/v1
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import requests

from connectors.http import Http
from connectors.http_trouble import host_of
from connectors.platforms.open_edx import trouble
from connectors.platforms.open_edx.licenses import License
from connectors.platforms.open_edx.options import OpenEdxOptions
from connectors.platforms.open_edx.tokens import Tokens
from connectors.retry import Patience, pause_asked
from syncd.errors import Retriable
from syncd.ports import UNHEARD, Calls

Json = Mapping[str, Any]
Result = TypeVar("Result")

_ATTEMPTS, _READS = 12, 4
_PAGE = 500  # license-manager gives no more
_HELD = "assigned,activated"
_LONGEST_PAUSE = 60


class Reply(NamedTuple):
    """The answer to a write: done, or refused for what was asked (400, 404, 422) or in part (207)."""

    status: int
    body: Any

    @property
    def done(self) -> bool:
        return self.status in (200, 201, 204)

    @property
    def short(self) -> bool:
        """Nothing was assigned: fewer licenses are left. That comes as a text, and bad input as a form."""
        return self.status == 400 and isinstance(self.body, str)

    @property
    def words(self) -> str:
        return trouble.words_of(self.body) or f"license-manager gave no reason ({self.status})"


class LicenseManager:
    """One plan for the length of one delivery. All pauses together end with the patience of the options."""

    def __init__(
        self,
        options: OpenEdxOptions,
        http: Http,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._http = http
        self._tokens = Tokens(options, http)
        self._patience = Patience(options.patience, attempts=_ATTEMPTS, sleep=sleep, calls=calls)

    def plan(self) -> Json:
        """The plan: its title, term, counts of licenses and of revocations."""
        return self._read("/", {}, "plan")

    def find(self, uuids: Collection[str], emails: Collection[str]) -> list[License]:
        """Of the licenses that somebody holds, those with one of these uuids or lower-case addresses.

        Complete: where the list changes between two pages, it is read anew.
        """
        for _ in range(_READS):
            found = self._listed(lambda one: one.uuid in uuids or one.email.lower() in emails)
            if found is not None:
                return found
        raise Retriable(
            f"{host_of(self._options.url)}: the licenses changed each time they were read",
            next_step="run again, when nobody else is assigning or revoking",
        )

    def assign(self, emails: Sequence[str]) -> Reply:
        """Raises `Unanswered` when it may have been done."""
        return self._write("assign", {"user_emails": emails, "notify_users": self._options.notify_users})

    def revoke(self, emails: Sequence[str]) -> Reply:
        """As `assign`. The addresses are taken as they are stored, capitals included."""
        return self._write("bulk-revoke", {"user_emails": emails})

    def _listed(self, wanted: Callable[[License], bool]) -> list[License] | None:
        """None when the list changed on the way."""
        found: list[License] = []
        page, seen, total = 1, 0, None
        while True:
            params = {"status": _HELD, "ordering": "user_email", "page_size": str(_PAGE), "page": str(page)}
            try:
                body = self._read("/licenses/", params, "list")
            except trouble.Missing:
                if page == 1:
                    raise
                return None
            rows = body.get("results")
            if not isinstance(rows, list) or not isinstance(body.get("count"), int):
                raise trouble.strange(host_of(self._options.url))
            if total not in (None, body["count"]):
                return None
            page, seen, total = page + 1, seen + len(rows), body["count"]
            found += filter(wanted, map(self._license, rows))
            if not body.get("next") or not rows:
                return found if seen == total else None

    def _license(self, row: Any) -> License:
        try:
            return License(str(row["uuid"]), str(row["user_email"] or ""), row["status"] == "activated")
        except (KeyError, TypeError) as exc:
            raise trouble.strange(host_of(self._options.url)) from exc

    def _read(self, path: str, params: Mapping[str, str], operation: str) -> Json:
        send = partial(self._authorized, "GET", path, params=params, operation=operation)

        def once() -> Json:
            answer = self._judged(send(), reading=True)
            if not isinstance(body := trouble.body_of(answer), dict):
                raise trouble.strange(host_of(self._options.url))
            return body

        return self._patience.repeat(once)

    def _write(self, action: str, body: Json) -> Reply:
        """Repeated only where it surely was not done: no connection, a lock, too many requests."""
        pauses = (min(_LONGEST_PAUSE, 2**n) for n in range(_ATTEMPTS))
        text = json.dumps(body).encode()
        send = partial(self._authorized, "POST", f"/licenses/{action}/", body=text, operation=action)

        def once() -> Reply:
            answer = self._judged(send(), reading=False, pause=next(pauses))
            return Reply(answer.status_code, trouble.body_of(answer))

        return self._patience.write(once)

    def _authorized(self, method: str, path: str, **how: Any) -> requests.Response:
        """The answer to a call with our token; when it is not accepted, as once an hour, with a new one."""
        answer = self._sent(method, path, **how)
        if answer.status_code == 401:
            self._tokens.forget()
            answer = self._sent(method, path, **how)
        return answer

    def _sent(self, method: str, path: str, **how: Any) -> requests.Response:
        headers = {
            "Authorization": f"JWT {self._tokens.token()}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        return self._http.send(method, self._options.plan_url + path, headers=headers, **how)

    def _judged(
        self, answer: requests.Response, *, reading: bool, pause: float | None = None
    ) -> requests.Response:
        """The answer, where it is one to the question. `pause`: before a lock is tried again."""
        status = answer.status_code
        if status < 300 or (not reading and status in (400, 404, 422)):
            return answer
        if status == trouble.LOCKED:
            raise trouble.busy(answer, pause)
        if status == trouble.SLOWER:
            asked = pause_asked(answer.headers.get("Retry-After"), self._http.their_time)
            raise trouble.busy(answer, asked)
        if status >= 500 or status == 408:
            raise trouble.failed(answer, reading=reading)
        raise trouble.refused(answer, self._options.subscription_plan)
