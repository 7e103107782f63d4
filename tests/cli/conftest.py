"""The office of the command line's tests, and what its commands leave behind in this process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog

from tests.company import DAY
from tests.office import CONFIG, Office, person

Travel = Callable[[int], None]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.configure(CONFIG)
    office.employ(person("ann"), person("bob"), person("cem"))
    return office


@pytest.fixture(autouse=True)
def _logs_end_with_the_test() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if type(handler).__module__ != "syncd.logs"]


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Travel:
    """Sets syncd's clock so many days ahead."""
    now = time.time()
    return lambda days: monkeypatch.setattr("syncd.app.time", SimpleNamespace(time=lambda: now + days * DAY))


@pytest.fixture
def ended(office: Office, travel: Travel) -> Office:
    """Ann, Bob (Sales) and Cem had licenses; those are over, and five others are free."""
    office.configure(office.config.read_text() + "mapping: { group: groups }\n")
    office.employ(person("ann", groups="HQ"), person("bob", department="Sales", groups="HQ"), person("cem"))
    office.order(3)
    office.say("sync", code=0)
    travel(400)
    office.say("sync", code=0)
    office.order(5)
    return office
