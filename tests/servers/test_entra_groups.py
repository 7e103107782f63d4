"""/groups, their members of every kind, and the groups somebody is in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers.entra import EntraServer, Limits, SteppedClock, Tenant
from tests.servers.entra.client import ADVANCED, GraphClient

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def mixed(tenant: Tenant) -> str:
    """A group of Ana, a device, a service principal, a contact, and a group of Ben and of this one."""
    ana, ben, *_ = tenant.users()
    inner = tenant.add_group("Inner", [ben])
    others = [tenant.add_device("Laptop"), tenant.add_service_principal("Backup"), tenant.add_contact("Eve")]
    outer = tenant.add_group("Outer", [ana, inner, *others])
    tenant.add_member(inner, outer)
    return outer


def kinds(rows: list[dict[str, Any]]) -> list[str]:
    return [row["@odata.type"].rpartition(".")[2] for row in rows]


def test_a_group_by_its_name(graph: GraphClient, tenant: Tenant, mixed: str) -> None:
    tenant.add_group("O'Neil's")
    assert graph.rows("/groups?$filter=displayName eq 'outer'&$select=id") == [{"id": mixed}]
    assert graph.names("/groups?$filter=displayName eq 'O''Neil''s'") == ["O'Neil's"]
    assert graph.get(f"/groups/{mixed}?$select=displayName,securityEnabled")["securityEnabled"] is True


def test_a_malformed_id_is_not_an_absent_one(graph: GraphClient) -> None:
    assert graph.refused("/groups/Outer") == (
        400,
        "Request_BadRequest",
        "Invalid object identifier 'Outer'.",
    )
    assert graph.refused(f"/groups/{NOBODY}")[:2] == (404, "Request_ResourceNotFound")


def test_direct_members_are_of_every_kind(entra: EntraServer, graph: GraphClient, mixed: str) -> None:
    entra.app.roles.add("Directory.Read.All")
    graph.log_in()
    rows = graph.rows(f"/groups/{mixed}/members?$select=id,displayName,department")
    assert sorted(kinds(rows)) == ["device", "group", "orgContact", "servicePrincipal", "user"]
    (laptop,) = [row for row in rows if row["@odata.type"].endswith("device")]
    assert (laptop["displayName"], "department" in laptop) == ("Laptop", False)


def test_what_one_may_not_read_has_an_id_only(graph: GraphClient, mixed: str) -> None:
    rows = graph.rows(f"/groups/{mixed}/members")
    shown = {row["@odata.type"].rpartition(".")[2]: row["displayName"] for row in rows}
    assert shown == {
        "user": "Ana Cruz",
        "group": "Inner",
        "device": None,
        "servicePrincipal": None,
        "orgContact": None,
    }
    assert all(row["id"] for row in rows)


def test_casts_are_advanced_queries(graph: GraphClient, mixed: str) -> None:
    path = f"/groups/{mixed}/members/microsoft.graph.user"
    assert graph.refused(path)[:2] == (400, "Request_UnsupportedQuery")
    assert graph.refused(path, **ADVANCED)[:2] == (400, "Request_UnsupportedQuery")
    page = graph.get(f"{path}?$count=true", **ADVANCED)
    assert (page["@odata.count"], kinds(page["value"])) == (1, ["user"])


def test_transitive_members_go_round_a_circle_once(graph: GraphClient, mixed: str) -> None:
    path = f"/groups/{mixed}/transitiveMembers"
    assert sorted(kinds(graph.rows(path))) == [
        *("device", "group", "orgContact", "servicePrincipal"),
        *("user", "user"),
    ]
    users = graph.names(f"{path}/microsoft.graph.user?$count=true", **ADVANCED)
    assert sorted(users) == ["Ana Cruz", "Ben Ito"]
    assert graph.send(f"{path}/$count", **ADVANCED).text == "6"
    assert graph.refused(f"{path}/$count")[2] == "$count is not currently supported."


def test_members_come_in_pages(graph: GraphClient, tenant: Tenant) -> None:
    group = tenant.add_group("Many", [tenant.add_user() for _ in range(120)])
    assert [len(page["value"]) for page in graph.pages(f"/groups/{group}/members")] == [100, 20]
    cast = f"/groups/{group}/members/microsoft.graph.user?$count=true&$top=50"
    pages = graph.pages(cast, **ADVANCED)
    assert [len(page["value"]) for page in pages] == [50, 50, 20]
    assert [page.get("@odata.count") for page in pages] == [120, None, None]


def test_deleted_members_are_not_shown_and_come_back(graph: GraphClient, tenant: Tenant, mixed: str) -> None:
    ana = tenant.users()[0]
    tenant.delete_user(ana)
    assert "user" not in kinds(graph.rows(f"/groups/{mixed}/members"))
    tenant.restore_user(ana)
    assert "user" in kinds(graph.rows(f"/groups/{mixed}/members"))


def test_the_groups_somebody_is_in(graph: GraphClient, tenant: Tenant, mixed: str) -> None:
    ben = tenant.users()[1]
    assert graph.names(f"/users/{ben}/memberOf") == ["Inner"]
    assert sorted(graph.names(f"/users/{ben}/transitiveMemberOf")) == ["Inner", "Outer"]
    cast = f"/users/{ben}/memberOf/microsoft.graph.group"
    assert graph.refused(cast)[1] == "Request_UnsupportedQuery"
    assert graph.names(f"{cast}?$count=true", **ADVANCED) == ["Inner"]
    inner = tenant.groups()["Inner"]
    body = {"groupIds": [mixed, tenant.add_group("Elsewhere")]}
    answer = graph.send(f"/users/{ben}/checkMemberGroups", method="POST", json=body)
    assert answer.json()["value"] == [mixed]
    every = graph.send(f"/users/{ben}/getMemberGroups", method="POST", json={"securityEnabledOnly": True})
    assert sorted(every.json()["value"]) == sorted([inner, mixed])


def test_twenty_groups_at_a_time(graph: GraphClient, tenant: Tenant) -> None:
    path = f"/users/{tenant.users()[0]}/checkMemberGroups"
    for asked in ([], [NOBODY] * 21, ["Inner"]):
        answer = graph.send(path, method="POST", json={"groupIds": asked})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")


def test_groups_need_a_permission_of_their_own(entra: EntraServer, graph: GraphClient, mixed: str) -> None:
    entra.app.roles = {"User.Read.All"}
    graph.log_in()
    for path in ("/groups", f"/groups/{mixed}", f"/groups/{mixed}/members", "/groups/delta"):
        assert graph.refused(path)[:2] == (403, "Authorization_RequestDenied")
    (inner,) = graph.rows("/users/ben@contoso.test/memberOf")
    assert inner["displayName"] is None


def test_a_delta_of_groups_tells_of_members(graph: GraphClient, tenant: Tenant, mixed: str) -> None:
    ana, ben, chloe, *_ = tenant.users()
    empty = tenant.add_group("Empty")
    rows, link = graph.round("/groups/delta?$select=displayName,members")
    by_id = {row["id"]: row for row in rows}
    assert sorted(kinds(by_id[mixed]["members@delta"])) == [
        *("device", "group", "orgContact", "servicePrincipal", "user"),
    ]
    assert by_id[empty] == {"id": empty, "displayName": "Empty"}
    tenant.remove_member(mixed, ana)
    tenant.add_member(mixed, chloe)
    tenant.add_member(mixed, ben)
    tenant.remove_member(mixed, ben)
    rows, link = graph.round(link)
    user = "#microsoft.graph.user"
    assert rows == [
        {
            "id": mixed,
            "displayName": "Outer",
            "members@delta": [
                {"@odata.type": user, "id": ana, "@removed": {"reason": "deleted"}},
                {"@odata.type": user, "id": ben, "@removed": {"reason": "deleted"}},
                {"@odata.type": user, "id": chloe},
            ],
        }
    ]
    tenant.delete_group(mixed)
    gone, inner = graph.round(link)[0]
    assert gone == {"id": mixed, "@removed": {"reason": "deleted"}}
    assert [link["id"] for link in inner["members@delta"]] == [mixed]  # it was a member itself


def test_a_deleted_member_is_told_of_only_when_it_is_gone_for_good(
    graph: GraphClient, tenant: Tenant, clock: SteppedClock
) -> None:
    ana, ben, *_ = tenant.users()
    group = tenant.add_group("Learners", [ana, ben])
    _, link = graph.round("/groups/delta?$select=members")
    tenant.delete_user(ana)
    rows, link = graph.round(link)
    assert rows == []
    clock.advance(days=30)
    graph.log_in()
    assert graph.refused(link)[1] == "syncStateNotFound"
    rows, link = graph.round("/groups/delta?$select=members&$deltatoken=latest")
    tenant.purge_user(ben)
    ((row,), _) = graph.round(link)
    user = "#microsoft.graph.user"
    removed = {"@odata.type": user, "id": ben, "@removed": {"reason": "deleted"}}
    assert row == {"id": group, "members@delta": [removed]}
    assert graph.rows(f"/groups/{group}/members") == []


def test_a_microsoft_365_group_can_be_restored(graph: GraphClient, tenant: Tenant) -> None:
    group = tenant.add_group("Team", groupTypes=["Unified"], mailEnabled=True)
    _, link = graph.round("/groups/delta")
    tenant.delete_group(group)
    assert graph.round(link)[0] == [{"id": group, "@removed": {"reason": "changed"}}]


def test_a_large_group_is_told_on_several_pages(
    entra: EntraServer, graph: GraphClient, tenant: Tenant
) -> None:
    entra.graph.limits = Limits(delta_links=3)
    people = tenant.users()
    many, few = tenant.add_group("Many", people), tenant.add_group("Few", people[:2])
    first = graph.get("/groups/delta?$select=members")
    assert [len(row["members@delta"]) for row in first["value"]] == [3]
    tenant.remove_member(many, people[0])  # shifts no one past us
    rows, link = graph.round(first["@odata.nextLink"])
    seen = [member["id"] for row in [*first["value"], *rows] for member in row["members@delta"]]
    assert [row["id"] for row in [*first["value"], *rows]] == [many, many, few]
    assert seen == [*people, *people[:2]]
    assert len(graph.round(link)[0]) == 1


def test_a_delta_without_members_ignores_them(graph: GraphClient, tenant: Tenant, mixed: str) -> None:
    _, link = graph.round("/groups/delta?$select=displayName")
    tenant.add_member(mixed, tenant.users()[3])
    assert graph.round(link)[0] == []
