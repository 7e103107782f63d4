"""What design promises, whatever happens to the company: years of it, made up by Hypothesis."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.life import Life, LifeByChanges
from tests.servers.postgresql import Postgresql

_IN_MEMORY = Path("/dev/shm")
_CHECKED = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.mark.timeout(900)
def test_promises_hold_on_sqlite(tmp_path: Path) -> None:
    folder = str(_IN_MEMORY if _IN_MEMORY.is_dir() else tmp_path)

    class OnSqlite(Life):
        def __init__(self) -> None:
            self.folder = TemporaryDirectory(prefix="syncd-", dir=folder)
            self.url = f"sqlite:///{self.folder.name}/syncd.db"
            super().__init__()

        def teardown(self) -> None:
            super().teardown()
            self.folder.cleanup()

    run_state_machine_as_test(OnSqlite, settings=settings(_CHECKED, max_examples=40, stateful_step_count=30))


@pytest.mark.timeout(900)
def test_promises_hold_where_only_changes_are_read(tmp_path: Path) -> None:
    folder = str(_IN_MEMORY if _IN_MEMORY.is_dir() else tmp_path)

    class ByChanges(LifeByChanges):
        def __init__(self) -> None:
            self.folder = TemporaryDirectory(prefix="syncd-", dir=folder)
            self.url = f"sqlite:///{self.folder.name}/syncd.db"
            super().__init__()

        def teardown(self) -> None:
            super().teardown()
            self.folder.cleanup()

    run_state_machine_as_test(ByChanges, settings=settings(_CHECKED, max_examples=30, stateful_step_count=30))


@pytest.mark.timeout(900)
def test_promises_hold_on_postgresql(postgresql: Postgresql) -> None:
    class OnPostgresql(Life):
        def __init__(self) -> None:
            self.database = postgresql.database()
            self.url = self.database.__enter__()
            super().__init__()

        def teardown(self) -> None:
            super().teardown()
            self.database.__exit__(None, None, None)

    run_state_machine_as_test(
        OnPostgresql, settings=settings(_CHECKED, max_examples=10, stateful_step_count=20)
    )
