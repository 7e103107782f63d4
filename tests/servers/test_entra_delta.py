"""/users/delta: everything once, then what has changed, and how a delta ends."""

from __future__ import annotations

import pytest

from tests.servers.entra import EntraServer, Limits, SteppedClock, Tenant
from tests.servers.entra.client import ADVANCED, GraphClient

SELECT = "$select=displayName,department,manager"


def test_at_first_everybody_then_only_changes(graph: GraphClient, tenant: Tenant) -> None:
    rows, link = graph.round(f"/users/delta?{SELECT}")
    assert len(rows) == 5
    assert set(rows[0]) == {"id", "displayName", "department"}
    assert graph.round(link)[0] == []
    ben = tenant.users()[1]
    tenant.update_user(ben, department="Sales")
    assert graph.round(link)[0] == [{"id": ben, "displayName": "Ben Ito", "department": "Sales"}]


def test_pages_are_of_the_servers_choosing(entra: EntraServer, graph: GraphClient) -> None:
    entra.graph.limits = Limits(delta_users=2)
    assert [len(page["value"]) for page in graph.pages("/users/delta")] == [2, 2, 1]


def test_what_changes_during_the_first_round_is_told_in_the_next(
    entra: EntraServer, graph: GraphClient, tenant: Tenant
) -> None:
    entra.graph.limits = Limits(delta_users=2)
    first = graph.get(f"/users/delta?{SELECT}")
    seen, unseen = first["value"][0]["id"], tenant.users()[4]
    tenant.update_user(seen, department="Sales")
    tenant.delete_user(unseen)
    new = tenant.add_user(displayName="New")
    rows, link = graph.round(first["@odata.nextLink"])
    assert {row["id"] for row in rows} == set(tenant.users()[2:4])
    rows, _ = graph.round(link)
    assert {row["id"] for row in rows} == {seen, unseen, new}


def test_a_property_not_selected_causes_no_row(graph: GraphClient, tenant: Tenant) -> None:
    _, link = graph.round("/users/delta?$select=displayName")
    tenant.update_user(tenant.users()[0], department="Sales")
    assert graph.round(link)[0] == []


def test_never_set_is_absent_and_cleared_is_null(graph: GraphClient, tenant: Tenant) -> None:
    ana = tenant.users()[0]
    rows, link = graph.round("/users/delta?$select=mail,jobTitle")
    assert "jobTitle" not in rows[0]
    tenant.update_user(ana, mail=None)
    assert graph.round(link)[0] == [{"id": ana, "mail": None}]


def test_minimal_shows_only_what_has_changed(graph: GraphClient, tenant: Tenant) -> None:
    ana = tenant.users()[0]
    _, link = graph.round(f"/users/delta?{SELECT}")
    tenant.update_user(ana, department="Sales")
    new = tenant.add_user(displayName="New", department="IT")
    rows, _ = graph.round(link, Prefer="return=minimal")
    assert rows == [
        {"id": ana, "department": "Sales"},
        {"id": new, "displayName": "New", "department": "IT"},
    ]


def test_deleted_restored_and_gone(graph: GraphClient, tenant: Tenant) -> None:
    ana = tenant.users()[0]
    _, link = graph.round(f"/users/delta?{SELECT}")
    tenant.delete_user(ana)
    rows, link = graph.round(link)
    assert rows == [{"id": ana, "@removed": {"reason": "changed"}}]
    tenant.restore_user(ana)
    rows, link = graph.round(link)
    assert rows == [{"id": ana, "displayName": "Ana Cruz", "department": "IT"}]
    tenant.purge_user(ana)
    rows, link = graph.round(link)
    assert rows == [{"id": ana, "@removed": {"reason": "deleted"}}]


def test_after_thirty_days_a_deleted_person_is_gone(
    graph: GraphClient, tenant: Tenant, clock: SteppedClock
) -> None:
    ana = tenant.users()[0]
    _, link = graph.round(f"/users/delta?{SELECT}")
    tenant.delete_user(ana)
    for _ in range(5):  # a token lives for seven days
        _, link = graph.round(link)
        clock.advance(days=6)
        graph.log_in()
    assert graph.round(link)[0] == [{"id": ana, "@removed": {"reason": "deleted"}}]


def test_the_manager_is_a_link_of_its_own(graph: GraphClient, tenant: Tenant) -> None:
    ana, ben, chloe, *_ = tenant.users()
    tenant.set_manager(ben, ana)
    rows, link = graph.round(f"/users/delta?{SELECT}")
    shown = {row["id"]: row.get("manager@delta") for row in rows}
    assert shown[ben] == [{"@odata.type": "#microsoft.graph.user", "id": ana}]
    assert shown[ana] is None
    tenant.set_manager(ben, chloe)
    rows, _ = graph.round(link)
    assert rows[0]["manager@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": ana, "@removed": {"reason": "deleted"}},
        {"@odata.type": "#microsoft.graph.user", "id": chloe},
    ]


def test_latest_starts_from_now(graph: GraphClient, tenant: Tenant) -> None:
    rows, link = graph.round(f"/users/delta?{SELECT}&$deltatoken=latest")
    assert rows == []
    new = tenant.add_user(displayName="New")
    assert [row["id"] for row in graph.round(link)[0]] == [new]


def test_an_empty_token_starts_over(graph: GraphClient) -> None:
    assert len(graph.round("/users/delta?$deltatoken=")[0]) == 5


def test_only_these_ids(graph: GraphClient, tenant: Tenant) -> None:
    ana, ben, *_ = tenant.users()
    rows, link = graph.round(f"/users/delta?{SELECT}&$filter=id eq '{ana}' or id eq '{ben}'")
    assert [row["id"] for row in rows] == [ana, ben]
    tenant.update_user(tenant.users()[2], department="Sales")
    assert graph.round(link)[0] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$top=10", "Request_BadRequest"),
        ("$orderby=displayName", "Request_BadRequest"),
        ("$expand=manager", "Request_BadRequest"),
        ("$count=true", "Request_BadRequest"),
        ("$filter=department eq 'IT'", "Request_UnsupportedQuery"),
        ("deltatoken=latest", "Request_BadRequest"),
        ("$deltatoken=abc", "Request_BadRequest"),
        ("$skiptoken=abc", "Request_BadRequest"),
        ("$select=skills", "Request_BadRequest"),
        ("$select=shoeSize", "BadRequest"),
    ],
)
def test_what_a_delta_does_not_take(graph: GraphClient, query: str, code: str) -> None:
    assert graph.refused(f"/users/delta?{query}", **ADVANCED)[:2] == (400, code)


def test_more_than_fifty_ids_are_refused(graph: GraphClient) -> None:
    clauses = " or ".join(f"id eq '{number}'" for number in range(51))
    assert graph.refused(f"/users/delta?$filter={clauses}")[0] == 400


def test_a_token_lives_seven_days(graph: GraphClient, clock: SteppedClock) -> None:
    _, link = graph.round("/users/delta")
    clock.advance(days=7)
    graph.log_in()
    _, link = graph.round(link)  # each round prolongs it
    clock.advance(days=7, seconds=1)
    graph.log_in()
    assert graph.refused(link)[:2] == (400, "syncStateNotFound")


def test_basic_permission_is_not_enough(entra: EntraServer, graph: GraphClient) -> None:
    entra.app.roles = {"User.ReadBasic.All"}
    graph.log_in()
    assert graph.refused("/users/delta")[:2] == (403, "Authorization_RequestDenied")
