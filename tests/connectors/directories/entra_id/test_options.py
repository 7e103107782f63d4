"""What an admin may write about a tenant, and what is refused with words that help."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.directories.entra_id.options import CLOUDS, EntraOptions

TENANT, APP = "AAAABBBB-0000-cccc-1111-dddd2222eeee", "00001111-aaaa-2222-bbbb-3333cccc4444"
SECRET = {"secret": {"env": "ENTRA_SECRET"}}


def options(**changes: Any) -> EntraOptions:
    return EntraOptions.model_validate(
        {"tenant_id": TENANT, "client_id": APP, "credential": SECRET} | changes
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tenant_id": "contoso"}, "neither a Directory"),
        ({"client_id": "Directory sync"}, "Application (client) ID"),
        ({"client_id": None}, "client_id is required"),
        ({"credential": {}}, "exactly one of"),
        ({"credential": {**SECRET, "managed_identity": "system"}}, "exactly one of"),
        ({"credential": {**SECRET, "federated": True}}, "exactly one of"),
        ({"credential": {"managed_identity": "yes"}}, "must be system"),
        ({"credential": {"secret": "hunter2"}}, "must not be written here"),
        ({"authority": "http://login.example"}, "https://host"),
        ({"graph_endpoint": "https://graph.example/v1.0"}, "without a path"),
        ({"page_size": 1000}, "999"),
        ({"read_timeout": 0}, "wait without end"),
        ({"cloud": "germany"}, "us_government"),
        ({"proxy": "http://me:hunter2@proxy:8080"}, "must not hold a user or password"),
        ({"proxy": "socks5://proxy"}, "http://host:port"),
        ({"proxy": {"url": "http://proxy:8080", "user": "me"}}, "belong together"),
        ({"credential": {"certificate": {"file": "x.pem", "thumbprint": "12"}}}, "thumbprint"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(**changes)
    told = str(caught.value)
    assert words in told
    assert "hunter2" not in told


def test_ids_are_of_one_spelling() -> None:
    assert options().tenant_id == TENANT.lower()
    assert options(tenant_id="contoso.onmicrosoft.com").tenant_id == "contoso.onmicrosoft.com"


def test_a_managed_identity_needs_no_app() -> None:
    given = {"tenant_id": TENANT, "credential": {"managed_identity": "system"}}
    assert EntraOptions.model_validate(given).client_id is None


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_has_its_places(cloud: str) -> None:
    found = options(cloud=cloud)
    assert (found.sign_in, found.graph, found.resource) == (*CLOUDS[cloud], CLOUDS[cloud].graph)
    elsewhere = options(cloud=cloud, authority="https://a.example/", graph_endpoint="https://g.example:8443")
    assert (elsewhere.sign_in, elsewhere.graph) == ("https://a.example", "https://g.example:8443")
    assert elsewhere.resource == CLOUDS[cloud].graph


def test_a_federation_without_its_variable_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    assert [where for where, _ in options(credential={"federated": True}).warnings()] == [
        "credential.federated"
    ]
    assert list(options().warnings()) == []


def test_what_decides_on_people_is_no_matter_of_reach() -> None:
    judging = set(EntraOptions.model_fields) - EntraOptions.reach
    assert judging == {"tenant_id", "cloud", "guests", "link_attribute", "extensions"}
