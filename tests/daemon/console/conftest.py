"""An office with a console. What has happened there before is made once, and copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from tests.daemon.console.visitor import HELD, TOKENS, Site, answering
from tests.office import CONFIG, Office, person


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Three people and two licenses: before a first sync, after one, and after one that was held."""
    new, synced, held = (tmp_path_factory.mktemp(name) for name in ("new", "synced", "held"))
    office = Office(new)
    office.configure(CONFIG)
    office.employ(person("ann"), person("bob"), person("cem"))
    office.order(2)
    for folder, config, code in ((synced, CONFIG, 5), (held, HELD, 3)):
        copytree(new, folder, dirs_exist_ok=True)
        Office(folder).configure(config)
        Office(folder).say("sync", code=code)
    return new, synced, held


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, token in TOKENS.items():
        monkeypatch.setenv(name, token)


@pytest.fixture
def office(before: tuple[Path, Path, Path], tmp_path: Path, tokens: None) -> Office:  # noqa: ARG001
    """It has never synced."""
    return Office(copytree(before[0], tmp_path, dirs_exist_ok=True))


@pytest.fixture
def site(before: tuple[Path, Path, Path], tmp_path: Path, tokens: None) -> Iterator[Site]:  # noqa: ARG001
    """Two of three people have a license."""
    with answering(Office(copytree(before[1], tmp_path, dirs_exist_ok=True))) as found:
        yield found


@pytest.fixture
def held(before: tuple[Path, Path, Path], tmp_path: Path, tokens: None) -> Iterator[Site]:  # noqa: ARG001
    """Its first sync is held."""
    with answering(Office(copytree(before[2], tmp_path, dirs_exist_ok=True)), HELD) as found:
        yield found
