"""Traces: each run as one trace, sent to a collector by OpenTelemetry: what and how many, never who.

run ─┬─ plan ─┬─ read, of each directory
     │        └─ …
     ├─ apply ─┬─ record, of each batch
     │         └─ deliver, of each batch, with a remote platform
     └─ tell

A collector that is away costs a run nothing, and the end of a command a few seconds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import structlog

from syncd import __version__
from syncd.errors import Busy, ConfigError
from syncd.ports import Fact, Span, unseen
from syncd.settings.traces import TracesSection
from syncd.telemetry.collector import PATIENCE, Collector

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

_NEVER_BEGAN = "syncd.never_began"
_log = structlog.get_logger()


class Traces:
    """Opens spans, as `ports.Spans`. OpenTelemetry is imported, and its thread begun, by the first."""

    def __init__(self, section: TracesSection) -> None:
        self._wanted = section.endpoint is not None
        self._section = section
        self._lock = threading.Lock()
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None

    def __call__(self, name: str, **facts: Fact) -> AbstractContextManager[Span]:
        with self._lock:
            if self._wanted and self._tracer is None:
                self._begin()
        return _opened(self._tracer, name, facts) if self._tracer else unseen(name)

    def close(self) -> None:
        """Send what is left, but not for long."""
        if self._provider is not None:
            last = threading.Thread(target=self._provider.shutdown, name="last traces", daemon=True)
            last.start()
            last.join(PATIENCE)

    def _begin(self) -> None:
        """What keeps runs from being told keeps none from being done."""
        try:
            self._provider = _provider(self._section)
        except ConfigError as exc:
            self._wanted = False
            _log.warning("traces_left_out", reason=exc.message, next_step=exc.next_step)
        else:
            self._tracer = self._provider.get_tracer("syncd", __version__)


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
    collector = Collector(section)
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    class RunsThatBegan(BatchSpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            if not (span.attributes or {}).get(_NEVER_BEGAN):
                super().on_end(span)

    name = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "syncd"}
    resource = Resource.create({**name, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(RunsThatBegan(collector.as_exporter()))
    return provider


@contextmanager
def opened(section: TracesSection) -> Iterator[Traces]:
    """For as long as runs may be told."""
    traces = Traces(section)
    try:
        yield traces
    finally:
        traces.close()
