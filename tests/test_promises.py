"""What design promises, whatever happens to the company: years of it, made up by Hypothesis.

A search is less than a minute of work; one that finds something goes on for up to five, to tell it in as few
steps as it can.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.life import Life, LifeByChanges
from tests.life_elsewhere import LifeElsewhere
from tests.servers.postgresql import Postgresql

_IN_MEMORY = Path("/dev/shm")
_CHECKED = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


class OnSqlite(Life):
    def __init__(self) -> None:
        folder = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        self.folder = TemporaryDirectory(prefix="syncd-", dir=folder)
        self.url = f"sqlite:///{self.folder.name}/syncd.db"
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


class OnSqliteByChanges(OnSqlite, LifeByChanges):
    """Where only changes are read."""


class OnSqliteElsewhere(OnSqlite, LifeElsewhere):
    """Where learners live on a platform of its own."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("life", "examples"), [(OnSqlite, 50), (OnSqliteByChanges, 30), (OnSqliteElsewhere, 30)]
)
def test_promises_hold_on_sqlite(life: type[Life], examples: int) -> None:
    checked = settings(_CHECKED, max_examples=examples, stateful_step_count=30)
    run_state_machine_as_test(life, settings=checked)


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
