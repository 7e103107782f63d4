"""A SCIM server with nobody on it, and the platform that speaks to it, for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.platforms.scim.face import Scim
from connectors.platforms.scim.options import ScimOptions
from syncd.errors import Unavailable
from syncd.model import Outcome
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


def gathered(outcomes: Iterator[Outcome]) -> tuple[list[Outcome], Unavailable | None]:
    """What was told before the platform as a whole failed, and how it did."""
    told: list[Outcome] = []
    try:
        for outcome in outcomes:
            told.append(outcome)
    except Unavailable as exc:
        return told, exc
    return told, None
