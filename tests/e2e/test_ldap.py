"""The same month with OpenLDAP: people by entryUUID, groups by groupOfNames and posixGroup."""

from __future__ import annotations

import os

import httpx
import pytest

from tests.daemon.serving import serving
from tests.e2e.conftest import PASSWORD, DirectoryOffice
from tests.servers.slapd import Slapd
from tests.servers.tcp import free_port


def test_join_change_and_leave(office: DirectoryOffice, slapd: Slapd, slapd_ou: str) -> None:
    ann = slapd.add_person("Ann Archer", ou=slapd_ou, mail="ann@contoso.test")
    bob = slapd.add_person("Bob Brown", ou=slapd_ou, mail="bob@contoso.test")
    office.read_from("ldap", slapd, base=slapd_ou)
    office.order(2)
    assert office.json("sync")["counts"] == {"create": 2}
    slapd.admin.replace(ann, {"mail": "archer@contoso.test"})
    assert office.json("sync")["counts"] == {"update": 1}
    slapd.admin.delete(bob)
    assert office.json("sync")["counts"]["suspend"] == 1
    assert office.json("sync")["counts"] == {}
    assert office.json("learners", "show", "bob@contoso.test")["account"] == "suspended"


@pytest.mark.parametrize("group", ["team-03", "unix-staff"])
def test_members_of_a_group(office: DirectoryOffice, slapd: Slapd, group: str) -> None:
    rules = f"scope: {{ include: [ {{ group: {group} }} ] }}\nguard: {{ max_creations: none }}\n"
    office.read_from("ldap", slapd, more=rules)
    counts = office.json("plan", code=5)["counts"]
    assert 0 < counts["wait"] < 40


def test_the_daemon_counts_its_calls(office: DirectoryOffice, slapd: Slapd) -> None:
    address = f"127.0.0.1:{free_port()}"
    more = f"http: {{ listen: '{address}' }}\nguard: {{ max_creations: none }}\n"
    office.read_from("ldap", slapd, more=more)
    with serving(office, **{PASSWORD: os.environ[PASSWORD]}) as daemon:
        daemon.until("run_finished", state="done")
        numbers = httpx.get(f"http://{address}/metrics", trust_env=False).text.splitlines()
        daemon.end()
    labels = '{answered="ok",directory="corp",operation="%s"}'
    counted = dict(line.rsplit(" ", 1) for line in numbers)
    assert float(counted["syncd_directory_call_seconds_count" + labels % "connect"]) >= 1
    assert float(counted["syncd_directory_call_seconds_count" + labels % "search"]) >= 1
    assert float(counted['syncd_changes_total{kind="wait"}']) > 30
