"""An office with a console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.console.visitor import HELD, TOKENS, Site, answering
from tests.office import CONFIG, Office, person


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    for name, token in TOKENS.items():
        monkeypatch.setenv(name, token)
    office = Office(tmp_path)
    office.configure(CONFIG)
    office.employ(person("ann"), person("bob"), person("cem"))
    office.order(2)
    return office


@pytest.fixture
def site(office: Office) -> Iterator[Site]:
    """Two of three people have a license."""
    office.say("sync", code=5)
    with answering(office) as found:
        yield found


@pytest.fixture
def held(office: Office) -> Iterator[Site]:
    """Its first sync is held."""
    office.configure(HELD)
    office.say("sync", code=3)
    with answering(office, HELD) as found:
        yield found
