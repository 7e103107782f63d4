"""`syncd check` says what works, what is missing and what to do; and it writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.platforms.scim.face import Scim
from syncd.model import Finding
from tests.connectors.platforms.scim.conftest import SECRET, Connect
from tests.connectors.platforms.scim.test_credentials import jwt
from tests.contracts.platform import delivery, send
from tests.servers.scim import LICENSED, ScimServer, scim_server

NO = {"supported": False}


def told(platform: Scim, part: str) -> list[Finding]:
    return [finding for finding in platform.check() if finding.part == part]


def test_what_a_good_one_says(connect: Connect, server: ScimServer) -> None:
    platform = connect()
    server.add(userName="stranger")
    send(platform, delivery(1), delivery(2))
    del server.requests[:]
    found = list(platform.check())
    assert [finding.message for finding in found] == [
        f"the token in environment variable {SECRET} is let in and may read 3 accounts",
        "PATCH yes, filters yes, ETags yes, bulk up to 1000",
        "sent and compared: email, first_name, last_name, department, job_title, employee_id, language",
        "an active account is a seat",
        "2 accounts of ours, by externalId syncd-…",
    ]
    assert server.writes() == []


def test_a_wrong_token(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "wrong")
    (finding,) = connect().check()
    assert (finding.ok, bool(finding.next_step)) == (False, True)
    assert "does not accept" in finding.message


def test_a_token_that_ends_soon(
    connect: Connect, server: ScimServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = jwt(exp=1_000_000_000)
    server.door.bearer_tokens.add(over)
    monkeypatch.setenv(SECRET, over)
    (finding,) = told(connect(), "credential")
    assert (finding.ok, finding.next_step) == (False, "make a new one: without it nobody is told of")
    assert "ends on 2001-09-09" in finding.message


def test_fields_the_server_does_not_know_are_neither_sent_nor_compared(
    connect: Connect, server: ScimServer
) -> None:
    def without_departments(body: Any) -> Any:
        for schema in body.get("Resources", ()):
            schema["attributes"] = [one for one in schema["attributes"] if one["name"] != "department"]
        return body

    server.fails(path="/Schemas", edit=without_departments)
    platform = connect()
    (lost, _) = told(platform, "fields")
    assert "department is not sent" in lost.message
    assert "department" not in platform.keeps
    send(platform, delivery(1))
    assert "department" not in repr(server.users())


@pytest.mark.parametrize(
    ("license_", "words"),
    [
        ({"group": "Gold"}, "no group named Gold"),
        (
            {"extension": {"schema": LICENSED, "attribute": "tier", "value": "x"}},
            f"does not know {LICENSED}:tier",
        ),
        ({"extension": {"schema": "urn:other:User", "ends_at": "end"}}, "does not know urn:other:User:end"),
    ],
)
def test_a_license_the_server_does_not_know(connect: Connect, license_: Any, words: str) -> None:
    wrong = [finding for finding in connect(license=license_).check() if not finding.ok]
    assert [words in finding.message for finding in wrong] == [True]
    assert "platform.license" in wrong[0].next_step


def test_a_group_needs_patch(connect: Connect) -> None:
    with scim_server(patch=NO) as server:
        server.add("Group", displayName="Premium")
        platform = connect(url=server.url, license={"group": "Premium"})
        assert [finding.ok for finding in told(platform, "license")] == [True, False]


def test_a_server_that_says_nothing_of_itself(connect: Connect, server: ScimServer) -> None:
    server.fails(path="/ServiceProviderConfig", status=404)
    server.fails(path="/Schemas", status=404)
    platform = connect()
    (finding,) = told(platform, "SCIM")
    assert "does not say what it can do" in finding.message
    assert send(platform, delivery(1), delivery(2))[1].account
    assert "POST /Bulk" not in server.writes()


@pytest.mark.parametrize("deaf", [True, False])
def test_accounts_that_cannot_be_counted(connect: Connect, server: ScimServer, deaf: bool) -> None:
    server.add(userName="stranger")
    server.weather.is_deaf = deaf
    if not deaf:
        server.fails(filters=" sw ", status=400)
    (finding,) = told(connect(), "accounts")
    assert finding.ok
    assert ("does not heed filters" if deaf else "cannot count them: 400") in finding.message
