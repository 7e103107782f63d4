"""`syncd check` of a tenant: what works, what is missing, what is too much, and what ends soon."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import ConfigError
from syncd.model import Finding, GroupRef
from syncd.ports import Ending
from tests.connectors.directories.entra_reading import entra, request
from tests.servers.entra import ClientCertificate, EntraServer, Tenant

DAY = 86_400


def check(server: EntraServer, *, groups: tuple[GroupRef, ...] = (), **changes: Any) -> list[Finding]:
    wanted = request("mail", "department", groups=groups, now=int(server.now()))
    return list(entra(server, **changes).check(wanted))


def named(findings: list[Finding], part: str) -> list[Finding]:
    return [finding for finding in findings if finding.part == part]


def test_it_counts_people_attributes_and_groups(server: EntraServer, tenant: Tenant) -> None:
    ann = tenant.add_user(mail="ann@contoso.test")
    tenant.add_user(accountEnabled=False)
    tenant.add_user(userType="Guest")
    tenant.add_group("Staff", [ann])
    tenant.add_group("Nobody")
    groups = tuple(map(GroupRef, ("Staff", "Nobody", "Stuff")))
    findings = check(server, groups=groups)
    told = {finding.part: finding for finding in findings}
    assert findings[0].message.startswith(f"signed in to tenant {server.tenant_id} as app {server.client_id}")
    assert told["people"].message == "2 people, 1 of them enabled, 1 guest left out"
    assert told["attribute mail"].message == "1 of these 2 people have it"
    assert told["attribute department"].next_step
    assert told["group Staff"].message == "1 person is in it"
    assert (told["group Nobody"].ok, "Member.Read.Hidden" in told["group Nobody"].next_step) == (False, True)
    assert (told["group Stuff"].ok, "no group 'Stuff'" in told["group Stuff"].message) == (False, True)


def test_one_page_of_people_is_enough(server: EntraServer, tenant: Tenant) -> None:
    for number in range(25):
        tenant.add_user(mail=f"p{number}@contoso.test")
    (people,) = named(check(server, page_size=10), "people")
    assert people.message == "first page: 10 people, 10 of them enabled"
    assert len(server.asked("/users")) == 1


@pytest.mark.parametrize(
    ("roles", "grouped", "missing"),
    [
        ({"User.Read.All"}, False, []),
        ({"User.Read.All"}, True, ["GroupMember.Read.All"]),
        ({"GroupMember.Read.All"}, True, ["User.Read.All"]),
        (set(), True, ["User.Read.All"]),
        ({"Directory.Read.All"}, True, []),
    ],
)
def test_missing_permissions_are_named(
    server: EntraServer, roles: set[str], grouped: bool, missing: list[str]
) -> None:
    server.tenant.add_group("Staff", [server.tenant.add_user()])
    server.app.roles.clear()
    server.app.roles.update(roles)
    findings = check(server, groups=(GroupRef("Staff"),) if grouped else ())
    wrong = [finding for finding in named(findings, "permissions") if not finding.ok]
    assert [name for finding in wrong for name in missing if name in finding.next_step] == missing
    assert all("Grant admin consent" in finding.next_step for finding in wrong)
    assert bool(wrong) is bool(missing)


def test_more_permissions_than_needed_are_a_caution(server: EntraServer) -> None:
    server.app.roles.update({"Directory.ReadWrite.All", "Mail.Read"})
    (finding,) = named(check(server), "permissions")
    assert finding.ok
    assert finding.next_step == (
        "take Directory.ReadWrite.All, Mail.Read away: User.Read.All is all that is needed"
    )


def test_a_read_without_permission_says_which_is_missing(server: EntraServer) -> None:
    server.app.roles.clear()
    server.app.roles.add("GroupMember.Read.All")
    (finding,) = named(check(server), "cloud")
    assert "lacks the application permission User.Read.All, which reading people needs" in finding.message
    assert "it has GroupMember.Read.All" in finding.message
    assert "Authorization_RequestDenied, request " in finding.message


@pytest.mark.parametrize(
    ("days", "ok", "step"),
    [
        (31, True, ""),
        (30, True, "weeks"),
        (14, True, "within a week"),
        (7, True, "this week"),
        (1, True, "today"),
        (-1, False, "make a new one"),
    ],
)
def test_the_end_of_the_secret_is_told_in_time(server: EntraServer, days: int, ok: bool, step: str) -> None:
    end = datetime.fromtimestamp(server.now() + days * DAY + DAY, UTC).date()
    (finding,) = named(check(server, credential_expires=end.isoformat()), "credential")
    assert finding.ok is ok
    assert step in finding.next_step
    assert bool(finding.next_step) is bool(step)


def test_graph_knows_the_end_of_the_secret_where_it_may_tell(server: EntraServer) -> None:
    (unknown,) = named(check(server), "credential")
    assert "credential_expires" in unknown.next_step
    server.app.roles.add("Application.Read.All")
    server.add_secret("another", days=3)
    ends_at = int(server.app.secrets[0].ends_at)
    directory = entra(server, credential_expires="2020-01-01")
    assert directory.endings() == (
        Ending("client secret in environment variable SYNCD_TEST_ENTRA_SECRET", ends_at),
    )


def test_a_certificate_tells_its_own_end(server: EntraServer, tmp_path: Path) -> None:
    made = ClientCertificate.create(tmp_path, starts=server.now() - 60, days=10)
    server.add_certificate(made.certificate)
    credential = {"certificate": {"file": made.pem}}
    (ending,) = entra(server, credential=credential).endings()
    assert ending == (f"certificate {made.pem}", int(made.certificate.not_valid_after_utc.timestamp()))
    assert server.log == [], "nobody is asked for it"
    (finding,) = named(check(server, credential=credential), "credential")
    assert "9 days left" in finding.message


def test_what_others_renew_has_no_end(server: EntraServer) -> None:
    assert entra(server, credential={"managed_identity": "system"}).endings() == ()
    assert entra(server).endings() == ()


def test_a_wrong_clock_is_told(server: EntraServer) -> None:
    assert named(check(server), "clock") == []
    server.weather.skew = 600
    (finding,) = named(check(server), "clock")
    assert "behind" in finding.message
    assert "NTP" in finding.next_step


def test_nothing_is_raised_that_can_be_told(server: EntraServer) -> None:
    server.app.blocked = True
    (finding,) = check(server)
    assert (finding.ok, finding.part) == (False, "cloud")
    assert "AADSTS53003" in finding.message
    (finding,) = check(server, credential={"secret": {"env": "SYNCD_TEST_UNSET"}})
    assert "SYNCD_TEST_UNSET" in finding.message
    with pytest.raises(ConfigError):
        entra(server, credential={"certificate": {"file": "/nowhere.pem"}}).endings()
