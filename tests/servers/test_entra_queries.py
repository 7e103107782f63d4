"""$filter, $orderby and $count: what works by default, what in advanced queries, and what never does."""

from __future__ import annotations

import pytest

from tests.servers.entra import Tenant
from tests.servers.entra.client import ADVANCED, GraphClient

UNSUPPORTED = (400, "Request_UnsupportedQuery")


@pytest.fixture(autouse=True)
def people(tenant: Tenant) -> None:
    ana, ben, chloe, dmitri, zoe = tenant.users()
    tenant.update_user(ana, companyName="Contoso", employeeId="E1", proxyAddresses=["SMTP:ana@contoso.test"])
    tenant.update_user(ben, companyName="Fabrikam", accountEnabled=False, otherMails=["ben@home.test"])
    tenant.update_user(chloe, department="Sales", userType="Guest", employeeType="Contractor")
    tenant.update_user(dmitri, onPremisesSyncEnabled=True, onPremisesImmutableId="aW1t")
    tenant.update_user(zoe, mail=None, onPremisesExtensionAttributes={"extensionAttribute1": "learner"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("department eq 'sales'", ["Chloé Dubois"]),
        ("department eq 'IT' and accountEnabled eq false", ["Ben Ito"]),
        ("startsWith(displayName,'chl') or startswith(displayName, 'Zo')", ["Chloé Dubois", "Zoë 佐藤"]),
        ("userType eq 'Guest'", ["Chloé Dubois"]),
        ("mail in ('ana@contoso.test', 'ben@contoso.test')", ["Ana Cruz", "Ben Ito"]),
        (
            "(department eq 'Sales' or employeeId eq 'E1') and accountEnabled eq true",
            ["Ana Cruz", "Chloé Dubois"],
        ),
        ("proxyAddresses/any(p:p eq 'smtp:ana@contoso.test')", ["Ana Cruz"]),
        ("otherMails/any(x:startswith(x,'ben@'))", ["Ben Ito"]),
        ("onPremisesSyncEnabled eq true", ["Dmitri Petrov"]),
        ("createdDateTime ge 2030-01-01T00:00:00Z", []),
    ],
)
def test_filters_that_work_by_default(graph: GraphClient, text: str, found: list[str]) -> None:
    assert graph.names(f"/users?$filter={text}") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("companyName eq 'Contoso'", ["Ana Cruz"]),
        ("department ne 'IT'", ["Chloé Dubois"]),
        ("not startsWith(displayName,'Ana') and department eq 'IT' and not (employeeId eq null)", []),
        ("endsWith(mail,'@contoso.test') and companyName eq 'Fabrikam'", ["Ben Ito"]),
        ("employeeType eq 'Contractor'", ["Chloé Dubois"]),
        ("onPremisesImmutableId eq 'aW1t'", ["Dmitri Petrov"]),
        ("onPremisesExtensionAttributes/extensionAttribute1 eq 'learner'", ["Zoë 佐藤"]),
        ("employeeId ne null", ["Ana Cruz"]),
        ("otherMails/$count eq 1", ["Ben Ito"]),
    ],
)
def test_filters_that_need_the_advanced_parameters(graph: GraphClient, text: str, found: list[str]) -> None:
    path = f"/users?$filter={text}"
    assert graph.refused(path)[:2] == UNSUPPORTED
    assert graph.refused(path, **ADVANCED)[:2] == UNSUPPORTED
    assert graph.refused(f"{path}&$count=true")[:2] == UNSUPPORTED
    assert graph.names(f"{path}&$count=true", **ADVANCED) == found


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (
            "onPremisesDistinguishedName eq 'x'",
            "Request_UnsupportedQuery",
            "property 'onPremisesDistinguishedName'",
        ),
        ("endsWith(displayName,'x')", "Request_UnsupportedQuery", "of resource 'User'"),
        ("userPrincipalName eq null", "Request_UnsupportedQuery", "property 'userPrincipalName'"),
        ("accountEnabled gt true", "Request_UnsupportedQuery", "operator 'gt'"),
        ("shoeSize eq 44", "BadRequest", "Could not find a property named 'shoeSize'"),
        ("department = 'IT'", "BadRequest", "Syntax error at position 11"),
        ("department eq IT", "BadRequest", "Syntax error at position 14"),
        ("department eq 'IT", "BadRequest", "unterminated string literal"),
        ("department eq 'IT' and", "BadRequest", "Syntax error at position 22"),
        ("", "BadRequest", "Syntax error at position 0"),
    ],
)
def test_filters_that_never_work(graph: GraphClient, text: str, code: str, words: str) -> None:
    status, got, message = graph.refused(f"/users?$filter={text}&$count=true", **ADVANCED)
    assert (status, got) == (400, code)
    assert words in message


def test_counting_is_silently_ignored_without_the_header(graph: GraphClient) -> None:
    assert "@odata.count" not in graph.get("/users?$count=true")
    assert graph.get("/users?$count=true", **ADVANCED)["@odata.count"] == 5
    assert graph.send("/users/$count", **ADVANCED).text == "5"
    assert graph.send("/users/$count?$filter=userType eq 'Guest'", **ADVANCED).text == "1"
    assert graph.refused("/users/$count") == (400, "Request_BadRequest", "$count is not currently supported.")


def test_sorting(graph: GraphClient) -> None:
    pages = graph.pages("/users?$orderby=displayName desc&$top=2")
    names = [row["displayName"] for page in pages for row in page["value"]]
    assert names == sorted(names, reverse=True)
    assert [len(page["value"]) for page in pages] == [2, 2, 1]
    both = "/users?$orderby=displayName&$filter=department eq 'IT'"
    assert graph.refused(both)[:2] == UNSUPPORTED
    assert graph.names(f"{both}&$count=true", **ADVANCED)[0] == "Ana Cruz"
    assert graph.refused("/users?$orderby=department")[:2] == UNSUPPORTED


def test_search_wants_the_header(graph: GraphClient) -> None:
    path = '/users?$search="displayName:Ana"'
    assert graph.refused(path)[:2] == UNSUPPORTED
    assert graph.refused(path, **ADVANCED)[0] == 501


def test_another_consistency_level_is_refused(graph: GraphClient) -> None:
    assert graph.refused("/users", ConsistencyLevel="strong")[0] == 400


def test_expanding_and_advanced_queries_exclude_each_other(graph: GraphClient) -> None:
    assert graph.refused("/users?$expand=manager&$count=true", **ADVANCED)[0] == 400


def test_a_filter_goes_on_over_pages(graph: GraphClient, tenant: Tenant) -> None:
    for _ in range(5):
        tenant.add_user(department="Sales")
    rows = graph.rows("/users?$filter=department eq 'Sales'&$top=2&$select=department")
    assert [row["department"] for row in rows] == ["Sales"] * 6
