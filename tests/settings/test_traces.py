"""Where traces go: an address, headers by reference, and a library that has to be there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from syncd.settings import load, traces
from syncd.settings.problems import ConfigProblems
from syncd.settings.traces import TracesSection
from tests.office import CONFIG

KEY = {"Authorization": {"env": "KEY"}}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("https://otlp.example.com/", "https://otlp.example.com/v1/traces"),
        ("https://otlp.example.com/tenant/v1/traces", "https://otlp.example.com/tenant/v1/traces"),
    ],
)
def test_an_address_without_a_path_means_where_traces_belong(written: str, meant: str) -> None:
    assert TracesSection(endpoint=written).endpoint == meant


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"endpoint": "collector:4318"}, "must be a URL"),
        ({"endpoint": "grpc://collector:4317"}, "must be a URL"),
        ({"endpoint": "https://me:secret@otlp.example.com"}, "must not hold a password"),
        ({"endpoint": "http://collector:4318", "headers": KEY}, "in the clear"),
        ({"endpoint": "https://c", "headers": {"Authorization": "Bearer t-1"}}, "must not be written here"),
    ],
)
def test_what_cannot_be_or_would_be_overheard_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        TracesSection.model_validate(given)
    assert "t-1" not in str(caught.value)
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["https://otlp.example.com", "http://127.0.0.1:4318", "http://localhost:1"]
)
def test_headers_go_over_tls_or_stay_on_this_machine(endpoint: str) -> None:
    assert TracesSection.model_validate({"endpoint": endpoint, "headers": KEY}).headers


@pytest.mark.parametrize("missing", ["opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"])
def test_without_the_library_the_configuration_says_what_to_install(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_there(name: str) -> object:
        if missing == name == "opentelemetry.sdk":
            return None
        if missing == name:  # what it lies in is not there, either
            raise ModuleNotFoundError(name)
        return find_spec(name)

    monkeypatch.setattr(traces, "find_spec", not_there)
    config = tmp_path / "syncd.yaml"
    config.write_text(f"{CONFIG}traces:\n  endpoint: http://127.0.0.1:4318\n")
    words = r"traces\.endpoint needs OpenTelemetry.*syncd\[otel\]"
    with pytest.raises(ConfigProblems, match=words) as caught:
        load(config)
    assert caught.value.problems[0].line == CONFIG.count("\n") + 2
    config.write_text(CONFIG)
    assert load(config).traces.endpoint is None
