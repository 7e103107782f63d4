"""Objects by ids, deleted items, the organization, the application's own dates, and batches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers.entra import EntraServer, Kind, SteppedClock, Tenant, Trouble
from tests.servers.entra.client import ADVANCED, GraphClient

NOBODY = "00000000-0000-4000-8000-000000000000"


def batch(graph: GraphClient, *requests: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = graph.send("/$batch", method="POST", json={"requests": list(requests)})
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["responses"]}


def get(number: object, url: str, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "method": "GET", "url": url, **more}


def test_by_ids_of_any_type(graph: GraphClient, tenant: Tenant) -> None:
    ana, ben, *_ = tenant.users()
    group = tenant.add_group("Learners")
    tenant.delete_user(ben)
    path = "/directoryObjects/getByIds?$select=id,displayName"
    body = {"ids": [ana, ben, group, NOBODY]}
    rows = graph.send(path, method="POST", json=body).json()["value"]
    assert [row["displayName"] for row in rows] == ["Ana Cruz", "Learners"]
    rows = graph.send(path, method="POST", json=body | {"types": ["group"]}).json()["value"]
    assert [row["@odata.type"] for row in rows] == ["#microsoft.graph.group"]


@pytest.mark.parametrize("ids", [[], [NOBODY] * 1001, ["ana"], None])
def test_ids_that_are_refused(graph: GraphClient, ids: object) -> None:
    answer = graph.send("/directoryObjects/getByIds", method="POST", json={"ids": ids})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")


def test_deleted_people_wait_thirty_days(graph: GraphClient, tenant: Tenant, clock: SteppedClock) -> None:
    ana = tenant.users()[0]
    tenant.delete_user(ana)
    path = "/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime"
    (row,) = graph.rows(path)
    assert row == {
        "id": ana,
        "userPrincipalName": f"{ana.replace('-', '')}ana@contoso.test",
        "deletedDateTime": "2026-01-01T00:00:00Z",
    }
    assert graph.get(f"/directory/deletedItems/{ana}")["displayName"] == "Ana Cruz"
    assert graph.refused(f"/users/{ana}")[0] == 404
    clock.advance(days=30)
    graph.log_in()
    assert graph.rows(path) == []
    assert graph.refused(f"/directory/deletedItems/{ana}")[0] == 404
    with pytest.raises(ValueError, match="not among the deleted items"):
        tenant.restore_user(ana)


def test_a_login_is_free_again_when_its_owner_is_deleted(tenant: Tenant) -> None:
    ana, ben, *_ = tenant.users()
    with pytest.raises(ValueError, match="unique"):
        tenant.update_user(ben, userPrincipalName="ana@contoso.test")
    tenant.delete_user(ana)
    tenant.update_user(ben, userPrincipalName="ana@contoso.test")
    with pytest.raises(ValueError, match="unique"):
        tenant.restore_user(ana)


def test_the_organization(entra: EntraServer, graph: GraphClient, tenant: Tenant) -> None:
    assert graph.refused("/organization")[0] == 403
    entra.app.roles.add("Organization.Read.All")
    graph.log_in()
    (row,) = graph.get("/organization?$select=id,displayName,verifiedDomains")["value"]
    assert (row["id"], row["verifiedDomains"][0]["name"]) == (tenant.id, "contoso.test")


def test_an_application_reads_when_its_secret_ends(entra: EntraServer, graph: GraphClient) -> None:
    path = f"/applications(appId='{entra.client_id}')?$select=passwordCredentials,keyCredentials"
    assert graph.refused(path)[:2] == (403, "Authorization_RequestDenied")
    entra.app.roles.add("Application.Read.All")
    graph.log_in()
    (secret,) = graph.get(path)["passwordCredentials"]
    assert secret["endDateTime"] == "2028-01-01T00:00:00Z"
    assert secret["secretText"] is None
    assert entra.secret not in str(secret)
    assert graph.get(f"/applications/{entra.app.object_id}")["appId"] == entra.client_id
    principal = graph.get(f"/servicePrincipals(appId='{entra.client_id}')")
    assert (principal["accountEnabled"], principal["passwordCredentials"]) == (True, [])
    assert graph.refused(f"/applications(appId='{NOBODY}')")[0] == 404
    assert graph.refused(f"/servicePrincipals(appId='{NOBODY}')")[0] == 404


def test_a_batch_answers_each_by_its_id(graph: GraphClient, tenant: Tenant) -> None:
    ana = tenant.users()[0]
    answers = batch(
        graph,
        get(1, f"/users/{ana}?$select=displayName"),
        get(2, f"users/{NOBODY}"),
        get(3, "/users?$count=true&$top=1", headers=ADVANCED),
        get(4, "/v1.0/users"),
        get(5, "https://graph.microsoft.com/v1.0/users"),
        get(6, "/users", dependsOn=["2"]),
    )
    assert answers["1"]["body"]["displayName"] == "Ana Cruz"
    assert [answers[number]["status"] for number in "123456"] == [200, 404, 200, 400, 400, 424]
    assert answers["3"]["body"]["@odata.count"] == 5
    assert answers["4"]["body"]["error"]["message"] == "Resource not found for the segment 'v1.0'."
    assert graph.get(answers["3"]["body"]["@odata.nextLink"], **ADVANCED)["value"]


def test_answers_of_a_batch_are_not_in_the_order_of_the_questions(graph: GraphClient) -> None:
    assert list(batch(graph, get(1, "/users"), get(2, "/groups"))) == ["2", "1"]


def test_one_of_a_batch_may_be_throttled(entra: EntraServer, graph: GraphClient) -> None:
    entra.weather.arm(Trouble(Kind.THROTTLED, path="/groups", retry_after="7"))
    answers = batch(graph, get(1, "/users"), get(2, "/groups"))
    assert answers["1"]["status"] == 200
    assert (answers["2"]["status"], answers["2"]["headers"]["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([get(n, "/users") for n in range(21)], "exceeds the maximum value of 20"),
        ([get(1, "/users"), get(1, "/groups")], "must be unique"),
        ([], "Invalid batch payload format"),
        ([{"id": "1", "method": "GET"}], "Invalid batch payload format"),
        ([get(1, "/$batch")], "cannot be nested"),
    ],
)
def test_batches_that_are_refused_as_a_whole(graph: GraphClient, requests: object, words: str) -> None:
    answer = graph.send("/$batch", method="POST", json={"requests": requests})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert words in answer.json()["error"]["message"]
