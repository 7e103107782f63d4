"""The made-up license-manager behaves as the real one was seen to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.servers.open_edx import OpenEdxServer, Plan, open_edx_server
from tests.servers.open_edx.plan import ACTIVATED, REVOKED, UNASSIGNED


@pytest.fixture
def server() -> Iterator[OpenEdxServer]:
    with open_edx_server(Plan(3)) as running:
        yield running


@pytest.fixture
def plan(server: OpenEdxServer) -> Plan:
    return server.plan


def token(server: OpenEdxServer, **changed: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.secret,
        "token_type": "jwt",
    }
    return requests.post(f"{server.url}/oauth2/access_token", data={**form, **changed}, timeout=5)


def ask(server: OpenEdxServer, path: str, body: Any = None, *, scheme: str = "JWT") -> requests.Response:
    headers = {"Authorization": f"{scheme} {token(server).json()['access_token']}"}
    url = f"{server.url}/api/v1/subscriptions/{server.plan.uuid}/{path}"
    if body is None:
        return requests.get(url, headers=headers, timeout=5)
    return requests.post(url, headers=headers, json=body, timeout=5)


def assign(server: OpenEdxServer, *emails: str) -> requests.Response:
    return ask(server, "licenses/assign/", {"user_emails": emails})


def revoke(server: OpenEdxServer, *emails: str) -> requests.Response:
    return ask(server, "licenses/bulk-revoke/", {"user_emails": emails})


def test_it_signs_in_by_client_credentials(server: OpenEdxServer) -> None:
    assert token(server).json()["token_type"] == "JWT"
    wrong = token(server, client_secret="x"), token(server, grant_type="x")
    assert [answer.status_code for answer in wrong] == [401, 400]
    assert ask(server, "", scheme="Bearer").status_code == 401
    assert ask(server, "nowhere/").status_code == 404


def test_new_and_known_are_counted_apart_in_an_order_of_its_own(server: OpenEdxServer, plan: Plan) -> None:
    plan.add("b@x.example")
    answer = assign(server, "A@x.example", "a@x.example", "b@x.example", "c@x.example").json()
    assert (answer["num_successful_assignments"], answer["num_already_associated"]) == (2, 1)
    assert [one["user_email"] for one in answer["license_assignments"]] == ["c@x.example", "a@x.example"]


def test_short_of_licenses_nothing_is_assigned(server: OpenEdxServer, plan: Plan) -> None:
    answer = assign(server, *(f"{n}@x.example" for n in range(4)))
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)
    assert plan.holders == []


def test_bad_input_is_told_by_its_place(server: OpenEdxServer) -> None:
    answer = assign(server, "a@x.example", "zoë@x.example")
    assert (answer.status_code, list(answer.json()["user_emails"])) == (400, ["1"])


def test_a_revoked_license_stays_and_another_one_takes_its_place(server: OpenEdxServer, plan: Plan) -> None:
    assign(server, "a@x.example")
    assert revoke(server, "a@x.example").status_code == 200
    assert assign(server, "a@x.example").json()["num_successful_assignments"] == 1
    statuses = sorted(row.status for row in plan.rows)
    assert (statuses.count(REVOKED), statuses.count(UNASSIGNED), len(statuses)) == (1, 2, 4)
    assert plan.described()["licenses"]["total"] == 3


def test_who_has_none_is_named(server: OpenEdxServer) -> None:
    assign(server, "a@x.example")
    partly = revoke(server, "a@x.example", "b@x.example")
    assert partly.status_code == 207
    assert [one["user_email"] for one in partly.json()["unsuccessful_revocations"]] == ["b@x.example"]
    assert revoke(server, "b@x.example").status_code == 404


def test_a_limit_of_revocations(server: OpenEdxServer, plan: Plan) -> None:
    plan.cap = 1
    for handle in ("a", "b"):
        plan.add(f"{handle}@x.example", ACTIVATED)
    assert revoke(server, "a@x.example", "b@x.example").status_code == 400
    assert revoke(server, "a@x.example").status_code == 200
    assert revoke(server, "b@x.example").status_code == 400


def test_while_somebody_assigns_it_is_locked(server: OpenEdxServer, plan: Plan) -> None:
    plan.locked = True
    assert assign(server, "a@x.example").status_code == 423


def test_it_lists_by_status_in_pages(server: OpenEdxServer) -> None:
    assign(server, "a@x.example", "b@x.example")
    first = ask(server, "licenses/?status=assigned,activated&page_size=1").json()
    second = ask(server, "licenses/?status=assigned,activated&page_size=1&page=2").json()
    assert (first["count"], bool(first["next"]), second["next"]) == (2, True, None)
    found = [row["user_email"] for page in (first, second) for row in page["results"]]
    assert found == ["a@x.example", "b@x.example"]
    assert ask(server, "licenses/?page=9").status_code == 404


@pytest.mark.parametrize("how", ["unheard", "unsaid", "half"])
def test_connections_end(server: OpenEdxServer, how: str) -> None:
    server.faults.arm(how, "assign", times=1)
    with pytest.raises(requests.RequestException):
        assign(server, "a@x.example")
    assert (server.plan.holders == []) == (how == "unheard")
    assert assign(server, "b@x.example").status_code == 200
