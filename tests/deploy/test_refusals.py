"""Values that the chart refuses: those that are wrong, and those that would render and could not work."""

from __future__ import annotations

import pytest

from tests.deploy.chart import Chart


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("replicas=2", "SQLite serves one daemon"),
        ("persistence.enabled=false", "would be lost with its pod"),
        ('config.database="sqlite:////tmp/syncd.db"', "only /var/lib/syncd stays"),
        ('secrets.from="none"', "say where they come from"),
        ('secrets={"from":"secret","secret":{"name":""}}', "name the Secret"),
        ('secrets.from="csi"', "name the SecretProviderClass"),
        ('secrets.from="external"', "name the store"),
        (
            'config.http={"tokens":[{"name":"a","role":"viewer","token":{"env":"A"}}]}',
            "would travel in the clear",
        ),
        ('config.http={"listen":"0.0.0.0:9000"}', "another port"),
        (
            '{"service":{"enabled":false},"monitoring":{"serviceMonitor":{"enabled":true}}}',
            "finds the daemons",
        ),
        ('config.http={"listen":"127.0.0.1:8080"}', "would never reach it"),
        ('{"mode":"cronjob","monitoring":{"serviceMonitor":{"enabled":true}}}', "there is no daemon"),
        (
            '{"config":{"http":{"tokens":[{"name":"a","role":"viewer","token":{"env":"A"}}],'
            '"behind_proxy":["10.0.0.0/8"]}},"monitoring":{"serviceMonitor":{"enabled":true}}}',
            "past config.http.behind_proxy",
        ),
        (
            '{"http":{"tlsSecret":"tls"},"config":{"http":{"tokens":[{"name":"a","role":"viewer",'
            '"token":{"env":"A"}}]}},"monitoring":{"serviceMonitor":{"enabled":true}}}',
            "with the role metrics",
        ),
        (
            '{"networkPolicy":{"ingressFrom":[]},"monitoring":{"serviceMonitor":{"enabled":true}}}',
            "name the namespace Prometheus is in",
        ),
        (
            '{"mode":"cronjob","monitoring":{"rules":{"enabled":true}}}',
            "monitoring.rules: there is no daemon",
        ),
        (
            '{"mode":"cronjob","monitoring":{"dashboard":{"enabled":true}}}',
            "monitoring.dashboard: there is no",
        ),
        ('mode="both"', "/mode"),
        ("user=0", "/user"),
        ('secrets.from="paper"', "/secrets/from"),
        ('image.digest="latest"', "/image/digest"),
        ('config.schedule={"evry":"5m"}', "evry"),
        ("config.database=null", "database"),
        ('networkPolicy.egress=[{"cidrs":["dc1.contoso.com"],"ports":[636]}]', "/networkPolicy/egress/0"),
        ("networkPolicy.ports=[1]", "ports"),
        ("cronjob.successCodes=[5]", "/cronjob/successCodes"),
        ("http.port=80", "/http/port"),
        ('image.repository=""', "/image/repository"),
        ('files={"syncd.yaml":"x"}', "is made of config"),
    ],
)
def test_wrong_values_are_refused_in_words(helm: str, change: str, told: str) -> None:
    assert told in Chart(helm, "sqlite").refusal(change)


BIND = "config.directories[0].bind"


@pytest.mark.parametrize(
    ("example", "change", "told"),
    [
        ("postgresql", "persistence.enabled=true", "one volume serves one pod"),
        ("postgresql", '{"replicas":1,"persistence":{"enabled":true}}', "names nothing in /var/lib/syncd"),
        ("cronjob", "persistence.enabled=true", "names nothing in /var/lib/syncd"),
        (
            "postgresql",
            'BIND.password={"env":"AD_PASSWORD"}',
            "env: AD_PASSWORD: a pod has its secrets as files",
        ),
        ("postgresql", 'config.database={"credential":"url"}', "credential: url: a pod has its secrets"),
        ("postgresql", 'BIND.password={"file":"/run/secrets/ad"}', "secrets lie in /run/secrets/syncd"),
        ("postgresql", "files=null", "files: config names the certificate contoso-ca.pem"),
        (
            "csi",
            'config.http.tls={"certificate":"/etc/syncd/a.pem","key":"/etc/syncd/a.key"}',
            "names /etc/syncd/a.pem",
        ),
        ("everything", 'BIND.password={"file":"/run/secrets/syncd/ldap"}', "say which key ldap is"),
        ("postgresql", 'networkPolicy.egress=[{"cidrs":["10.1.0.0/16"],"ports":[636]}]', "and port 5432"),
        ("postgresql", 'networkPolicy.egress=[{"cidrs":["10.1.0.0/16"],"ports":[5432]}]', "and port 636"),
        ("sqlite", 'config.directories[0].servers=["ldaps://dc1.contoso.com:3269"]', "and port 3269"),
    ],
)
def test_values_that_could_not_work_together_are_refused(
    helm: str, example: str, change: str, told: str
) -> None:
    assert told in Chart(helm, example).refusal(change.replace("BIND", BIND))


@pytest.mark.parametrize(
    ("example", "change"),
    [
        ("cronjob", '{"persistence":{"enabled":true},"config":{"directories":[{"name":"hr","type":"file",'
                    '"path":"/var/lib/syncd/people.csv"}]}}'),
        ("postgresql", 'config.database="postgresql://syncd@/syncd?host=db.contoso.com"'),
        ("postgresql", "networkPolicy.egress=[]"),
        ("postgresql", '{"replicas":0}'),
    ],
)  # fmt: skip
def test_values_that_can_work_are_not(helm: str, example: str, change: str) -> None:
    assert Chart(helm, example).objects(change)
