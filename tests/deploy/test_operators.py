"""What the chart asks of operators, held against operators.yaml: Kubernetes itself knows none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.deploy.chart import EXAMPLES, Chart

SCHEMAS = yaml.safe_load(Path(__file__).with_name("operators.yaml").read_text())
KINDS = [name for name in SCHEMAS["$defs"] if name[0].isupper()]
WATCHED = ('monitoring={"serviceMonitor":{"enabled":true},"rules":{"enabled":true}}',)


def mistakes(found: Any) -> list[str]:
    validator = Draft202012Validator({**SCHEMAS, "$ref": f"#/$defs/{found['kind']}"})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(found)]


@pytest.mark.parametrize("example", EXAMPLES)
def test_operators_know_every_field(helm: str, example: str) -> None:
    objects = Chart(helm, example).objects()
    assert {
        each["kind"]: mistakes(each) for each in objects if each["kind"] in KINDS and mistakes(each)
    } == {}


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PrometheusRule"])
def test_so_they_do_without_https_and_tokens(helm: str, kind: str) -> None:
    assert mistakes(Chart(helm, "postgresql").one(kind, *WATCHED)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_have_one_of_each(helm: str, kind: str) -> None:
    assert Chart(helm, "everything").one(kind)


def test_the_monitor_finds_the_daemons_by_their_service(helm: str) -> None:
    chart = Chart(helm, "everything")
    monitor, service = chart.one("ServiceMonitor"), chart.one("Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["tlsConfig"]["serverName"] == f"{service['metadata']['name']}.people.svc"
