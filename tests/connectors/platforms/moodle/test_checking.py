"""`syncd check` for a site: what works, what is missing, what to do; and asking writes nothing."""

from __future__ import annotations

import copy

import pytest

from syncd.model import Finding
from syncd.ports import Platform
from tests.connectors.platforms.moodle.conftest import FIELDS, TOKEN, Connect
from tests.contracts.platform import delivery, send
from tests.servers.moodle import Kind as Fault
from tests.servers.moodle import MoodleServer
from tests.servers.moodle.iomad import with_iomad


def told(platform: Platform) -> dict[str, Finding]:
    return {finding.part: finding for finding in platform.check()}


def wrong(platform: Platform, *words: str) -> None:
    """Exactly one finding is bad; it says so in these words."""
    (bad,) = [finding for finding in platform.check() if not finding.ok]
    assert bad.next_step
    for word in words:
        assert word in f"{bad.message} | {bad.next_step}"


def test_all_is_well(connect: Connect, server: MoodleServer) -> None:
    platform = connect(fields=FIELDS)
    send(platform, delivery(1), delivery(2))
    before = copy.deepcopy(server.site.users)
    found = told(platform)
    host = server.url.removeprefix("http://")
    assert found[host].message == "School, Moodle 4.1.22 (Build: 20251208); the token is syncd's"
    assert found["rights"].message == "the token may create, change and delete accounts"
    assert found["accounts"].message == (
        "2 of the learners 1 to 200 have an account of ours, 0 of them suspended"
    )
    assert found["field licenseends"].message == "2 of these 2 have it"
    assert "ignores fields it does not have" in found["field jobtitle"].next_step
    assert "token_expires" in found["token"].next_step
    assert all(finding.ok for finding in found.values())
    assert server.site.users == before, "a look changes nothing"


def test_less_is_enough_where_nobody_is_deleted(connect: Connect, server: MoodleServer) -> None:
    server.site.functions.remove("core_user_delete_users")
    found = told(connect(token_expires="2027-05-31"))
    assert found["rights"].ok
    assert "leavers.delete_after" in found["rights"].next_step
    assert "token" not in found


def test_missing_functions_are_named(connect: Connect, server: MoodleServer) -> None:
    for name in ("core_user_get_users", "core_cohort_add_cohort_members"):
        server.site.functions.remove(name)
    wrong(connect(), "the token's service lacks core_user_get_users", "External services > Functions")
    wrong(connect(license={"cohort": "x"}), "core_user_get_users, core_cohort_add_cohort_members")


@pytest.mark.parametrize(
    ("capability", "words"),
    [
        ("moodle/user:create", "lacks moodle/user:create"),
        ("moodle/user:update", "lacks moodle/user:update"),
        ("moodle/user:delete", "lacks moodle/user:delete"),
        ("moodle/user:viewdetails", "moodle/user:viewdetails"),
        ("moodle/user:viewalldetails", "moodle/user:viewalldetails"),
        ("moodle/user:viewhiddendetails", "moodle/user:viewhiddendetails"),
        ("moodle/site:viewuseridentity", "moodle/site:viewuseridentity"),
    ],
)
def test_missing_capabilities_are_named(
    connect: Connect, server: MoodleServer, capability: str, words: str
) -> None:
    server.site.capabilities.remove(capability)
    wrong(connect(), words)


def test_an_administrators_token_is_more_than_is_needed(connect: Connect, server: MoodleServer) -> None:
    server.site.service.admin = True
    first = next(iter(connect().check()))
    assert first.ok
    assert "a user of its own" in first.next_step


@pytest.mark.parametrize("kind", [Fault.DOWN, Fault.HTML])
def test_a_site_that_is_not_there_is_a_finding(connect: Connect, server: MoodleServer, kind: Fault) -> None:
    server.arm(kind, times=None)
    wrong(connect(), "localhost")


def test_a_token_that_is_wrong_or_nowhere_is_a_finding(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "wrong")
    wrong(connect(), "does not know the token")
    monkeypatch.delenv(TOKEN)
    wrong(connect(), f"environment variable {TOKEN}")


def test_a_cohort_is_looked_for(connect: Connect, server: MoodleServer) -> None:
    server.site.add_cohort("premium").members.update((7, 8))
    assert told(connect(license={"cohort": "premium"}))["cohort premium"].message == "2 accounts are in it"
    wrong(connect(license={"cohort": "gold"}), "no cohort with the ID number gold", "platform.license.cohort")


def test_slots_of_iomad_are_counted(connect: Connect, server: MoodleServer) -> None:
    site = server.site
    iomad = {"company": "acme", "license": "Premium", "courses": [5, 6], "field": "slots"}
    options = {"fields": FIELDS, "license": {"iomad": iomad}}
    wrong(connect(**options), "lacks block_iomad_company_admin_get_license_info")
    company = with_iomad(site).add_company("acme")
    wrong(connect(**options), "company acme has no license Premium")
    license_ = site.add_license(company, 5, 5, 6)
    part = f"license {license_.id}"
    assert told(connect(**options))[part].message == "Premium: 5 of 5 slots are free"
    license_.used = 4
    wrong(connect(**options), "has no slot left for them")
    license_.used, license_.expirydate = 0, 1
    wrong(connect(**options), "ended on 1970-01-01")
