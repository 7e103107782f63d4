"""Signing in and out: a token is shown once, and a session stands for it from then on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from syncd.daemon.console.attempts import Attempts
from syncd.daemon.console.forms import Forms, filled_in, is_from_us
from syncd.daemon.console.rendering import HEADERS
from syncd.daemon.console.sessions import LASTS, Session, Sessions
from syncd.daemon.console.visit import HOME, Page, told
from syncd.daemon.http.access import Access, Holder
from syncd.settings.http import Role

SIGN_IN = "/sign-in"
_WRONG = "This token is nobody's. It is one of http.tokens in the configuration of syncd."
_TOO_WEAK = "This token is for metrics only. The console needs one with role viewer or operator."
_TOO_OLD = "The form was too old, or your browser keeps no cookies. Please try again."
_log = structlog.get_logger()


class Made(Protocol):
    def __call__(self, request: Request, page: Page, session: None, proof: str = "") -> Response: ...


class Signing:
    def __init__(self, sessions: Sessions, forms: Forms, access: Callable[[], Access]) -> None:
        self._sessions = sessions
        self._forms = forms
        self._access = access
        self.attempts = Attempts()

    def session_of(self, request: Request) -> Session | None:
        """The session a browser brings, with the role its holder has by now."""
        session = self._sessions.find(request.cookies.get(self._cookie, ""))
        if session is None:
            return None
        holder = self._access().as_now(session.holder)
        if holder is None or holder.role < Role.VIEWER:
            self._sessions.end(session.number)
            return None
        return Session(session.number, holder, session.ends)

    def asked(self, request: Request, form: Page, made: Made) -> Response:
        """The form; its browser gets a cookie that the form is bound to."""
        cookie = request.cookies.get(self._before, "") or secrets.token_urlsafe(32)
        answer = made(request, form, None, self._forms.proof(cookie))
        self._set(answer, self._before, cookie, seconds=None)
        return answer

    async def sign_in(self, request: Request, onward: str, form: Page, made: Made) -> Response:
        """A session for whoever has a good token; else the form again, with why."""
        address = self._access().address_of(request)
        if not self.attempts.begin(address):
            why = "Too many tokens are being tried."
            return made(request, told("Not signed in", why, "Try again in a few seconds.", status=429), None)
        try:
            fields = await filled_in(request) or {}
            if not self._is_ours(request, fields):
                return self._again(request, form, made, _TOO_OLD)
            holder = self._access().holder_of(fields.get("token", ""))
            if holder is None or holder.role < Role.VIEWER:
                _log.warning("console_sign_in_refused", address=address)
                await self.attempts.failed()
                return self._again(request, form, made, _TOO_WEAK if holder else _WRONG)
        finally:
            self.attempts.end(address)
        _log.info("console_signed_in", who=holder.name, role=holder.role.name.lower(), address=address)
        return self._signed_in(holder, onward)

    def _is_ours(self, request: Request, fields: Mapping[str, str]) -> bool:
        cookie = request.cookies.get(self._before, "")
        return is_from_us(request) and self._forms.proves(cookie, fields.get("proof", ""))

    def _signed_in(self, holder: Holder, onward: str) -> Response:
        answer = RedirectResponse(onward, 303, HEADERS)
        self._set(answer, self._cookie, self._sessions.begin(holder).number, seconds=int(LASTS))
        self._set(answer, self._before, "", seconds=0)
        return answer

    def out(self, session: Session) -> Response:
        self._sessions.end(session.number)
        answer = RedirectResponse(f"{HOME}{SIGN_IN}", 303, HEADERS)
        self._set(answer, self._cookie, "", seconds=0)
        return answer

    def _again(self, request: Request, form: Page, made: Made, why: str) -> Response:
        page = Page(form.template, form.title, facts={**form.facts, "wrong": why}, status=403)
        return self.asked(request, page, made)

    def _set(self, answer: Response, name: str, value: str, *, seconds: int | None) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path=self._path,
            secure=self._is_secret,
            httponly=True,
            samesite="strict",
        )

    @property
    def _is_secret(self) -> bool:
        return self._access().is_secret

    @property
    def _path(self) -> str:
        return "/" if self._is_secret else HOME  # browsers take __Host- for the whole host only

    @property
    def _cookie(self) -> str:
        return "__Host-syncd" if self._is_secret else "syncd"

    @property
    def _before(self) -> str:
        return f"{self._cookie}-sign-in"
