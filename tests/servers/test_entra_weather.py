"""Each kind of bad weather does what it says, as often as it says, and can be counted."""

from __future__ import annotations

from itertools import pairwise

import pytest
import requests

from tests.servers.entra import Budget, EntraServer, Kind, Limits, SteppedClock, Tenant, Trouble
from tests.servers.entra.client import GraphClient


def statuses(graph: GraphClient, path: str, count: int) -> list[int]:
    return [graph.send(path).status_code for _ in range(count)]


@pytest.mark.parametrize("retry_after", ["3", "2.5", "Thu, 01 Jan 2026 00:00:03 GMT", ""])
def test_throttled_twice_then_served(entra: EntraServer, graph: GraphClient, retry_after: str) -> None:
    entra.weather.arm(Trouble(Kind.THROTTLED, path="/users", times=2, retry_after=retry_after))
    response = graph.send("/users")
    assert response.headers.get("Retry-After", "") == retry_after
    error = response.json()["error"]
    assert (error["code"], error["innerError"]["code"]) == ("TooManyRequests", "429")
    assert statuses(graph, "/users", 2) == [429, 200]
    assert entra.weather.struck == {Kind.THROTTLED: 2}
    assert [one.status for one in entra.asked("/users")] == [429, 429, 200]


def test_some_of_all_requests(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.THROTTLED, percent=30, times=None))
    found = statuses(graph, "/users", 200)
    assert 40 < found.count(429) < 80
    assert found.count(429) == entra.weather.struck[Kind.THROTTLED]
    entra.weather.heal()
    assert set(statuses(graph, "/users", 5)) == {200}


def test_only_these_requests_and_only_later(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.UNAVAILABLE, path="/users", query="$skiptoken", after=1))
    first = graph.get("/users?$top=1")
    second = graph.get(first["@odata.nextLink"])
    assert graph.refused(second["@odata.nextLink"])[:2] == (503, "ServiceUnavailable")
    assert graph.get("/groups")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (Kind.UNAVAILABLE, 503, "ServiceUnavailable"),
        (Kind.GATEWAY_TIMEOUT, 504, "UnknownError"),
        (Kind.SERVER_ERROR, 500, "InternalServerError"),
        (Kind.TOKEN_REFUSED, 401, "InvalidAuthenticationToken"),
        (Kind.PAGE_EXPIRED, 400, "Directory_ExpiredPageToken"),
        (Kind.RESYNC_REQUIRED, 410, "resyncRequired"),
        (Kind.SYNC_STATE_NOT_FOUND, 400, "syncStateNotFound"),
    ],
)
def test_refusals_on_demand(
    entra: EntraServer, graph: GraphClient, kind: Kind, status: int, code: str
) -> None:
    entra.weather.arm(Trouble(kind))
    assert graph.refused("/users/delta")[:2] == (status, code)
    assert graph.get("/users/delta")


def test_gone_says_where_to_start_over(entra: EntraServer, graph: GraphClient, tenant: Tenant) -> None:
    _, link = graph.round("/users/delta")
    entra.weather.arm(Trouble(Kind.GONE, path="/users/delta"))
    response = graph.send(link)
    assert response.status_code == 410
    assert response.headers["Location"].endswith("/users/delta?$deltatoken=")
    assert len(graph.round(response.headers["Location"])[0]) == len(tenant.users())


def test_a_page_that_is_not_json(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.NOT_JSON))
    response = graph.send("/users")
    assert (response.status_code, response.headers["Content-Type"]) == (502, "text/html")


def test_a_connection_that_is_reset(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.RESET))
    with pytest.raises(requests.ConnectionError):
        graph.send("/users")
    assert entra.log[-1].status == 0
    assert graph.get("/users")


def test_a_body_cut_short(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.TRUNCATED))
    with pytest.raises(requests.RequestException, match="Connection broken"):
        graph.send("/users")


def test_half_a_body_in_whole_http(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.HALF))
    response = graph.send("/users")
    assert response.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        response.json()


def test_somebody_at_work_meanwhile(entra: EntraServer, graph: GraphClient, tenant: Tenant) -> None:
    entra.weather.arm(
        Trouble(Kind.MEANWHILE, path="/users", after=1, meanwhile=lambda: tenant.add_user(displayName="New"))
    )
    assert [len(page["value"]) for page in graph.pages("/users?$top=3")] == [3, 3]


def test_a_body_that_stalls(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.STALLED))
    graph.patience = 0.3
    with pytest.raises(requests.RequestException, match="timed out"):
        graph.send("/users")


def test_a_slow_answer(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.SLOW, seconds=0.4))
    graph.patience = 0.2
    with pytest.raises(requests.ReadTimeout):
        graph.send("/users")
    graph.patience = 10
    assert graph.get("/users")


def test_a_link_to_another_host(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.FOREIGN_LINK, path="/users"))
    assert graph.get("/users")["@odata.nextLink"].startswith(f"https://127.0.0.1:{entra.port}/v1.0/users")


def test_pages_that_go_round_in_circles(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.LOOP, path="/users", query="$skiptoken", times=None))
    first = graph.get("/users?$top=2&$filter=startsWith(displayName,'D') or department eq 'IT'")
    second = graph.get(first["@odata.nextLink"])
    third = graph.get(second["@odata.nextLink"])
    assert second["value"] == third["value"]


def test_an_empty_page_with_a_next_one(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.EMPTY_PAGE, path="/users/delta"))
    pages = graph.pages("/users/delta")
    assert [len(page["value"]) for page in pages] == [0, 5]


def test_rows_that_are_repeated(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.REPEATED, path="/users/delta"))
    rows, _ = graph.round("/users/delta?$select=displayName")
    assert len(rows) == 10


def test_changes_that_are_told_again(entra: EntraServer, graph: GraphClient, tenant: Tenant) -> None:
    _, link = graph.round("/users/delta?$select=department")
    tenant.update_user(tenant.users()[0], department="Sales")
    first, link = graph.round(link)
    entra.graph.limits = Limits(replayed_changes=1)
    again, link = graph.round(link)
    assert first == again != []


def test_a_replica_that_lags(entra: EntraServer, graph: GraphClient, tenant: Tenant) -> None:
    _, link = graph.round("/users/delta?$select=displayName")
    entra.stand_still()
    new = tenant.add_user(displayName="New", userPrincipalName="new@contoso.test")
    tenant.delete_user(tenant.users()[0])
    rows, link = graph.round(link)
    assert rows == []
    assert "New" not in graph.names("/users")
    assert graph.refused("/users/new@contoso.test")[0] == 404
    entra.catch_up()
    rows, _ = graph.round(link)
    assert {row["id"] for row in rows} >= {new}
    assert len(rows) == 2
    assert "New" in graph.names("/users")


def test_a_server_whose_clock_is_ahead(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.skew = 3599
    assert graph.refused("/users")[0] == 401
    graph.log_in()
    assert graph.send("/users").headers["Date"] == "Thu, 01 Jan 2026 00:59:59 GMT"


def test_a_budget_of_resource_units(entra: EntraServer, graph: GraphClient, clock: SteppedClock) -> None:
    entra.weather.budget = Budget(units=10, seconds=10)
    found = [graph.send("/users") for _ in range(6)]
    assert [one.status_code for one in found] == [200] * 5 + [429]
    assert found[0].headers["x-ms-resource-unit"] == "2"
    assert "x-ms-throttle-limit-percentage" not in found[2].headers
    assert found[4].headers["x-ms-throttle-limit-percentage"] == "1.00"
    assert found[5].headers["Retry-After"] == "2"
    assert found[5].headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    clock.advance(seconds=2)
    assert statuses(graph, "/users?$select=id", 3) == [200, 200, 429]
    assert entra.weather.budget.refused == 2


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("/users", 2),
        ("/users?$select=id", 1),
        ("/users?$top=5", 1),
        ("/users?$select=id&$top=5", 1),
        ("/users?$expand=manager", 3),
        ("/users/ana@contoso.test", 1),
        ("/users/delta", 1),
        ("/groups", 1),
        ("/groups/GROUP/members", 3),
        ("/groups/GROUP/transitiveMembers", 5),
        ("/users/ana@contoso.test/memberOf", 2),
    ],
)
def test_what_a_request_costs(graph: GraphClient, tenant: Tenant, path: str, units: int) -> None:
    group = tenant.add_group("Learners")
    assert graph.send(path.replace("GROUP", group)).headers["x-ms-resource-unit"] == str(units)


def test_trouble_at_the_login(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.UNAVAILABLE, path="*/token"), Trouble(Kind.THROTTLED, path="*/token"))
    assert graph.token()["error_codes"] == [90033]
    assert graph.token()["error"] == "temporarily_unavailable"
    assert "access_token" in graph.token()


def test_the_log_has_what_was_asked_in_order(entra: EntraServer, graph: GraphClient) -> None:
    graph.pages("/users?$top=2", client_request_id="syncd-7")
    asked = entra.asked("/users")
    assert [one.status for one in asked] == [200, 200, 200]
    assert all(one.headers["client-request-id"] == "syncd-7" for one in asked)
    assert all(a.query.get("$skiptoken") != b.query["$skiptoken"] for a, b in pairwise(asked))


def test_one_connection_serves_many_requests(entra: EntraServer, graph: GraphClient) -> None:
    before = entra.connections
    statuses(graph, "/users", 5)
    assert entra.connections == before
