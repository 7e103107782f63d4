"""The site: who may look, which page they get, and what every answer carries.

proxy ─> file? ─> sign-in? ─> session ─> page there? ─> role ─> (form ─> from us? proof?) ─> made in a thread
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from syncd.app import App
from syncd.daemon.console import pages
from syncd.daemon.console.forms import Forms, filled_in, is_from_us
from syncd.daemon.console.rendering import HEADERS, Rendering
from syncd.daemon.console.sessions import Session, Sessions
from syncd.daemon.console.signing import SIGN_IN, Signing
from syncd.daemon.console.visit import HOME, Moved, Page, Visit, missing, path, told
from syncd.daemon.http.access import ROUND_THE_PROXY, Access
from syncd.daemon.queue import Queue
from syncd.daemon.status import Status
from syncd.errors import SyncdError
from syncd.masking import without_secrets

SAID = {
    "sync": "A sync is asked for. It begins as soon as the daemon is free, and is then first in this list.",
    "approve": "You have approved this run: the daemon applies it within seconds.",
    "reject": "You have rejected this run: it is never applied.",
}
_log = structlog.get_logger()


class Site:
    """An ASGI application for everything below `HOME`. `app` and `access`: those in force."""

    def __init__(
        self, app: Callable[[], App], queue: Queue, status: Status, access: Callable[[], Access]
    ) -> None:
        self._app = app
        self._queue = queue
        self._status = status
        self._access = access
        self._rendering = Rendering()
        self._forms = Forms()
        self._sessions = Sessions()
        self._signing = Signing(self._sessions, self._forms, access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await self._answer(request, scope["path"].removeprefix(HOME))
        await answer(scope, receive, send)

    async def _answer(self, request: Request, where: str) -> Response:
        if not self._access().came_right(request):
            return self._page(request, told("Not from here", ROUND_THE_PROXY, status=403), None)
        if file := self._rendering.file(where.removeprefix("/")):
            return file
        if request.method not in ("GET", "HEAD", "POST"):
            return self._page(request, told("Not done", "A page is read, or a form sent.", status=405), None)
        posts = request.method == "POST"
        if where == SIGN_IN:
            return await self._sign_in(request, posts=posts)
        session = self._signing.session_of(request)
        if session is None:
            return self._signed_out(request, posts=posts)
        return await self._answer_to(request, where, session, posts=posts)

    async def _answer_to(self, request: Request, where: str, session: Session, *, posts: bool) -> Response:
        if posts and not await self._is_ours(request, session):
            why = "This form is too old, or not from these pages; nothing was done."
            return self._page(request, told("Not done", why, "Load the page again.", status=403), session)
        if posts and where == "/sign-out":
            return self._signing.out(session)
        found = pages.find(where, posts=posts)
        if found is None:
            return self._page(request, missing(), session)
        way, named = found
        if session.holder.role < way.role:
            why = f"This needs a token with role {way.role.name.lower()}, and yours has another."
            return self._page(request, told("Not allowed", why, status=403), session)
        snapshot = self._status.snapshot()
        query = dict(request.query_params)
        visit = Visit(self._app(), self._queue, snapshot, session.holder, named, query)
        return await run_in_threadpool(self._made, request, way.make, visit, session)

    def _made(
        self, request: Request, make: Callable[[Visit], Page | Moved], visit: Visit, session: Session
    ) -> Response:
        """What a page answers; or in words why there is none."""
        try:
            with visit.app.register.errors_in_words():
                answer = make(visit)
                return (
                    _moved(answer.to) if isinstance(answer, Moved) else self._page(request, answer, session)
                )
        except SyncdError as exc:
            next_step = exc.next_step or "Load the page again in a while."
            why = without_secrets(exc.message)
            page = told("This page cannot be made now", why, without_secrets(next_step), status=503)
        except Exception as exc:  # noqa: BLE001 - a mistake of ours costs a page, not the console
            _log.error("console_page_failed", path=request.url.path, exc_info=exc)
            page = told("This page cannot be made", "The log says why (console_page_failed).", status=500)
        return self._page(request, page, session)

    async def _is_ours(self, request: Request, session: Session) -> bool:
        fields = await filled_in(request)
        proof = (fields or {}).get("proof", "")
        return is_from_us(request) and self._forms.proves(session.number, proof)

    async def _sign_in(self, request: Request, *, posts: bool) -> Response:
        onward = _below_home(request.query_params.get("next", ""))
        if not posts:
            if self._signing.session_of(request):
                return _moved(onward)
            return self._signing.asked(request, self._form(onward), self._page)
        return await self._signing.sign_in(request, onward, self._form(onward), self._page)

    def _form(self, onward: str) -> Page:
        there = path("sign-in", next="" if onward == HOME else onward)
        return Page("sign_in.html", "Sign in", facts={"there": there, "wrong": ""})

    def _signed_out(self, request: Request, *, posts: bool) -> Response:
        if posts:
            why = "You are not signed in, or not any more; nothing was done."
            return self._page(request, told("Not done", why, "Sign in, and try again.", status=403), None)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return _moved(path("sign-in", next="" if asked.rstrip("/") == HOME else asked))

    def _page(self, request: Request, page: Page, session: Session | None, proof: str = "") -> Response:
        said = SAID.get(request.query_params.get("said", ""), "")
        around: Mapping[str, Any] = {
            "company": self._app().settings.company,
            "who": session.holder if session else None,
            "proof": self._forms.proof(session.number) if session else proof,
            "said": said,
        }
        return self._rendering.page(page, around)


def _moved(to: str) -> Response:
    return RedirectResponse(to, 303, HEADERS)


def _below_home(to: str) -> str:
    """A path of the console, wherever somebody else would like to lead to."""
    parts = urlsplit(to)
    ours = not parts.scheme and not parts.netloc and parts.path.startswith(f"{HOME}/")
    return to if ours and "\\" not in to and to.isprintable() else HOME
