"""The collector: whoever takes our traces, over HTTP. Trouble with it is told and never raised into a run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from syncd.errors import ConfigError
from syncd.model import Finding
from syncd.settings.traces import TracesSection

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

PATIENCE = 3.0  # seconds for one attempt to send something, with all its repetitions
_ELSEWHERE = "check traces.endpoint, its headers, and firewalls on the way; syncs go on without it"
_log = structlog.get_logger()


class Collector:
    """The one of the configuration. Raises `ConfigError` where a header or a library is missing."""

    def __init__(self, section: TracesSection) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ModuleNotFoundError as exc:
            raise ConfigError(
                f"traces.endpoint needs the Python package {exc.name}", next_step="pip install 'syncd[otel]'"
            ) from exc
        self.name = urlsplit(section.endpoint or "").netloc
        self._reasons = _Reasons()
        self._exporter = OTLPSpanExporter(
            endpoint=section.endpoint,
            certificate_file=str(section.ca_file) if section.ca_file else None,
            headers={name: secret.reveal() for name, secret in section.headers.items()} or None,
            timeout=PATIENCE,
        )

    def send(self, spans: Sequence[ReadableSpan]) -> str:
        """Why they were not taken; empty when they were."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        self._reasons.heard.clear()
        if self._exporter.export(spans) is SpanExportResult.SUCCESS:
            return ""
        return self._reasons.heard[0] if self._reasons.heard else "it does not say why"

    def as_exporter(self) -> SpanExporter:
        """For OpenTelemetry's processors; what was not taken is one event."""
        from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

        collector = self

        class Told(SpanExporter):
            def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
                if not (reason := collector.send(spans)):
                    return SpanExportResult.SUCCESS
                told = {"collector": collector.name, "spans": len(spans), "reason": reason}
                _log.warning("trace_not_sent", **told, next_step=_ELSEWHERE)
                return SpanExportResult.FAILURE

            def shutdown(self) -> None:
                collector.close()

        return Told()

    def close(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def check(section: TracesSection) -> Finding:
    """Send no span at all, and see whether that is taken."""
    try:
        collector = Collector(section)
    except ConfigError as exc:
        return Finding("traces", False, exc.message, exc.next_step, exc.exit_code)
    try:
        if reason := collector.send([]):
            return Finding("traces", False, f"{collector.name} does not take them: {reason}", _ELSEWHERE)
        return Finding("traces", ok=True, message=f"{collector.name} takes them")
    finally:
        collector.close()


class _Reasons(logging.Handler):
    """What OpenTelemetry says of itself; it says the same again and again while it tries."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []
        theirs = logging.getLogger("opentelemetry")
        theirs.handlers, theirs.propagate = [self], False

    def emit(self, record: logging.LogRecord) -> None:
        causes = [arg for arg in record.args or () if isinstance(arg, BaseException)]
        told = record.getMessage().removeprefix("Transient error ")
        self.heard.append(
            _innermost(causes[0]) if causes else told.partition(" encountered while exporting")[0]
        )


def _innermost(exc: BaseException) -> str:
    """What it comes down to: in the words of `requests` and `urllib3` their classes hide it."""
    below = [getattr(exc, "reason", None), *exc.args, exc.__cause__, exc.__context__]
    deeper = next((one for one in below if isinstance(one, BaseException)), None)
    if deeper is not None:
        return _innermost(deeper)
    said = getattr(exc, "verify_message", "") or getattr(exc, "strerror", "") or str(exc)
    return said or type(exc).__name__
