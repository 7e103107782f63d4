"""A first month with a platform that speaks SCIM 2.0: the real engine, and an admin at the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.platforms.scim.face import Scim
from connectors.platforms.scim.options import ScimOptions
from syncd.model import Account
from tests.company import DAY, Company, opened
from tests.office import CONFIG, Office, person
from tests.servers.scim import ScimServer, scim_server

SECRET = "SCIM_TOKEN"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScimServer]:
    with scim_server() as server:
        monkeypatch.setenv(SECRET, server.token)
        yield server


@pytest.fixture
def company(server: ScimServer, tmp_path: Path) -> Iterator[Company]:
    platform = Scim("scim", ScimOptions.model_validate({"url": server.url, "auth": _AUTH}))
    with opened(f"sqlite:///{tmp_path}/syncd.db", platform=platform) as company:
        yield company
        company.check_books()


_AUTH = {"token": {"env": SECRET}}


@pytest.fixture
def office(server: ScimServer, tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.configure(
        f"{CONFIG}platform:\n  type: scim\n  url: {server.url}\n  patience: 0\n"
        f"  auth: {{ token: {{ env: {SECRET} }} }}\n"
    )
    office.order(5)
    return office


def there(server: ScimServer) -> dict[str, bool]:
    """Who has an account, by handle, and whether it is active."""
    return {one["userName"].partition("@")[0]: one.get("active", True) for one in server.users()}


def test_the_whole_life_of_a_learner(company: Company, server: ScimServer) -> None:
    company.order(2)
    company.hire("ann", "bob", "cem")
    company.sync()
    assert there(server) == {"ann": True, "bob": True}
    company.people.change("id-ann", email="roe@example.com")
    company.people.disable("id-bob")
    company.sync()
    assert there(server) == {"roe": True, "bob": False}
    company.now += 15 * DAY
    company.sync()
    assert there(server) == {"roe": True, "bob": False, "cem": True}
    assert company.sync(full=True).counts == {}


def test_a_platform_with_fewer_seats_than_licenses(company: Company, server: ScimServer) -> None:
    server.limit(2)
    company.order(3)
    company.hire("ann", "bob", "cem")
    facts = company.sync()
    assert (facts.refused, len(there(server))) == (1, 2)
    (waiting,) = {"ann", "bob", "cem"} - there(server).keys()
    assert company.learner(waiting).account is Account.PLANNED
    server.mend()
    company.sync()
    assert there(server) == {"ann": True, "bob": True, "cem": True}


def test_an_answer_that_is_lost_makes_no_second_account(company: Company, server: ScimServer) -> None:
    company.order(2)
    company.hire("ann", "bob")
    server.fails(path="/Bulk", lost=True, times=1)
    facts = company.sync()
    assert (facts.undelivered, facts.refused) == (0, 0), "read back"
    assert company.sync(full=True).counts == {}
    assert len(server.users()) == 2


def test_an_admins_first_days(office: Office, server: ScimServer) -> None:
    office.employ(person("ann"), person("bob"), person("cem"))
    office.say("config", "check", code=0)
    assert "0 accounts of ours" in office.say("check", code=0).stdout
    server.refuse("bob@example.com")
    told = office.say("sync", code=1)
    assert "bob" in told.output
    assert "not allowed" in told.output
    assert there(server) == {"ann": True, "cem": True}
    server.mend()
    office.say("sync", code=0)
    assert there(server) == {"ann": True, "bob": True, "cem": True}


def test_a_platform_that_is_away_and_comes_back(office: Office, server: ScimServer) -> None:
    office.employ(person("ann"), person("bob"))
    port = int(server.url.removesuffix("/v2").rpartition(":")[2])
    server.down()
    told = office.say("sync", code=4)
    assert "refused the connection" in told.output
    assert office.json("learners", "show", "ann@example.com")["license"] == "live"
    with scim_server(port=port) as back:
        office.say("sync", code=0)
        assert there(back) == {"ann": True, "bob": True}


def test_a_token_that_ended_yesterday(
    office: Office, server: ScimServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.employ(person("ann"))
    monkeypatch.setenv(SECRET, "ended-yesterday")
    told = " ".join(office.say("sync", code=4).output.split())
    assert "does not accept the token in environment variable SCIM_TOKEN (401)" in told
    assert "ended-yesterday" not in told
    monkeypatch.setenv(SECRET, server.token)
    office.say("sync", code=0)
    assert there(server) == {"ann": True}


def test_a_full_sync_repairs_what_somebody_did_there(office: Office, server: ScimServer) -> None:
    office.employ(person("ann"), person("bob"), person("cem"))
    office.say("sync", code=0)
    ann, bob, _ = server.storage.resources
    server.storage._remove(("User", str(ann.id)))
    bob.active = False
    server.add(userName="stranger")
    assert office.json("sync", "--full")["counts"] == {"repair": 2}
    assert there(server) == {"ann": True, "bob": True, "cem": True, "stranger": True}
    assert office.json("sync", "--full")["counts"] == {}
