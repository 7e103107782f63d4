"""Tokens: msal gets them by secret, and each refusal has Microsoft's number."""

from __future__ import annotations

from typing import Any

import msal  # type: ignore[import-untyped]
import pytest
import requests

from tests.servers.entra import EntraServer, SteppedClock
from tests.servers.entra.client import SCOPE, GraphClient


def application(entra: EntraServer, credential: object, **options: object) -> Any:
    settings = {"authority": entra.authority, "instance_discovery": False, "verify": str(entra.ca_file)}
    return msal.ConfidentialClientApplication(
        entra.client_id, client_credential=credential, **settings | options
    )


def numbers(answer: dict[str, object]) -> object:
    return answer.get("error_codes")


def test_a_secret_earns_a_token_that_graph_takes(entra: EntraServer) -> None:
    answer = application(entra, entra.secret).acquire_token_for_client([SCOPE])
    assert answer["expires_in"] == 3599
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    response = requests.get(
        f"{entra.graph_url}/users", headers=headers, verify=str(entra.ca_file), timeout=10
    )
    assert len(response.json()["value"]) == 5


def test_the_domain_names_the_tenant_too(entra: EntraServer) -> None:
    authority = f"{entra.host_url}/contoso.test"
    assert "access_token" in application(entra, entra.secret, authority=authority).acquire_token_for_client(
        [SCOPE]
    )


def test_msal_refuses_an_unknown_tenant_at_once(entra: EntraServer) -> None:
    with pytest.raises(ValueError, match="tenant name or GUID"):
        application(entra, "x", authority=f"{entra.host_url}/nowhere.test")


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000216),
        ({"client_id": "8d1b2b6e-0000-4000-8000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://elsewhere.test/.default"}, 400, "invalid_resource", 500011),
        ({"tenant": "nowhere.test"}, 400, "invalid_request", 90002),
        ({"tenant": "no where"}, 400, "invalid_request", 900023),
        ({"tenant": "common"}, 400, "invalid_request", 50059),
        ({"client_id": "syncd"}, 400, "unauthorized_client", 700038),
    ],
)
def test_refusals_have_microsofts_numbers(
    entra: EntraServer, graph: GraphClient, form: dict[str, str], status: int, error: str, number: int
) -> None:
    answer = graph.token(**form)
    assert (answer["error"], answer["error_codes"]) == (error, [number])
    assert answer["error_description"].startswith(f"AADSTS{number}: ")
    assert {"trace_id", "correlation_id", "timestamp", "error_uri"} <= answer.keys()
    assert entra.log[-1].status == status


def test_a_secret_expires(graph: GraphClient, clock: SteppedClock) -> None:
    clock.advance(days=731)
    assert numbers(graph.token()) == [7000222]


def test_conditional_access_blocks_an_application(entra: EntraServer, graph: GraphClient) -> None:
    entra.app.blocked = True
    assert numbers(graph.token()) == [53003]


def test_an_application_that_is_switched_off(entra: EntraServer, graph: GraphClient) -> None:
    entra.app.disabled = True
    assert numbers(graph.token()) == [7000112]


def test_no_secret_in_the_log_or_in_a_refusal(entra: EntraServer, graph: GraphClient) -> None:
    answer = graph.token(client_secret="wrong~guess")
    assert "wrong~guess" not in repr(answer) + repr(entra.log)
    graph.get("/users")
    assert entra.log[-1].headers["authorization"] == "***"


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("", "Access token is empty."),
        ("Basic abc", "Access token is empty."),
        ("Bearer abc", "IDX14100: JWT is not well formed, there are no dots (.)."),
        ("Bearer a.b.c", "Access token validation failure. Invalid signature."),
    ],
)
def test_graph_refuses_what_is_no_token(graph: GraphClient, authorization: str, message: str) -> None:
    assert graph.refused("/users", Authorization=authorization) == (
        401,
        "InvalidAuthenticationToken",
        message,
    )


def test_a_token_expires(entra: EntraServer, graph: GraphClient, clock: SteppedClock) -> None:
    entra.login.lifetime = 60
    graph.log_in()
    clock.advance(seconds=59)
    graph.get("/users")
    clock.advance(seconds=1)
    assert graph.refused("/users")[2] == "Lifetime validation failed, the token is expired."


def test_a_token_for_something_else_is_refused(entra: EntraServer, graph: GraphClient) -> None:
    token = graph.token(scope=f"api://{entra.client_id}/.default")["access_token"]
    status, _, message = graph.refused("/users", Authorization=f"Bearer {token}")
    assert (status, message) == (401, "Access token validation failure. Invalid audience.")


def test_without_consent_the_token_is_good_for_nothing(entra: EntraServer, graph: GraphClient) -> None:
    entra.app.roles.clear()
    graph.log_in()
    assert graph.refused("/users")[:2] == (403, "Authorization_RequestDenied")
