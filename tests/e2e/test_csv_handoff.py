"""A company whose platform only takes files: the engine, and the command line, with a real folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.model import Account
from syncd.plan.leavers import Grace
from syncd.register.delivery import Deliveries
from tests.company import DAY, Company, opened
from tests.connectors.platforms.csv_import import Site
from tests.contracts.memory import MemoryDirectory
from tests.office import CONFIG, Office, person

EMAIL = "Email address"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "out").mkdir()
    return Site(tmp_path / "out")


@pytest.fixture
def company(tmp_path: Path, site: Site) -> Iterator[Company]:
    with opened(f"sqlite:///{tmp_path}/syncd.db", platform=site.platform) as company:
        company.order(3)
        yield company
        company.check_books()


def taken(site: Site) -> dict[str, list[str]]:
    """Somebody imports the files and moves them away: by action, who was in them."""
    found = {title: [next(iter(row.values())) for row in site.rows(title)] for title in site.titles()}
    for path in site.folder.iterdir():
        path.unlink()
    return found


def test_a_life_goes_by_in_files(company: Company, site: Site) -> None:
    company.hire("ann", "bob")
    company.sync()
    assert taken(site) == {"add": ["Ann", "Bob"]}
    company.people.change("id-ann", email="roe@example.com")
    company.people.disable("id-bob")
    company.sync()
    assert site.column("change", EMAIL) == ["roe@example.com"]
    assert taken(site) == {"suspend": ["bob@example.com"], "change": ["ann@example.com"]}
    company.people.enable("id-bob")
    company.sync()
    assert taken(site) == {"resume": ["bob@example.com"]}
    company.now += 400 * DAY
    company.sync()
    assert taken(site) == {"expire": ["roe@example.com", "bob@example.com"]}
    company.order(3)
    company.renew("roe")
    assert taken(site) == {"renew": ["roe@example.com"]}
    for full in (False, True):
        assert company.sync(full=full).counts == {}
    assert taken(site) == {}


def test_nothing_personal_stays_of_who_is_deleted_once_that_is_handed_off(
    company: Company, site: Site
) -> None:
    company.hire("ann", "bob")
    company.sync()
    company.people.disable("id-ann")
    company.sync()
    company.policy = replace(company.policy, grace=Grace(delete_after=365 * DAY))
    taken(site)
    away = site.folder.rename(site.folder.with_name("away"))
    company.now += 370 * DAY
    assert company.sync().exit_code == 4
    assert "ann@example.com" in company.everything()  # who else could the file name
    away.rename(site.folder)
    company.sync()
    assert taken(site)["remove"] == ["ann@example.com"]
    assert "ann@example.com" not in company.everything()


def test_nothing_personal_stays_of_who_was_part_of_somebody_deleted(database_url: str, site: Site) -> None:
    directories = [MemoryDirectory("ad"), MemoryDirectory("cloud")]
    with opened(database_url, platform=site.platform, directories=directories) as company:
        company.order(2)
        company.hire("ann")
        company.hire("anna", directory=1)
        company.sync()
        company.merge(company.learner("ann").id, company.learner("anna").id)
        assert taken(site) == {"suspend": ["anna@example.com"], "add": ["Ann", "Anna"]}
        company.people.disable("id-ann")
        directories[1].disable("id-anna")
        company.sync()
        company.policy = replace(company.policy, grace=Grace(delete_after=365 * DAY))
        company.now += 370 * DAY
        company.sync()
        assert taken(site)["remove"] == ["ann@example.com"]
        assert [handle for handle in ("ann@", "anna@") if handle in company.everything()] == []


def test_nothing_personal_stays_where_there_is_no_folder_any_more(database_url: str, site: Site) -> None:
    with opened(database_url, platform=site.platform) as before:
        before.order(2)
        before.hire("ann", "bob")
        before.sync()
        before.people.disable("id-ann")
        before.sync()
    with opened(database_url, directories=before.directories) as company:
        company.policy = replace(company.policy, grace=Grace(delete_after=365 * DAY))
        company.now += 370 * DAY
        company.sync()
        assert "ann@example.com" not in company.everything()


def test_a_folder_that_is_away_delays_and_nothing_else(company: Company, site: Site) -> None:
    company.hire("ann", "bob")
    away = site.folder.rename(site.folder.with_name("away"))
    facts = company.sync()
    assert (facts.exit_code, facts.undelivered) == (4, 2)
    assert facts.platform_down == f"the folder {site.folder} does not exist"
    assert company.learner("ann").account is Account.PLANNED
    away.rename(site.folder)
    assert company.sync().exit_code == 0
    assert site.column("add", "First name") == ["Ann", "Bob"]
    assert company.learner("ann").account is Account.ACTIVE


def test_a_crash_between_file_and_register_hands_nobody_off_twice(
    company: Company, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise RuntimeError("killed")

    company.hire("ann", "bob")
    with monkeypatch.context() as patched:
        patched.setattr(Deliveries, "settle", die)
        with pytest.raises(RuntimeError, match="killed"):
            company.sync()
    company.now += 60
    assert company.sync().exit_code == 0
    assert site.titles() == ["add"]
    assert company.learner("ann").account is Account.ACTIVE


OUT = "platform: {{ type: csv_handoff, folder: out, {options} }}\n"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.configure(CONFIG)
    office.employ(person("ann"), person("lukasz", first_name="Łukasz"))
    office.order(3)
    return office


def test_from_the_command_line(office: Office, site: Site) -> None:
    office.configure(CONFIG + OUT.format(options="encoding: cp1252"))
    assert "no file waits there" in office.say("check", code=0).output
    said = office.say("sync", code=1).output
    assert "lukasz@example.com" in said
    assert "'Ł' cannot be written in cp1252" in said
    assert site.column("add", "First name") == ["Ann"]
    assert "1 file waits there" in office.say("check", code=0).output
    told = {change["email"]: change["outcome"] for change in office.json("runs", "show", "1")["changes"]}
    assert told["ann@example.com"] in site.names()

    office.configure(CONFIG + OUT.format(options="encoding: utf-8-sig"))
    away = shutil.move(site.folder, site.folder.with_name("away"))
    said = office.say("sync", code=4).output
    assert f"the folder {site.folder} does not exist" in said
    assert "create it, mount it" in office.say("check", code=4).output
    shutil.move(away, site.folder)
    office.say("sync", code=0)
    site.options = {"encoding": "utf-8-sig"}
    assert site.column("add", "First name") == ["Ann", "Łukasz"]
    office.say("sync", "--full", code=0)
    assert site.titles() == ["add", "add"]


def test_who_was_there_before_is_handed_off_by_a_full_sync(office: Office, site: Site) -> None:
    office.say("sync", code=0)
    office.configure(CONFIG + OUT.format(options="layout: one_file"))
    office.say("sync", code=0)
    assert site.titles() == []
    assert "the platform was never told of them" in office.say("plan", "--full", code=0).output
    office.say("sync", "--full", code=0)
    assert site.column("people", EMAIL) == ["ann@example.com", "lukasz@example.com"]
    office.say("sync", "--full", code=0)
    assert site.titles() == ["people"]
