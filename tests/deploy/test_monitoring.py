"""Alerts and the dashboard: judged by Prometheus' own tools, and held against what the daemon serves."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from syncd.daemon.http.metrics import Metrics
from syncd.daemon.status import Role, Snapshot
from syncd.model import RunState
from syncd.ports import Answered
from syncd.register.gauges import Reading
from syncd.run import RunFacts
from syncd.telemetry.calls import CallCounts
from tests.daemon.serving import serving
from tests.office import CONFIG, ROOT, Office, person
from tests.servers.prometheus import Prometheus
from tests.servers.tcp import free_port

MONITORING = ROOT / "deploy/monitoring"
ALERTS = MONITORING / "alerts.yaml"
_METRIC = re.compile(r"\bsyncd_\w+")


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found = json.loads((MONITORING / "dashboard.json").read_text())
    assert isinstance(found, dict)
    return found


def served() -> set[str]:
    """The name of every sample a daemon can serve, after a run."""
    facts = RunFacts(1, RunState.DONE, {"create": 1}, {"people": 1}, wanted=1, skipped={"conflict": 1})
    heard = {"listening": {"people": True}, "rings": {"people": 1}}
    now = Snapshot(role=Role.LEADING, ended={"done": 1}, changed={"create": 1}, facts=facts, **heard)
    calls = CallCounts()
    for calls_to in (calls.of("directory", "people"), calls.of("platform", "scim")):
        calls_to.ended("search", Answered.OK, 0.1)
        calls_to.paused(1.0, throttled=True)
    reading = Reading({("premium", "available"): 1}, 1, {"premium": 1}, {"active": 1}, 1, 1)
    text = Metrics(lambda: now, lambda: reading, lambda: 900, calls.collect).text().decode()
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


def expressions() -> list[str]:
    targets = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    lists = dashboard()["templating"]["list"]
    variables = [found["definition"] for found in lists if found["type"] == "query"]
    return [*(rule["expr"] for rule in rules()), *targets, *variables]


def test_prometheus_accepts_every_rule(promtool: str) -> None:
    found = subprocess.run(
        [promtool, "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_alert_comes_when_it_should_and_not_before(promtool: str) -> None:
    words = [promtool, "test", "rules", "alerts_test.yaml"]
    found = subprocess.run(words, cwd=MONITORING, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_alert_has_been_seen_firing() -> None:
    cases = yaml.safe_load((MONITORING / "alerts_test.yaml").read_text())["tests"]
    fired = set()
    for case in cases:
        fired |= {test["alertname"] for test in case.get("alert_rule_test", ()) if test["exp_alerts"]}
        for test in case.get("promql_expr_test", ()):
            for sample in test["exp_samples"]:
                fired |= set(re.findall(r"Syncd\w+", sample["labels"] + test["expr"]))
    assert fired == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_alerts_and_dashboard_know_only_what_the_daemon_serves() -> None:
    named = {name for expression in expressions() for name in _METRIC.findall(expression)}
    assert named - served() == set()


def test_every_number_is_shown_or_watched() -> None:
    named = {name for expression in expressions() for name in _METRIC.findall(expression)}
    assert served() - named == set()


def test_every_metric_is_in_the_docs() -> None:
    page = (ROOT / "docs/daemon.md").read_text()
    assert [name for name in sorted(served()) if f"`{name}`" not in page and f"`{name}{{" not in page] == []


def test_the_dashboard_asks_the_chosen_source_and_its_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["title"]
        assert panel["description"]
        place = panel["gridPos"]
        cells = {
            (place["x"] + column, place["y"] + row)
            for column in range(place["w"])
            for row in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(column for column, _ in cells) < 24
        taken |= cells


def test_a_real_prometheus_scrapes_a_daemon(promtool: str, tmp_path: Path) -> None:  # noqa: ARG001 - it is there
    address = f"127.0.0.1:{free_port()}"
    office = Office(tmp_path)
    office.configure(
        f"{CONFIG}http:\n  listen: {address}\n"
        "  tokens: [ { name: prometheus, role: metrics, token: { env: METRICS } } ]\n"
    )
    office.employ(person("ann"), person("bob"), person("cem"))
    office.order(2)
    with serving(office, METRICS="m-1") as daemon:
        daemon.until("run_finished")
        with Prometheus.start(
            tmp_path / "prometheus", target=address, token="m-1", rules=ALERTS
        ) as prometheus:
            (leading,) = prometheus.until("syncd_leading == 1")
            assert leading.labels["instance"] == address
            (waiting,) = prometheus.ask("syncd_waiting")
            assert (waiting.labels["type"], waiting.value) == ("premium", 1)
            for expression in expressions():
                if not expression.startswith("label_values"):
                    prometheus.ask(re.sub(r"\$\w+", ".*", expression))
            prometheus.until('ALERTS{alertname="SyncdPeopleWaiting", alertstate="pending"}')
            assert set(prometheus.rules().values()) == {"ok"}
        daemon.end()
