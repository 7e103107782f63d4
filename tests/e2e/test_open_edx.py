"""Learners who live on Open edX, as an admin lives it: by the real engine, and by the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.platforms.open_edx.face import OpenEdx
from syncd.model import Kind
from tests.company import DAY, Company, opened
from tests.connectors.platforms.open_edx.conftest import SECRET, options_for
from tests.office import CONFIG, Office, person
from tests.servers.open_edx import OpenEdxServer, Plan, open_edx_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenEdxServer]:
    with open_edx_server(Plan(3)) as running:
        monkeypatch.setenv(SECRET, running.secret)
        yield running


@pytest.fixture
def company(database_url: str, server: OpenEdxServer) -> Iterator[Company]:
    platform = OpenEdx("open_edx", options_for(server), sleep=lambda _: None)
    with opened(database_url, platform=platform) as company:
        yield company
        company.check_books()


def test_the_life_of_a_learner(company: Company, server: OpenEdxServer) -> None:
    plan = server.plan
    company.order(5)
    company.hire("ann", "bob")
    company.sync()
    assert plan.holders == ["ann@example.com", "bob@example.com"]
    account = company.learner("ann").platform_account
    assert account in [f"open_edx/{row.uuid}" for row in plan.rows if row.user_email == "ann@example.com"]
    assert company.sync(full=True).counts == {}

    company.people.change("id-ann", email="roe@example.com", first_name="Anna")
    company.sync()
    assert plan.holders == ["bob@example.com", "roe@example.com"]
    plan.activate("roe@example.com")
    company.people.change("id-ann", email="doe@example.com")
    facts = company.sync()
    assert (facts.counts, plan.holders) == ({"update": 1}, ["bob@example.com", "roe@example.com"])
    assert company.sync(full=True).counts == {}

    company.people.disable("id-ann")
    company.sync()
    assert plan.holders == ["bob@example.com"]
    company.people.enable("id-ann")
    company.sync()
    assert plan.holders == ["bob@example.com", "doe@example.com"]
    assert company.learner("doe").platform_account != account
    company.people.disable("id-ann")
    company.sync()
    company.now += 15 * DAY
    assert company.sync(full=True).counts == {"release": 1}
    assert company.sync(full=True).counts == {}
    assert plan.holders == ["bob@example.com"]


def test_seats_and_strangers(company: Company, server: OpenEdxServer) -> None:
    server.plan.add("bob@example.com")
    company.order(5)
    company.hire("ann", "bob", "cem", "dan")
    facts = company.sync()
    assert facts.refused == 2
    assert server.plan.holders == [f"{handle}@example.com" for handle in ("ann", "bob", "cem")]
    reasons = {entry.change.email: entry.outcome for entry in company.register.journal.read(facts.run)}
    assert "did not assign" in reasons["bob@example.com"]
    assert "no license left" in reasons["dan@example.com"]
    assert company.learners("waiting") == ["bob", "dan"]
    server.plan.revoke(["bob@example.com"])
    server.plan.add("filler@example.com")
    company.sync()
    assert company.learners("waiting") != [], "there is still none left for both"


def test_what_somebody_does_there_is_put_right(company: Company, server: OpenEdxServer) -> None:
    company.order(3)
    company.hire("ann", "bob")
    company.sync()
    server.plan.revoke(["ann@example.com"])
    preview = company.plan(full=True)
    (repair,) = company.changes(preview, Kind.REPAIR)
    assert (repair.email, repair.why) == ("ann@example.com", "is missing on the platform")
    assert company.sync(full=True).counts == {"repair": 1}
    assert server.plan.holders == ["ann@example.com", "bob@example.com"]
    assert company.sync(full=True).counts == {}


def test_from_the_command_line(tmp_path: Path, server: OpenEdxServer) -> None:
    office = Office(tmp_path)
    office.configure(
        f"{CONFIG}platform:\n  type: open_edx\n  url: {server.url}\n  lms_url: {server.url}\n"
        f"  client_id: {server.client_id}\n  client_secret: {{ env: {SECRET} }}\n"
        f"  subscription_plan: {server.plan.uuid}\n  patience: 0\n"
    )
    office.employ(person("ann"), person("bob"), person("cem", email="zoë@example.com"))
    office.order(5)
    assert "our user may manage the plan's licenses" in office.say("check", code=0).stdout
    told = office.say("sync", code=1).stdout
    assert "zoë@example.com" in told
    assert "Enter a valid email address" in told
    assert server.plan.holders == ["ann@example.com", "bob@example.com"]

    server.faults.arm("status", body="<html>down</html>")
    office.employ(person("bob"), person("cem", email="zoe@example.com"), person("dan"))
    away = office.say("sync", code=4)
    assert "answered with an error of its own (503)" in away.stdout + away.stderr
    assert server.plan.holders == ["ann@example.com", "bob@example.com"]

    server.faults.heal()
    server.plan.rows.extend(Plan(3).rows)
    office.say("sync", code=0)
    assert server.plan.holders == ["bob@example.com", "dan@example.com", "zoe@example.com"]

    server.plan.revoke(["bob@example.com"])
    assert office.json("sync")["counts"] == {}
    assert office.json("sync", "--full")["counts"] == {"repair": 1}
    assert "bob@example.com" in server.plan.holders
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("syncd.db*"))
    assert server.secret.encode() not in everything
