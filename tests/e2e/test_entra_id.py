"""A first month with Entra ID, as an admin lives it."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.e2e.test_active_directory import PEAK
from tests.office import Office, environment
from tests.servers.entra import EntraServer, Kind, Tenant, Trouble
from tests.servers.samba import Samba

SECRET = "ENTRA_SECRET"
RULES = "scope: { include: [ { group: Staff } ] }\nguard: { max_creations: none, max_suspensions: none }\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EntraServer]:
    folder = tmp_path / "entra"
    folder.mkdir()
    with EntraServer(Tenant(), folder) as running:
        monkeypatch.setenv(SECRET, running.secret)
        yield running


def directory(server: EntraServer, **changed: str) -> str:
    keys = {
        "name": "cloud",
        "type": "entra_id",
        "tenant_id": server.tenant_id,
        "client_id": server.client_id,
        "credential": f"{{ secret: {{ env: {SECRET} }} }}",
        "authority": server.host_url,
        "graph_endpoint": server.host_url,
        "ca_file": str(server.ca_file),
        **changed,
    }
    lines = [f"{name}: {value}" for name, value in keys.items()]
    return "  - " + "\n    ".join(lines) + "\n"


def office_of(folder: Path, *directories: str, more: str = RULES) -> Office:
    office = Office(folder)
    office.configure(f"company: Contoso\ndirectories:\n{''.join(directories)}{more}")
    return office


def how_read(office: Office, run: int) -> str:
    return office.say("runs", "show", str(run), code=0).stdout


def test_from_an_empty_register_to_licensed_learners(server: EntraServer, tmp_path: Path) -> None:
    tenant = server.tenant
    ann = tenant.add_user(mail="ann@contoso.test", givenName="Ann", surname="Archer")
    bob = tenant.add_user(mail="bob@contoso.test", givenName="Bob", surname="Brown")
    nobody = tenant.add_user(userPrincipalName="no@mail.test")
    guest = tenant.add_user(mail="guest@fabrikam.test", userType="Guest")
    staff = tenant.add_group("Staff", [ann, nobody, guest])
    team = tenant.add_group("Team", [bob])
    tenant.add_member(staff, team)
    office = office_of(tmp_path, directory(server))
    office.say("config", "check", code=0)
    checked = office.say("check", code=0).stdout
    assert "User.Read.All" in checked
    office.order(2)
    assert "has no e-mail address (looked in: mail, othermails)" in office.say("plan", code=0).stdout
    assert office.json("sync")["counts"] == {"create": 2, "skip": 1}
    assert office.json("sync")["counts"] == {"skip": 1}, "a second run has nothing left to do"

    before = office.json("learners", "show", "ann@contoso.test")
    tenant.update_user(ann, mail="archer@contoso.test", userPrincipalName="archer@contoso.test")
    assert office.json("sync")["counts"] == {"update": 1, "skip": 1}
    after = office.json("learners", "show", "archer@contoso.test")
    assert (after["id"], after["ends_at"]) == (before["id"], before["ends_at"])

    tenant.update_user(bob, accountEnabled=False)
    assert office.json("sync")["counts"] == {"suspend": 1, "note": 1, "skip": 1}
    tenant.update_user(bob, accountEnabled=True)
    assert office.json("sync")["counts"] == {"reactivate": 1, "skip": 1}
    tenant.remove_member(staff, team)
    assert office.json("sync")["counts"] == {"suspend": 1, "note": 1, "skip": 1}
    assert "no include rule matches" in office.say("explain", "bob@contoso.test", code=0).stdout
    tenant.add_member(staff, team)
    assert office.json("sync")["counts"] == {"reactivate": 1, "skip": 1}
    tenant.delete_user(bob)
    assert office.json("sync")["counts"]["suspend"] == 1
    tenant.restore_user(bob)
    assert office.json("sync")["counts"] == {"reactivate": 1, "skip": 1}
    assert office.json("learners", "show", "bob@contoso.test")["id"] != after["id"]
    assert len(server.asked("/users")) == 5, (
        "config check, plan and the first sync; from then on only changes"
    )


def test_a_throttled_and_broken_read_changes_nobody(server: EntraServer, tmp_path: Path) -> None:
    tenant = server.tenant
    ids = [tenant.add_user(mail=f"p{n}@contoso.test") for n in range(30)]
    tenant.add_group("Staff", ids)
    office = office_of(tmp_path, directory(server, page_size="10", patience="1s"))
    office.order(30)
    assert office.json("sync")["counts"] == {"create": 30}
    server.weather.arm(Trouble(Kind.TRUNCATED, path="/users", after=1, times=None))
    found = office.say("sync", "--full", code=4)
    assert "ended the connection before its answer was complete" in found.stderr
    server.weather.heal()
    assert office.json("sync", "--full")["counts"] == {}


def test_wrong_words_lead_to_right_ones(server: EntraServer, tmp_path: Path) -> None:
    server.tenant.add_group("Staff", [server.tenant.add_user(mail="ann@contoso.test")])
    office = office_of(tmp_path, directory(server, tenant_id="11112222-bbbb-3333-cccc-4444dddd5555"))
    found = office.say("plan", code=2)
    assert "no such tenant in this cloud (AADSTS90002" in found.stderr
    office = office_of(tmp_path, directory(server))
    os.environ[SECRET] = "wrong~but~secret"
    found = office.say("check", code=4)
    assert "AADSTS7000215" in found.stdout
    assert "wrong~but~secret" not in found.output
    os.environ[SECRET] = server.secret
    server.app.roles.discard("GroupMember.Read.All")
    assert "GroupMember.Read.All is missing" in office.say("check", code=4).stdout
    found = office.say("plan", code=4)
    assert "lacks the application permission GroupMember.Read.All" in found.stderr


def test_a_forgotten_delta_is_a_whole_read_in_the_same_run(server: EntraServer, tmp_path: Path) -> None:
    ann = server.tenant.add_user(mail="ann@contoso.test")
    server.tenant.add_group("Staff", [ann])
    office = office_of(tmp_path, directory(server))
    office.order(1)
    office.say("sync", code=0)
    server.tenant.update_user(ann, givenName="Ann")
    server.weather.arm(Trouble(Kind.SYNC_STATE_NOT_FOUND, path="/users/delta"))
    assert office.json("sync")["counts"] == {"update": 1}
    assert "syncStateNotFound" in how_read(office, 2)
    assert office.json("sync")["counts"] == {}


def test_who_is_in_active_directory_too_is_one_learner(
    server: EntraServer, samba: Samba, samba_ou: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dn = samba.add_person("Ann Archer", ou=samba_ou, mail="ann@contoso.test")
    (raw,) = samba.admin.search(dn, attributes=["objectGUID"])
    guid = UUID(bytes_le=raw["raw_attributes"]["objectGUID"][0])
    monkeypatch.setenv("AD_PASSWORD", samba.sync_account.password)
    bind = f"{{ user: '{samba.sync_account.user}', password: {{ env: AD_PASSWORD }} }}"
    corp = "\n".join(
        [
            "  - name: corp",
            "    type: active_directory",
            f"    servers: [ {samba.url} ]",
            f"    tls: {{ ca_file: {samba.ca} }}",
            f"    bind: {bind}",
            f'    base_dn: "{samba_ou}"\n',
        ]
    )
    anchor = b64encode(guid.bytes_le).decode()
    server.tenant.add_user(mail="ann.other@contoso.test", onPremisesImmutableId=anchor)
    server.tenant.add_user(mail="cloud.only@contoso.test")
    office = office_of(tmp_path, corp, directory(server), more="guard: { max_creations: none }\n")
    office.order(5)
    assert office.json("sync")["counts"] == {"create": 2, "join": 1}
    assert office.json("learners", "show", "ann@contoso.test")
    assert office.json("sync")["counts"] == {}


def test_ten_thousand_people_and_a_hundred_changes(server: EntraServer, tmp_path: Path) -> None:
    tenant = server.tenant
    for number in range(10_000):
        tenant.add_user(mail=f"p{number}@contoso.test", givenName="Per", surname=f"Son{number}")
    server.weather.arm(Trouble(Kind.THROTTLED, percent=10, times=None, retry_after="0"))
    office = office_of(tmp_path, directory(server), more="guard: { max_creations: none }\n")
    office.order(10_000)
    command = [sys.executable, "-m", "syncd", "-c", str(office.config), "sync"]
    measured = [sys.executable, "-c", PEAK, *command]
    result = subprocess.run(measured, env=environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.splitlines()[-1]) < 140 * 1024, "kilobytes"
    assert office.json("runs", "show", "1")["sizes"] == {"cloud": 10_000}
    server.weather.heal()
    for number, one in enumerate(tenant.users()[:100]):
        tenant.update_user(one, surname=f"New{number}")
    server.log.clear()
    assert office.json("sync")["counts"] == {"update": 100}
    assert [one.path for one in server.asked()] == ["/v1.0/users/delta"]
