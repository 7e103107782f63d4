"""Traces: each run as one trace, sent to a collector by OpenTelemetry: what and how many, never who.

run ─┬─ plan ─┬─ read, of each directory
     │        └─ …
     ├─ apply ─┬─ record, of each batch
     │         └─ deliver, of each batch, with a remote platform
     └─ tell

A collector that is away costs a run nothing, and the end of a command a few seconds.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from syncd import __version__
from syncd.errors import Busy, ConfigError
from syncd.ports import Fact, Span, unseen
from syncd.settings.traces import TracesSection

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

_PATIENCE = 3.0  # seconds for what is left to be sent, and for one attempt to send it
_NEVER_BEGAN = "syncd.never_began"
_log = structlog.get_logger()


class Traces:
    """Opens spans, as `ports.Spans`. OpenTelemetry is imported, and its thread begun, by the first."""

    def __init__(self, section: TracesSection) -> None:
        self._section = section
        self._lock = threading.Lock()
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None

    def __call__(self, name: str, **facts: Fact) -> AbstractContextManager[Span]:
        if self._section.endpoint is None:
            return unseen(name)
        with self._lock:
            if self._tracer is None:
                self._provider = _provider(self._section)
                self._tracer = self._provider.get_tracer("syncd", __version__)
        return _opened(self._tracer, name, facts)

    def close(self) -> None:
        """Send what is left, but not for long."""
        if self._provider is not None:
            last = threading.Thread(target=self._provider.shutdown, name="last traces", daemon=True)
            last.start()
            last.join(_PATIENCE)


class _Seen:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def say(self, **facts: Fact) -> None:
        self._span.set_attributes({f"syncd.{name}": fact for name, fact in facts.items()})


@contextmanager
def _opened(tracer: Tracer, name: str, facts: dict[str, Fact]) -> Iterator[Span]:
    from opentelemetry.trace import Status, StatusCode

    # An exception is told by its class alone: its message may name somebody.
    with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
        seen = _Seen(span)
        seen.say(**facts)
        try:
            yield seen
        except Busy:
            span.set_attribute(_NEVER_BEGAN, True)
            raise
        except BaseException as exc:
            span.set_attribute("error.type", type(exc).__name__)
            span.set_status(Status(StatusCode.ERROR, type(exc).__name__))
            raise


def _provider(section: TracesSection) -> TracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"traces.endpoint needs the Python package {exc.name}", next_step="pip install 'syncd[otel]'"
        ) from exc

    name = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "syncd"}
    resource = Resource.create({**name, "service.version": __version__})
    exporter = OTLPSpanExporter(
        endpoint=section.endpoint,
        certificate_file=str(section.ca_file) if section.ca_file else None,
        headers={name: secret.reveal() for name, secret in section.headers.items()} or None,
        timeout=_PATIENCE,
    )

    class RunsThatBegan(BatchSpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            if not (span.attributes or {}).get(_NEVER_BEGAN):
                super().on_end(span)

    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(RunsThatBegan(_told(exporter, section.endpoint or "")))
    return provider


def _told(exporter: SpanExporter, endpoint: str) -> SpanExporter:
    """`exporter`, whose failures are one event each, with the reason it gave first."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    reasons = _Reasons()

    class Told(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            reasons.heard.clear()
            result = exporter.export(spans)
            if result is not SpanExportResult.SUCCESS:
                reason = reasons.heard[0] if reasons.heard else "no reason given"
                host = urlsplit(endpoint).netloc
                _log.warning("trace_not_sent", collector=host, spans=len(spans), reason=reason)
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

    return Told()


class _Reasons(logging.Handler):
    """What OpenTelemetry says of itself; it says the same again and again while it tries."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []
        theirs = logging.getLogger("opentelemetry")
        theirs.handlers, theirs.propagate = [self], False

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage().removeprefix("Transient error ")
        self.heard.append(told.partition(" encountered while exporting")[0])


@contextmanager
def opened(section: TracesSection) -> Iterator[Traces]:
    """For as long as runs may be told."""
    traces = Traces(section)
    try:
        yield traces
    finally:
        traces.close()
