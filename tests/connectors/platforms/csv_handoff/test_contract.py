"""A hand-off by file keeps the promises of a platform, as far as one that cannot be asked can."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.platforms.csv_handoff.face import CsvHandoff
from connectors.platforms.csv_handoff.options import CsvOptions
from syncd.ports import Platform
from tests.contracts.platform import PlatformContract


class TestCsvHandoff(PlatformContract):
    reads_back = False
    refuses = False

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "out"
        folder.mkdir()
        return folder

    @pytest.fixture
    def platform(self, folder: Path) -> Platform:
        return CsvHandoff("csv_handoff", CsvOptions(folder=folder))

    @pytest.fixture
    def adopting(self, platform: Platform) -> Platform:
        return platform

    @pytest.fixture(autouse=True)
    def _place(self, folder: Path) -> None:
        self.folder = folder

    def make_down(self, platform: Platform) -> None:  # noqa: ARG002
        self.folder.rename(self.folder.with_name("gone"))


class TestOneFile(TestCsvHandoff):
    @pytest.fixture
    def platform(self, folder: Path) -> Platform:
        return CsvHandoff("csv_handoff", CsvOptions(folder=folder, layout="one_file"))
