"""The Helm chart: judged by Helm, by Kubernetes' own schemas, and by syncd."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from syncd.cli.program import program
from syncd.daemon.console.sessions import LASTS
from syncd.settings.types import seconds
from tests.deploy.chart import EXAMPLES, ROOT, Chart, configuration, pods
from tests.servers.process import find_program

KUBERNETES = ("1.30.0", "1.37.0")  # the oldest the chart is for, and the newest
OPERATORS = {"ExternalSecret", "ServiceMonitor", "PrometheusRule"}  # see test_operators.py


@pytest.fixture(params=EXAMPLES)
def chart(request: pytest.FixtureRequest, helm: str) -> Chart:
    """The chart, with each of its examples."""
    return Chart(helm, request.param)


@pytest.fixture
def postgresql_chart(helm: str) -> Chart:
    return Chart(helm, "postgresql")


@pytest.fixture
def sqlite_chart(helm: str) -> Chart:
    return Chart(helm, "sqlite")


@pytest.fixture
def everything(helm: str) -> Chart:
    return Chart(helm, "everything")


def test_helm_finds_nothing_to_say(chart: Chart) -> None:
    found = chart.helm("lint", "--strict", "--quiet")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_line(chart: Chart, version: str, tmp_path: Path) -> None:
    own = [found for found in chart.objects() if found["kind"] not in OPERATORS]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(own))
    command = [find_program("kubernetes-validate") or "", "-k", version, "--strict", "--quiet"]
    found = subprocess.run(
        [*command, str(tmp_path / "all.yaml")], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_its_configuration_is_one_that_syncd_accepts(chart: Chart, tmp_path: Path) -> None:
    """With whatever is mounted beside it; a path of the pod becomes one of this folder."""
    objects = chart.objects()
    (data,) = [each["data"] for each in objects if "syncd.yaml" in each.get("data", {})]
    for name, text in data.items():
        (tmp_path / name).write_text(text.replace("/run/secrets/syncd-tls", str(tmp_path)))
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).touch()
    found = CliRunner().invoke(program, ["-c", str(tmp_path / "syncd.yaml"), "config", "check"])
    assert found.exit_code == 0, found.output


def test_its_pods_are_restricted(chart: Chart) -> None:
    """As the Pod Security Standard "Restricted" wants it; and nothing can be written but what is mounted."""
    for pod in pods(chart.objects()):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        allowed = {"configMap", "csi", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
        assert {kind for volume in spec["volumes"] for kind in volume if kind != "name"} <= allowed
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def test_its_pods_mount_what_their_configuration_names(chart: Chart) -> None:
    objects = chart.objects()
    for pod in pods(objects):
        mounts = {mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]}
        named = {
            str(Path(word).parent)
            for word in _words(configuration(objects))
            if word.startswith(("/run/", "/var/"))
        }
        assert named <= mounts


def test_a_pod_has_time_to_finish_its_batch(chart: Chart) -> None:
    objects = chart.objects()
    within = seconds(configuration(objects).get("schedule", {}).get("stop_within", "25s"))
    for pod in pods(objects):
        assert pod["spec"]["terminationGracePeriodSeconds"] == within + 30


def test_a_changed_configuration_starts_new_pods(postgresql_chart: Chart) -> None:
    checksums = {
        pod["metadata"]["annotations"]["checksum/config"]
        for change in ('config.company="A"', 'config.company="B"', 'files={"contoso-ca.pem":"x"}')
        for pod in pods(postgresql_chart.objects(change))
    }
    assert len(checksums) == 3


def test_two_daemons_with_postgresql_and_one_with_sqlite(
    postgresql_chart: Chart, sqlite_chart: Chart
) -> None:
    two = postgresql_chart.one("Deployment")["spec"]
    assert (two["replicas"], two["strategy"]["type"]) == (2, "RollingUpdate")
    assert postgresql_chart.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    one = sqlite_chart.one("Deployment")["spec"]
    assert (one["replicas"], one["strategy"]["type"]) == (1, "Recreate")
    kinds = {found["kind"] for found in sqlite_chart.objects()}
    assert "PersistentVolumeClaim" in kinds
    assert "PodDisruptionBudget" not in kinds


def test_probes_speak_as_the_daemon_does(postgresql_chart: Chart, everything: Chart) -> None:
    for chart, scheme in ((postgresql_chart, "HTTP"), (everything, "HTTPS")):
        (container,) = chart.one("Deployment")["spec"]["template"]["spec"]["containers"]
        probes = [container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
        assert [probe["path"] for probe in probes] == ["/livez", "/livez", "/readyz"]
        assert {probe["scheme"] for probe in probes} == {scheme}
        listens = configuration(chart.objects())["http"]["listen"]
        assert listens == f"0.0.0.0:{container['ports'][0]['containerPort']}"


def test_a_browser_stays_with_the_daemon_it_has_signed_in_to(everything: Chart) -> None:
    assert "sessionAffinity" not in everything.one("Service", "config.http.console=false")["spec"]
    service = everything.one("Service", "config.http.console=true")["spec"]
    assert service["sessionAffinity"] == "ClientIP"
    assert service["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"] == LASTS


@pytest.mark.parametrize(
    ("example", "volume"),
    [
        ("postgresql", {"secret": {"secretName": "syncd", "defaultMode": 0o440}}),
        ("everything", {"secret": {"secretName": "syncd-secrets", "defaultMode": 0o440}}),
        (
            "csi",
            {
                "csi": {
                    "driver": "secrets-store.csi.k8s.io",
                    "readOnly": True,
                    "volumeAttributes": {"secretProviderClass": "syncd-vault"},
                }
            },
        ),
    ],
)
def test_secrets_come_from_three_places_and_lie_in_one(helm: str, example: str, volume: object) -> None:
    spec = Chart(helm, example).one("Deployment")["spec"]["template"]["spec"]
    assert {"name": "secrets", **volume} in spec["volumes"]  # type: ignore[dict-item]
    (container,) = spec["containers"]
    assert {"name": "secrets", "mountPath": "/run/secrets/syncd", "readOnly": True} in container[
        "volumeMounts"
    ]


def test_an_external_secret_names_keys_and_no_values(everything: Chart) -> None:
    found = everything.one("ExternalSecret")
    assert found["spec"]["target"]["name"] == "syncd-secrets"
    assert {"secretKey": "ldap-password", "remoteRef": {"key": "syncd/ldap-password"}} in found["spec"][
        "data"
    ]
    assert not [each for each in everything.objects() if each["kind"] == "Secret"]


def test_a_secret_written_into_the_values_is_refused(postgresql_chart: Chart) -> None:
    said = postgresql_chart.refusal('config.directories[0].bind.password="hunter2"')
    assert "/config/directories/0" in said


def test_workload_identity_is_asked_for_by_label_and_annotation(everything: Chart) -> None:
    (pod,) = pods(everything.objects())
    assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    account = everything.one("ServiceAccount")
    assert "azure.workload.identity/client-id" in account["metadata"]["annotations"]
    assert account["automountServiceAccountToken"] is False


def test_only_named_namespaces_come_in_and_only_named_networks_are_reached(postgresql_chart: Chart) -> None:
    policy = postgresql_chart.one("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    (way_in,) = policy["ingress"]
    assert way_in["from"][0]["namespaceSelector"]["matchExpressions"][0]["values"] == ["monitoring"]
    assert way_in["ports"] == [{"port": "http", "protocol": "TCP"}]
    names, *others = policy["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert [way["to"][0]["ipBlock"]["cidr"] for way in others] == ["10.1.0.10/32", "10.2.0.0/24"]
    shut = postgresql_chart.one("NetworkPolicy", "networkPolicy.ingressFrom=[]", "networkPolicy.egress=[]")
    assert (shut["spec"]["ingress"], shut["spec"]["policyTypes"]) == ([], ["Ingress"])


def test_alerts_and_dashboard_are_those_of_monitoring(everything: Chart) -> None:
    rules = everything.one("PrometheusRule")["spec"]
    ours = yaml.safe_load((ROOT / "deploy/monitoring/alerts.yaml").read_text())
    links = [rule["annotations"].pop("runbook_url") for group in rules["groups"] for rule in group["rules"]]
    for group in ours["groups"]:
        for rule in group["rules"]:
            del rule["annotations"]["runbook_url"]
    assert rules == ours
    assert all(link.startswith("https://wiki.contoso.com/syncd/docs/runbook.md#") for link in links)
    (board,) = [each for each in everything.objects() if "syncd.json" in each.get("data", {})]
    assert board["data"]["syncd.json"].strip() == (
        (ROOT / "deploy/monitoring/dashboard.json").read_text().strip()
    )


def test_the_values_in_the_docs_are_accepted(postgresql_chart: Chart, tmp_path: Path) -> None:
    page = (ROOT / "docs/deploy-kubernetes.md").read_text()
    blocks = re.findall(r"^```yaml\n(.+?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for number, block in enumerate(blocks):
        values = tmp_path / f"{number}.yaml"
        values.write_text(block)
        found = postgresql_chart.helm("template", "syncd", "--values", str(values))
        assert found.returncode == 0, found.stderr


def test_a_schedule_that_is_left_empty_keeps_its_defaults(sqlite_chart: Chart) -> None:
    assert sqlite_chart.objects("config.schedule=null")


def test_manifests_and_schema_are_current(helm: str) -> None:
    sys.path.insert(0, str(ROOT / "deploy/kubernetes"))
    try:
        import render
    finally:
        sys.path.pop(0)
    assert render.SCHEMA.read_text() == render.schema(), "run: script/manifests"
    assert {path.name for path in (render.HERE / "manifests").iterdir()} == render.MANIFESTS.keys()
    for name in render.MANIFESTS:
        kept = (render.HERE / "manifests" / name).read_text()
        assert kept == render.manifest(name, helm), "run: script/manifests"
        assert "helm" not in kept.lower()


def _words(node: object) -> Iterator[str]:
    """Every text of a configuration."""
    if isinstance(node, str):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _words(inner)
