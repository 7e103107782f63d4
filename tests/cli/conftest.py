"""The office of the command line's tests, and what its commands leave behind in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.office import CONFIG, Office, person


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
