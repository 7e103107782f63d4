"""A tenant with its server, for one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.entra import EntraServer, Tenant


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EntraServer]:
    with EntraServer(Tenant(), tmp_path) as running:
        yield running


@pytest.fixture
def tenant(server: EntraServer) -> Tenant:
    return server.tenant
