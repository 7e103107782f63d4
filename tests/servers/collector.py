"""A collector of OpenTelemetry: takes traces over HTTP and keeps every span it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.servers.certificates import ServerCertificate
from tests.servers.web import WebServer, web_server


class Span(NamedTuple):
    """`parent` is the name of the span it lies in; empty for a root."""

    trace: str
    name: str
    parent: str
    facts: Mapping[str, Any]
    error: str
    began: int
    ended: int


@dataclass(frozen=True)
class Collector:
    site: WebServer

    @property
    def url(self) -> str:
        return self.site.url

    def requests(self) -> list[ExportTraceServiceRequest]:
        """What was sent to where traces belong."""
        bodies = [post.body for post in self.site.received if post.path == "/v1/traces"]
        return [ExportTraceServiceRequest.FromString(body) for body in bodies]

    def words(self) -> str:
        """All that was sent but for the numbers by which spans know each other, which may spell anything."""
        sent = self.requests()
        for request in sent:
            for span in (s for r in request.resource_spans for scope in r.scope_spans for s in scope.spans):
                for number in ("trace_id", "span_id", "parent_span_id"):
                    span.ClearField(number)
        return "".join(map(str, sent))

    def resource(self) -> dict[str, Any]:
        (first, *_) = self.requests()
        return _facts(first.resource_spans[0].resource.attributes)

    def traces(self) -> list[list[Span]]:
        """The spans of each trace, in the order in which they began."""
        sent = [
            span
            for request in self.requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        names = {span.span_id: span.name for span in sent}
        found: dict[bytes, list[Span]] = {}
        for span in sorted(sent, key=lambda span: span.start_time_unix_nano):
            seen = Span(
                trace=span.trace_id.hex(),
                name=span.name,
                parent=names[span.parent_span_id] if span.parent_span_id else "",
                facts=_facts(span.attributes),
                error=span.status.message,
                began=span.start_time_unix_nano,
                ended=span.end_time_unix_nano,
            )
            found.setdefault(span.trace_id, []).append(seen)
        return list(found.values())


def _facts(attributes: Any) -> dict[str, Any]:
    return {
        attribute.key: getattr(attribute.value, attribute.value.WhichOneof("value"))
        for attribute in attributes
    }


@contextmanager
def collector(certificate: ServerCertificate | None = None) -> Iterator[Collector]:
    """Listens on the loopback until the context ends; with a certificate, over TLS."""
    with web_server(certificate) as site:
        yield Collector(site)
