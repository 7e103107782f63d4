"""Traces: where each run is told as a trace, by OpenTelemetry's protocol over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, FilePath, model_validator
from pydantic_core import PydanticCustomError

from syncd.settings.types import Secret, Section

_PATH = "/v1/traces"


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PydanticCustomError("endpoint", "must be a URL, such as http://collector:4318")
    if "@" in parts.netloc:
        raise PydanticCustomError("endpoint", "must not hold a password; give headers a reference to it")
    return value if parts.path.strip("/") else value.rstrip("/") + _PATH


class TracesSection(Section):
    """Where runs are told as traces. What is not said here, OpenTelemetry takes from its OTEL_ variables."""

    endpoint: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None,
        description="the collector's address (OTLP over HTTP); without it nothing is told",
        examples=["http://collector:4318"],
    )
    headers: Mapping[str, Secret] = Field(
        default={}, description="headers that let us in, such as `Authorization`, and where each is kept"
    )
    ca_file: FilePath | None = Field(
        default=None, description="certificate of the authority that signed the collector's, PEM"
    )

    @property
    def lacks_library(self) -> bool:
        """Whether traces are wanted, and nothing is here to send them."""
        return self.endpoint is not None and not all(map(_is_there, _NEEDED))

    @model_validator(mode="after")
    def _headers_are_not_overheard(self) -> Self:
        parts = urlsplit(self.endpoint or "")
        if self.headers and parts.scheme == "http" and not _is_local(parts.hostname or ""):
            raise PydanticCustomError(
                "overheard", "has headers and would send them in the clear: use https, or a collector here"
            )
        return self


_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # not even what it lies in
        return False


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
