"""A SCIM server with nobody on it, and the platform that speaks to it, for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.platforms.scim.face import Scim
from connectors.platforms.scim.options import ScimOptions
from syncd.ports import UNHEARD, Calls
from tests.servers.scim import ScimServer, scim_server

SECRET = "SCIM_TOKEN"
Connect = Callable[..., Scim]


def options(url: str, **changed: Any) -> ScimOptions:
    return ScimOptions.model_validate({"url": url, "auth": {"token": {"env": SECRET}}, **changed})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScimServer]:
    with scim_server() as server:
        monkeypatch.setenv(SECRET, server.token)
        yield server


@pytest.fixture
def pauses() -> list[float]:
    """How long would have been waited, each time."""
    return []


@pytest.fixture
def connect(server: ScimServer, pauses: list[float]) -> Connect:
    """`connect(bulk=False, …)`: the platform, with these options."""

    def connected(calls: Calls = UNHEARD, **changed: Any) -> Scim:
        return Scim(
            "scim", options(changed.pop("url", server.url), **changed), calls=calls, sleep=pauses.append
        )

    return connected


@pytest.fixture
def platform(connect: Connect) -> Scim:
    return connect()
