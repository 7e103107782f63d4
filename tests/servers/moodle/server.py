"""The site behind an address of the loopback network: one path, and HTTP 200 for whatever is asked there."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers.certificates import ServerCertificate
from tests.servers.moodle.faults import Fault, Kind
from tests.servers.moodle.iomad import Iomad
from tests.servers.moodle.site import Site
from tests.servers.moodle.values import Json, MoodleError, as_tree

_PATH = "/webservice/rest/server.php"
_XML = '<?xml version="1.0" encoding="UTF-8" ?>\n<EXCEPTION class="{}"><ERRORCODE>{}</ERRORCODE></EXCEPTION>'


class Call(NamedTuple):
    """One line of the log. The token is not in it."""

    function: str
    params: Json
    variables: int


class MoodleServer:
    """`with MoodleServer(Site()) as server:` serves it until the block ends, over TLS with a certificate."""

    def __init__(self, site: Site, certificate: ServerCertificate | None = None) -> None:
        self.site = site
        self.log: list[Call] = []
        self.faults: list[Fault] = []
        self._released = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if certificate is not None:
            context = certificate.server_context()
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def arm(self, kind: Kind, function: str = "*", **how: Any) -> None:
        self.faults.append(Fault(kind, function, **how))

    def heal(self) -> None:
        self.faults.clear()

    def asked(self, function: str) -> list[Call]:
        """The calls of one function, by the end of its name."""
        return [call for call in self.log if call.function.endswith(function)]

    def answer(self, body: str) -> tuple[str, str]:
        """What a form is answered, and its type. PHP reads so many variables and drops the rest."""
        pairs = parse_qsl(body, keep_blank_values=True)
        form = as_tree(pairs[: self.site.max_input_vars])
        token, function = form.pop("wstoken", ""), form.pop("wsfunction", "")
        as_json = form.pop("moodlewsrestformat", "xml") == "json"
        try:
            with self._one_at_a_time:
                found = self._done(token, function, form)
        except MoodleError as exc:
            if not as_json:
                return _XML.format(exc.kind, exc.code), "application/xml"
            error = {"exception": exc.kind, "errorcode": exc.code, "message": exc.message}
            if self.site.debugging and exc.why:
                error["debuginfo"] = exc.why
            return json.dumps(error), "application/json"
        finally:
            self.log.append(Call(function, form, len(pairs)))
        return json.dumps(found), "application/json"

    def _done(self, token: str, function: str, params: Json) -> Any:
        if self.site.maintenance:
            said = "The site is undergoing maintenance and is currently not available"
            raise MoodleError("sitemaintenance", said)
        if token != self.site.token:
            raise MoodleError("invalidtoken", "Invalid token - token not found")
        if not hasattr(Iomad, function) or function.startswith("_"):
            said = "Can't find data record in database table external_functions."
            raise MoodleError("invalidrecord", said, kind="dml_missing_record_exception")
        if function not in self.site.functions:
            raise MoodleError(
                "accessexception", "Access control exception", kind="webservice_access_exception"
            )
        return getattr(Iomad(self.site), function)(params)

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def _strike(self, function: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.strikes(function)), None)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                if urlsplit(self.path).path != _PATH:
                    self.say("no such page", "text/html", 404)
                    return
                function = dict(parse_qsl(body)).get("wsfunction", "")
                fault = server._strike(function)
                if fault is None:
                    self.say(*server.answer(body))
                else:
                    self.go_wrong(fault, body)

            def go_wrong(self, fault: Fault, body: str) -> None:
                self.close_connection = fault.kind not in (Kind.STATUS, Kind.HTML, Kind.SPOILED)
                if fault.kind is Kind.STATUS:
                    self.say("", "text/html", fault.status, fault.retry_after)
                elif fault.kind is Kind.HTML:
                    self.say("<html><body>Error: Database connection failed</body></html>", "text/html")
                elif fault.kind is not Kind.DOWN:
                    answer, type_ = server.answer(body)
                    if fault.kind is Kind.SPOILED:
                        said = "Invalid response value detected"
                        error = {"exception": "invalid_response_exception", "errorcode": "invalidresponse"}
                        self.say(json.dumps({**error, "message": said}), "application/json")
                    elif fault.kind is Kind.HALF:
                        self.say(answer, type_, cut=True)
                    elif fault.kind is Kind.SLOW:
                        server._released.wait(30)

            def say(
                self, text: str, type_: str, status: int = 200, retry_after: str = "", *, cut: bool = False
            ) -> None:
                data = text.encode()
                self.send_response(status)
                self.send_header("content-type", type_)
                self.send_header("content-length", str(len(data)))
                if retry_after:
                    self.send_header("retry-after", retry_after)
                self.end_headers()
                self.wfile.write(data[: len(data) // 2] if cut else data)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler
