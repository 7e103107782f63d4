"""A Moodle site for one test, and what an admin would say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.platforms.moodle.face import MoodlePlatform
from connectors.platforms.moodle.options import MoodleOptions
from syncd.ports import UNHEARD, Calls
from tests.servers.certificates import Authority
from tests.servers.moodle import MoodleServer, Site

TOKEN = "MOODLE_TOKEN"
FIELDS = {
    "license_ends": "licenseends",
    "job_title": "jobtitle",
    "manager_email": "manager",
    "employee_id": "employeeid",
}
Connect = Callable[..., MoodlePlatform]


@pytest.fixture
def site() -> Site:
    return Site(custom_fields={*FIELDS.values(), "slots"})


@pytest.fixture
def server(site: Site, certificates: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[MoodleServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))  # quicker to load than the system's
    with MoodleServer(site) as running:
        monkeypatch.setenv(TOKEN, site.token)
        yield running


@pytest.fixture
def connect(server: MoodleServer) -> Connect:
    """The platform, with more options, or others; pauses take no time and are kept in `pauses`."""

    def connected(
        *, calls: Calls = UNHEARD, pauses: list[float] | None = None, **options: Any
    ) -> MoodlePlatform:
        keys = {"url": server.url, "token": {"env": TOKEN}, **options}
        paused = pauses if pauses is not None else []
        chosen = MoodleOptions.model_validate(keys)
        return MoodlePlatform("moodle", chosen, calls=calls, sleep=paused.append, now=server.site.clock)

    return connected
