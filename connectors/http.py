"""The one HTTP session: timeouts always, the configured trust and proxy before any of the environment.

`requests` lets REQUESTS_CA_BUNDLE override what a session was told to trust, takes proxies and .netrc
passwords from anywhere, and follows redirects. All of that is off; what is wanted is done here, openly.
"""

from __future__ import annotations

import os
import ssl
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
import structlog
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies

from connectors.http_options import HttpOptions, ProxyOptions
from connectors.http_trouble import Timeouts, cannot_reach, redirected, refused_by_proxy
from syncd.errors import ConfigError
from syncd.ports import UNHEARD, Answered, Calls

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXY_WANTS_LOGIN = 407
_SLOWER, _LATER = 429, 503


class Http:
    """Sends requests to any host, over connections it keeps until closed. Use as a context manager.

    One that was closed connects anew when it is used again.
    """

    def __init__(self, options: HttpOptions, calls: Calls = UNHEARD) -> None:
        self._options = options
        self._calls = calls
        self._session: requests.Session | None = None
        self._log = structlog.get_logger()
        self._last_date: tuple[float, float] | None = None
        self._trusted: tuple[int, ssl.SSLContext] | None = None

    @property
    def clock_ahead(self) -> int:
        """By how many seconds our clock is ahead of whoever answered last; 0 where nobody said."""
        return round(self._last_date[1] - self._last_date[0]) if self._last_date else 0

    @property
    def their_time(self) -> float:
        """Now, by the clock of whoever answered last."""
        return time.time() - self.clock_ahead

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        direct: bool = False,
        operation: str = "request",
    ) -> requests.Response:
        """The answer, read to its end, whatever its status; but a redirection is not followed.

        Raises `Retriable` or `Unavailable` in words when there is none, and for a proxy's own refusal.
        `direct`: never through a proxy. `operation`: what it counts as.
        """
        started = time.monotonic()
        timeouts = Timeouts(self._options.connect_timeout, self._options.read_timeout)
        try:
            answer = self._opened().request(
                method,
                url,
                headers=dict(headers or {}),
                params=dict(params or {}),
                data=body,
                timeout=timeouts,
                allow_redirects=False,
                proxies={} if direct else self._proxies(url),
            )
        except (requests.RequestException, OSError) as exc:
            self._calls.ended(operation, Answered.FAILED, time.monotonic() - started)
            raise cannot_reach(exc, url, timeouts) from exc
        took = time.monotonic() - started
        self._calls.ended(operation, _answered(answer), took)
        host, ms = urlsplit(url).hostname, round(took * 1000)
        self._log.debug("http_answered", method=method, host=host, status=answer.status_code, ms=ms)
        self._remember_date(answer.headers.get("Date", ""))
        if answer.status_code == _PROXY_WANTS_LOGIN:
            raise refused_by_proxy(url)
        if answer.is_redirect:
            raise redirected(url, answer.headers.get("Location", ""))
        return answer

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remember_date(self, text: str) -> None:
        with suppress(ValueError):
            self._last_date = (parsedate_to_datetime(text).timestamp(), time.time())

    def _opened(self) -> requests.Session:
        if self._session is None:
            session = requests.Session()
            session.trust_env = False
            session.mount("https://", _Adapter(self._trusting(), self._options.proxy))
            session.mount("http://", _Adapter(None, self._options.proxy))
            self._session = session
        return self._session

    def _trusting(self) -> ssl.SSLContext:
        """Whom we trust. Loading the system's authorities costs more than most requests do: it is done once,
        and again when `ca_file` has changed."""
        path, changed = self._options.ca_file, 0
        with suppress(OSError):  # a file that is not there is `_trust`'s to tell
            changed = path.stat().st_mtime_ns if path else 0
        if self._trusted is None or self._trusted[0] != changed:
            self._trusted = changed, _trust(path)
        return self._trusted[1]

    def _proxies(self, url: str) -> dict[str, str]:
        """The configured proxy, or what the environment says of this host."""
        if self._options.proxy is not None:
            return dict.fromkeys(("http", "https"), self._options.proxy.url)
        return dict(get_environ_proxies(url, no_proxy=None))


class _Adapter(HTTPAdapter):
    """Connections that trust what our context trusts, and nothing `requests` would add."""

    def __init__(self, context: ssl.SSLContext | None, proxy: ProxyOptions | None) -> None:
        self._context = context
        self._proxy = proxy
        super().__init__(pool_connections=4, pool_maxsize=4)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **kwargs, **self._tls())

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, **self._tls(proxied=True))

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """Who we are to the proxy, without ever putting the password into a URL."""
        known = self._proxy
        if known is None or known.user is None or known.password is None:
            return dict(super().proxy_headers(proxy))
        pair = f"{known.user}:{known.password.reveal()}".encode()
        return {"Proxy-Authorization": f"Basic {b64encode(pair).decode()}"}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
        conn.cert_reqs = "CERT_REQUIRED"

    def _tls(self, *, proxied: bool = False) -> dict[str, Any]:
        if self._context is None:
            return {}
        both = {"ssl_context": self._context}
        return {**both, "proxy_ssl_context": self._context} if proxied else both


def _answered(answer: requests.Response) -> Answered:
    status = answer.status_code
    if status == _SLOWER or (status == _LATER and "Retry-After" in answer.headers):
        return Answered.THROTTLED
    if status >= 500:
        return Answered.FAILED
    return Answered.OK if status < 300 else Answered.REFUSED


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The operating system's authorities, and those we were told of."""
    context = ssl.create_default_context()
    if not _system_has_authorities():  # a bare container; elsewhere this would cost a tenth of a second
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    from_outside = {name: os.environ[name] for name in _BUNDLES if os.environ.get(name)}
    for label, path in ({"ca_file": str(ca_file)} if ca_file else from_outside).items():
        try:
            context.load_verify_locations(**{"capath" if Path(path).is_dir() else "cafile": path})
        except (OSError, ssl.SSLError) as exc:
            raise ConfigError(
                f"{label} {path} cannot be used: {_why(exc)}",
                next_step="give a PEM file with the certificates of the authorities to trust",
            ) from exc
    return context


def _why(exc: OSError) -> str:
    return "it holds no certificate" if isinstance(exc, ssl.SSLError) else exc.strerror or str(exc)


def _system_has_authorities() -> bool:
    if sys.platform == "win32":
        return True
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))
