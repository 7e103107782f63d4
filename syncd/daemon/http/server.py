"""The server: an ASGI application in a thread of its own, over the configuration in force."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.middleware.base import RequestResponseEndpoint
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from syncd import __version__
from syncd.app import App
from syncd.certificate import context_of, renew
from syncd.daemon.http.access import Access
from syncd.daemon.http.api import api
from syncd.daemon.http.metrics import CONTENT_TYPE, Metrics
from syncd.daemon.http.shapes import Health
from syncd.daemon.queue import Queue
from syncd.daemon.status import Status
from syncd.errors import ConfigError, SyncdError
from syncd.masking import without_secrets
from syncd.register.gauges import Reading
from syncd.settings.http import HttpSection, Role
from syncd.telemetry.calls import CallCounts

_END = 5.0  # seconds in which answers in hand are finished
_HOME = "/console"
_TICK = 1.0  # seconds for which the Date of answers holds


class _Quiet(uvicorn.Server):
    """uvicorn looks ten times a second whether it shall end. This one is told; it wakes for the Date."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def end(self) -> None:
        """From any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _TICK)


class HttpServer:
    """Health, metrics, the API and the console. `follow` makes it answer for another configuration."""

    def __init__(
        self, section: HttpSection, app: App, queue: Queue, status: Status, calls: CallCounts
    ) -> None:
        self._section = section
        self._app = app
        self._access = Access(section)
        self._queue = queue
        self._status = status
        self._console: ASGIApp | None = None
        self._calls = calls
        config = uvicorn.Config(
            self._application(),
            host=section.host,
            port=section.port,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            log_level=logging.WARNING,
            proxy_headers=False,
            server_header=False,
        )
        self._server = _Quiet(config)
        self._tls: ssl.SSLContext | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; whoever asks from now on is answered. Raises `ConfigError` when that cannot be."""
        self._server.config.load()
        if self._section.tls:
            self._server.config.ssl = self._tls = context_of(self._section.tls)
        family = socket.AF_INET6 if ":" in self._section.host else socket.AF_INET
        try:
            ear = socket.create_server((self._section.host, self._section.port), family=family)
        except OSError as exc:
            why, *_ = str(exc.strerror).partition(" (")  # Python adds the address, which is told already
            raise ConfigError(
                f"http.listen: {self._section.listen} cannot be listened on: {why}",
                next_step="choose an address of this machine, and a port nobody else listens on",
            ) from exc
        ear.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a body waits 40 ms for its head
        self._thread = threading.Thread(target=self._server.run, args=([ear],), name="http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.end()
        if self._thread is not None:
            self._thread.join(_END)

    def follow(self, section: HttpSection, app: App) -> None:
        """Answer by these tokens and this certificate, from this register. Where it listens is settled at the
        start. Raises `ConfigError` for what cannot be used; then it answers as before."""
        access = Access(section)
        if self._tls and section.tls:
            renew(self._tls, section.tls)
        self._section = section
        self._access = access
        self._app = app

    def _application(self) -> FastAPI:
        application = FastAPI(
            title="syncd",
            version=__version__,
            description="What the sync does, what it waits for, and who has a license until when.",
            openapi_url="/api/v1/openapi.json",
            docs_url=None,
            redoc_url=None,
        )
        application.include_router(api(lambda: self._app, self._queue, lambda: self._access))
        self._add_health(application)
        self._add_metrics(application)
        self._add_console(application)

        @application.middleware("http")
        async def in_words(request: Request, go_on: RequestResponseEndpoint) -> Response:
            """What the database refuses is told as what, and what to do."""
            try:
                with self._app.register.errors_in_words():
                    return await go_on(request)
            except SyncdError as exc:
                told = {"detail": exc.message, "next_step": exc.next_step}
                return JSONResponse({name: without_secrets(text) for name, text in told.items()}, 503)

        return application

    def _add_health(self, application: FastAPI) -> None:
        @application.get("/livez", tags=["health"])
        def live() -> Health:
            """Whether the process does its work; when it does not answer, start it again."""
            return Health(ok=True, role=self._status.snapshot().role, reasons=[])

        @application.get("/readyz", tags=["health"], responses={503: {}})
        def ready(response: Response) -> Health:
            """Whether it could sync now; the reasons when it could not."""
            now = self._status.snapshot()
            response.status_code = 503 if now.not_ready else 200
            return Health(ok=not now.not_ready, role=now.role, reasons=list(now.not_ready))

    def _add_metrics(self, application: FastAPI) -> None:
        metrics = Metrics(self._status.snapshot, self._reading, self._pause, self._calls.collect)

        @application.get("/metrics", tags=["health"], response_class=Response)
        def numbers(request: Request) -> Response:
            """Numbers for Prometheus; with a token, where the configuration has tokens."""
            if self._access.has_tokens:
                self._access.check(request, Role.METRICS)
            return Response(metrics.text(), media_type=CONTENT_TYPE)

    def _add_console(self, application: FastAPI) -> None:
        @application.get("/", include_in_schema=False)
        def first() -> Response:
            return RedirectResponse(_HOME, 303) if self._section.console else _nothing()

        pages = _Pages(self._site)
        application.router.routes.append(Route(_HOME, pages))  # a mount alone would answer with a redirect
        application.mount(_HOME, pages)

    def _site(self) -> ASGIApp | None:
        """The console, where it is wanted; whoever never asks for a page never pays for the import."""
        if self._section.console and self._console is None:
            from syncd.daemon.console.site import Site

            self._console = Site(lambda: self._app, self._queue, self._status, lambda: self._access)
        return self._console if self._section.console else None

    def _pause(self) -> int:
        return self._app.settings.schedule.pauses.longest

    def _reading(self) -> Reading | None:
        return self._app.gauges()


class _Pages:
    """Whatever is asked for below the console's path. `site`: the console, or None where there is none."""

    def __init__(self, site: Callable[[], ASGIApp | None]) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._site() or _nothing())(scope, receive, send)


def _nothing() -> Response:
    return JSONResponse({"detail": "Not Found"}, status_code=404)
