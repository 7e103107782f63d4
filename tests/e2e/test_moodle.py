"""A first month with Moodle as the platform, as an admin lives it; and a site that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.platforms.moodle.face import MoodlePlatform
from connectors.platforms.moodle.options import MoodleOptions
from syncd.model import Account, Kind
from tests.company import DAY, Company, opened
from tests.office import CONFIG, Office, person
from tests.servers.certificates import Authority
from tests.servers.moodle import Kind as Fault
from tests.servers.moodle import MoodleServer, Site
from tests.servers.moodle.iomad import with_iomad

TOKEN = "MOODLE_TOKEN"
CREATE = "core_user_create_users"
FIELDS = {"license_ends": "licenseends"}


@pytest.fixture
def site() -> Site:
    return Site(custom_fields={"licenseends", "slots"})


@pytest.fixture
def server(site: Site, certificates: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[MoodleServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))  # quicker to load than the system's
    with MoodleServer(site) as running:
        monkeypatch.setenv(TOKEN, site.token)
        yield running


@pytest.fixture
def office(server: MoodleServer, tmp_path: Path) -> Office:
    place = Office(tmp_path)
    platform = (
        f"platform:\n  type: moodle\n  url: {server.url}\n  token: {{ env: {TOKEN} }}\n"
        "  fields: { license_ends: licenseends }\n  license: { cohort: premium }\n  patience: 1s\n"
    )
    place.configure(CONFIG + platform)
    return place


def platform_of(server: MoodleServer, **options: object) -> MoodlePlatform:
    keys = {"url": server.url, "token": {"env": TOKEN}, "fields": FIELDS, **options}
    waits = lambda _: None  # noqa: E731
    return MoodlePlatform("moodle", MoodleOptions.model_validate(keys), sleep=waits, now=server.site.clock)


def active(site: Site) -> dict[str, bool]:
    """Of accounts that are ours, by handle: whether they may log in."""
    ours = [user for user in site.users.values() if user.idnumber.startswith("syncd-")]
    return {user.email.partition("@")[0]: not user.suspended for user in ours}


def test_a_month_on_the_command_line(office: Office, server: MoodleServer, site: Site) -> None:
    office.employ(person("ann"), person("bob"), person("cem"))
    office.say("config", "check", code=0)
    found = office.say("check", code=4)
    assert "no cohort with the ID number premium" in found.stdout
    cohort = site.add_cohort("premium")
    assert "Moodle 4.1.22" in office.say("check", code=0).stdout
    site.add_user("bob@example.com")
    office.order(4)

    found = office.say("sync", code=1)
    assert "belongs to account 4 (user4) on Moodle, which syncd did not make" in found.output
    assert active(site) == {"ann": True, "cem": True}
    assert len(cohort.members) == 2
    site.by_email("bob@example.com").email = "bob@home.example"
    assert office.json("sync")["counts"] == {"create": 1}
    assert active(site) == {"ann": True, "cem": True, "bob": True}
    assert office.json("sync")["counts"] == {}, "a second run has nothing left to do"

    server.arm(Fault.STATUS, times=None, status=503, retry_after="60")
    office.employ(person("ann", department="Law"), person("bob", status="left"), person("dan"))
    found = office.say("sync", code=4)
    assert "not available at the moment (503)" in found.output
    assert active(site) == {"ann": True, "cem": True, "bob": True}
    server.heal()
    office.say("sync", code=0)
    assert active(site) == {"ann": True, "cem": False, "bob": False, "dan": True}
    assert site.by_email("ann@example.com").department == "Law"

    site.by_email("ann@example.com").firstname = "Somebody"
    site.by_email("cem@example.com").suspended = False
    cohort.members.clear()
    assert office.json("sync")["counts"] == {}
    assert office.json("sync", "--full")["counts"] == {"repair": 4}
    assert (site.by_email("ann@example.com").firstname, active(site)["cem"]) == ("Ann", False)
    assert len(cohort.members) == 4, "who left keeps the license until the grace period is over"
    assert office.json("sync", "--full")["counts"] == {}


def test_wrong_words_lead_to_right_ones(office: Office, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add_cohort("premium")
    office.employ(person("ann"))
    office.order(1)
    monkeypatch.setenv(TOKEN, "wrong-but-secret")
    found = office.say("sync", code=4)
    assert "does not know the token" in found.output
    assert "wrong-but-secret" not in found.output
    monkeypatch.setenv(TOKEN, site.token)
    site.functions.remove(CREATE)
    assert f"lacks {CREATE}" in office.say("check", code=4).stdout
    assert "External services" in office.say("sync", code=4).output
    site.functions.append(CREATE)
    office.say("sync", code=0)
    assert active(site) == {"ann": True}
    stored = b"".join(path.read_bytes() for path in office.folder.glob("syncd.db*"))
    assert site.token.encode() not in stored


@pytest.fixture
def company(tmp_path: Path, server: MoodleServer) -> Iterator[Company]:
    with opened(f"sqlite:///{tmp_path}/syncd.db", platform=platform_of(server)) as company:
        yield company
        company.check_books()


def test_the_life_of_learners(company: Company, site: Site) -> None:
    company.order(2)
    company.hire("ann", "bob", "cem")
    facts = company.sync()
    assert (active(site), facts.undelivered) == ({"ann": True, "bob": True}, 0)
    assert site.by_email("ann@example.com").custom["licenseends"] == "2028-01-15T00:00:00Z"
    company.people.change("id-ann", email="roe@example.com", last_name="Roe")
    company.sync()
    assert active(site) == {"roe": True, "bob": True}
    company.people.remove("id-bob")
    company.sync()
    assert active(site) == {"roe": True, "bob": False}
    company.now += 15 * DAY
    company.sync()
    assert active(site) == {"roe": True, "bob": False, "cem": True}
    assert site.by_email("bob@example.com").custom["licenseends"] == ""
    company.hire("bob")
    company.order(1)
    company.sync()
    assert active(site) == {"roe": True, "bob": True, "cem": True}
    assert company.sync(full=True).counts == {}
    company.now += 400 * DAY
    company.sync()
    assert set(active(site).values()) == {False}


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.DOWN])
def test_an_answer_that_never_came(company: Company, server: MoodleServer, site: Site, fault: Fault) -> None:
    company.order(3)
    company.hire("ann", "bob")
    server.arm(fault, CREATE)
    facts = company.sync()
    assert facts.undelivered == (0 if fault is Fault.LOST else 2)
    company.sync()
    assert active(site) == {"ann": True, "bob": True}
    assert company.learner("ann").account is Account.ACTIVE
    assert len(site.users) == 4


def test_addresses_that_are_passed_on(company: Company, site: Site) -> None:
    company.order(2)
    company.hire("ann", "bob")
    company.sync()
    company.people.change("id-bob", email="new@example.com")
    company.people.change("id-ann", email="bob@example.com")
    assert (company.sync().refused, active(site)) == (0, {"bob": True, "new": True})


def test_slots_of_iomad_run_out_and_come_back(tmp_path: Path, server: MoodleServer, site: Site) -> None:
    acme = with_iomad(site).add_company("acme")
    license_ = site.add_license(acme, 1)
    iomad = {"company": "acme", "license": "Premium", "courses": [5], "field": "slots"}
    platform = platform_of(server, license={"iomad": iomad})
    with opened(f"sqlite:///{tmp_path}/syncd.db", platform=platform) as company:
        company.order(3)
        company.hire("ann", "bob", "cem")
        facts = company.sync()
        assert (facts.refused, active(site), license_.used) == (2, {"ann": True}, 1)
        (why, *_) = [company.learner(handle).refused for handle in ("bob", "cem")]
        assert "has no slot left for them" in why
        license_.allocation = 3
        assert company.sync().counts == {"create": 2}
        assert (active(site), license_.used) == ({"ann": True, "bob": True, "cem": True}, 3)
        assert company.changes(company.plan(full=True), Kind.REPAIR) == []
        company.check_books()
