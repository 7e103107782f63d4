"""/users: what is shown, in pages, and what Graph refuses."""

from __future__ import annotations

import pytest

from tests.servers.entra import EntraServer, SteppedClock, Tenant
from tests.servers.entra.client import ADVANCED, GraphClient
from tests.servers.entra.properties import USER

NOBODY = "00000000-0000-4000-8000-000000000000"


def test_without_select_only_the_usual_properties(graph: GraphClient) -> None:
    (ana, *_) = graph.get("/users")["value"]
    assert set(ana) == set(USER.standard)
    assert ana["jobTitle"] is None
    assert ana["businessPhones"] == []


def test_select_shows_what_it_names_and_null_for_the_rest(graph: GraphClient) -> None:
    (ana, *_) = graph.get("/users?$select=accountEnabled,employeeId,otherMails")["value"]
    assert ana == {"accountEnabled": True, "employeeId": None, "otherMails": []}


def test_extension_properties_are_selected_by_their_full_names(tenant: Tenant, graph: GraphClient) -> None:
    name = f"extension_{'a1' * 16}_costCenter"
    user = tenant.add_user(**{name: "4711"}, onPremisesExtensionAttributes={"extensionAttribute1": "x"})
    row = graph.get(f"/users/{user}?$select={name},onPremisesExtensionAttributes")
    assert row[name] == "4711"
    assert len(row["onPremisesExtensionAttributes"]) == 15


def test_pages_follow_their_links_to_the_end(graph: GraphClient) -> None:
    pages = graph.pages("/users?$top=2&$select=displayName")
    assert [len(page["value"]) for page in pages] == [2, 2, 1]
    assert "$skiptoken=" in pages[0]["@odata.nextLink"]
    assert "$select=displayName" in pages[0]["@odata.nextLink"]
    assert len({row["displayName"] for page in pages for row in page["value"]}) == 5


def test_a_hundred_on_a_page_unless_told(tenant: Tenant, graph: GraphClient) -> None:
    for _ in range(120):
        tenant.add_user()
    assert [len(page["value"]) for page in graph.pages("/users")] == [100, 25]
    assert len(graph.pages("/users?$top=999")) == 1


def test_who_comes_and_goes_meanwhile_disturbs_no_page(tenant: Tenant, graph: GraphClient) -> None:
    first = graph.get("/users?$top=2")
    tenant.delete_user(first["value"][0]["id"])
    tenant.add_user(displayName="New")
    rest = graph.names(first["@odata.nextLink"])
    assert rest == ["Chloé Dubois", "Dmitri Petrov", "Zoë 佐藤", "New"]


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("$top=1000", "Request_BadRequest", "Invalid page size specified: '1000'. Must be between 1 and 999"),
        ("$top=0", "Request_BadRequest", "Invalid page size specified: '0'"),
        ("$top=x", "BadRequest", "Invalid value 'x' for $top"),
        ("$skip=1", "Request_BadRequest", "'$skip' is not supported"),
        ("$select=shoeSize", "BadRequest", "Could not find a property named 'shoeSize'"),
        ("$foo=1", "Request_BadRequest", "Unrecognized query argument specified: '$foo'."),
        ("foo=1", "Request_BadRequest", "Unrecognized query argument specified: 'foo'."),
        ("$expand=shoes", "BadRequest", "Could not find a property named 'shoes'"),
        ("$skiptoken=abc", "Request_BadRequest", "Badly formed token."),
    ],
)
def test_a_wrong_query_is_refused(graph: GraphClient, query: str, code: str, words: str) -> None:
    status, got, message = graph.refused(f"/users?{query}")
    assert (status, got) == (400, code)
    assert words in message


def test_properties_of_the_mailbox_are_not_for_lists(graph: GraphClient) -> None:
    assert graph.refused("/users?$select=skills")[:2] == (501, "NotImplemented")


def test_a_link_goes_stale(graph: GraphClient, clock: SteppedClock) -> None:
    link = graph.get("/users?$top=2")["@odata.nextLink"]
    clock.advance(seconds=1801)
    graph.log_in()
    assert graph.refused(link)[:2] == (400, "Directory_ExpiredPageToken")


def test_a_link_wants_the_header_it_was_made_with(graph: GraphClient) -> None:
    link = graph.get("/users?$top=2&$count=true", **ADVANCED)["@odata.nextLink"]
    assert graph.refused(link)[:2] == (400, "Directory_ExpiredPageToken")
    assert graph.get(link, **ADVANCED)["value"]


def test_one_person_by_id_or_login(graph: GraphClient, tenant: Tenant) -> None:
    ben = tenant.users()[1]
    assert graph.get(f"/users/{ben}")["displayName"] == "Ben Ito"
    assert graph.get("/users/BEN@contoso.test")["id"] == ben
    assert graph.refused(f"/users/{NOBODY}")[:2] == (404, "Request_ResourceNotFound")


def test_managers(graph: GraphClient, tenant: Tenant) -> None:
    ana, ben, *_ = tenant.users()
    tenant.set_manager(ben, ana)
    assert graph.get(f"/users/{ben}/manager?$select=displayName")["displayName"] == "Ana Cruz"
    assert graph.refused(f"/users/{ana}/manager")[:2] == (404, "Request_ResourceNotFound")
    rows = graph.rows("/users?$select=displayName&$expand=manager($select=id)")
    assert [row["manager"]["id"] for row in rows if "manager" in row] == [ana]
    tenant.delete_user(ana)
    assert graph.refused(f"/users/{ben}/manager")[0] == 404


def test_basic_permission_sees_the_rest_as_if_never_set(entra: EntraServer, graph: GraphClient) -> None:
    entra.app.roles = {"User.ReadBasic.All"}
    graph.log_in()
    (ana, *_) = graph.get("/users?$select=displayName,department,accountEnabled")["value"]
    assert ana == {"displayName": "Ana Cruz", "department": None, "accountEnabled": None}


def test_basic_permission_filters_by_nothing_else(entra: EntraServer, graph: GraphClient) -> None:
    entra.app.roles = {"User.ReadBasic.All"}
    graph.log_in()
    assert graph.names("/users?$filter=mail eq 'ben@contoso.test'") == ["Ben Ito"]
    assert graph.refused("/users?$filter=department eq 'IT'")[0] == 403


def test_requests_are_told_apart(graph: GraphClient) -> None:
    response = graph.send("/users", client_request_id="syncd-7")
    assert response.headers["client-request-id"] == "syncd-7"
    assert response.headers["request-id"]
    assert response.headers["Content-Type"].startswith("application/json;odata.metadata=minimal")


@pytest.mark.parametrize("path", ["/shoes", "/users/a/b/c"])
def test_an_unknown_path_is_a_bad_request(graph: GraphClient, path: str) -> None:
    assert graph.refused(path)[:2] == (400, "BadRequest")


def test_only_reading_is_offered(graph: GraphClient) -> None:
    assert graph.send("/users", method="POST", json={}).status_code == 405
