"""A folder for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.platforms.csv_import import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    folder = tmp_path / "out"
    folder.mkdir()
    return Site(folder)
