"""A web server that keeps what is posted to it, and answers what it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.servers.certificates import ServerCertificate


class Post(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class WebServer:
    url: str = ""
    status: int = 204
    location: str = ""
    received: list[Post] = field(default_factory=list)


@contextmanager
def web_server(certificate: ServerCertificate | None = None) -> Iterator[WebServer]:
    """Listens on the loopback until the context ends; with a certificate, over TLS."""
    site = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.received.append(Post(self.path, headers, body))
            self.send_response(site.status)
            if site.location:
                self.send_header("location", site.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with listening(Handler, certificate) as site.url:
        yield site


@contextmanager
def listening(
    handler: type[BaseHTTPRequestHandler], certificate: ServerCertificate | None = None
) -> Iterator[str]:
    """Gives the address on the loopback where `handler` answers; by TLS, with a certificate."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if certificate is not None:
        server.socket = certificate.server_context().wrap_socket(server.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
