"""A plan of ten licenses on a server of its own, and the connector to it, which sleeps in no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.platforms.open_edx.face import OpenEdx
from connectors.platforms.open_edx.options import OpenEdxOptions
from tests.servers.open_edx import OpenEdxServer, Plan, open_edx_server

SECRET = "OPEN_EDX_SECRET"
Connect = Callable[..., OpenEdx]


@pytest.fixture
def plan() -> Plan:
    return Plan(10)


@pytest.fixture
def server(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenEdxServer]:
    with open_edx_server(plan) as running:
        monkeypatch.setenv(SECRET, running.secret)
        yield running


@pytest.fixture
def slept() -> list[float]:
    """The pauses there would have been."""
    return []


@pytest.fixture
def connect(server: OpenEdxServer, slept: list[float]) -> Connect:
    """A connector as another process would make it, with further options."""

    def connected(*, calls: Any = None, **more: object) -> OpenEdx:
        heard = {} if calls is None else {"calls": calls}
        return OpenEdx("open_edx", options_for(server, **more), sleep=slept.append, **heard)

    return connected


@pytest.fixture
def platform(connect: Connect) -> OpenEdx:
    return connect()


def options_for(server: OpenEdxServer, **more: object) -> OpenEdxOptions:
    plain = {
        "url": server.url,
        "lms_url": server.url,
        "client_id": server.client_id,
        "client_secret": {"env": SECRET},
        "subscription_plan": server.plan.uuid,
    }
    return OpenEdxOptions.model_validate({**plain, **more})
