"""An Entra tenant of five people and a client that speaks to it as plainly as HTTP allows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.entra import EntraServer, SteppedClock, Tenant
from tests.servers.entra.client import GraphClient

PEOPLE = ("Ana Cruz", "Ben Ito", "Chloé Dubois", "Dmitri Petrov", "Zoë 佐藤")


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def tenant(clock: SteppedClock) -> Tenant:
    tenant = Tenant(clock=clock)
    for name in PEOPLE:
        login = f"{name.partition(' ')[0].lower()}@contoso.test"
        tenant.add_user(displayName=name, userPrincipalName=login, mail=login, department="IT")
    return tenant


@pytest.fixture
def entra(tenant: Tenant, tmp_path: Path) -> Iterator[EntraServer]:
    with EntraServer(tenant, tmp_path) as server:
        yield server


@pytest.fixture
def graph(entra: EntraServer) -> Iterator[GraphClient]:
    with GraphClient(entra) as client:
        yield client
