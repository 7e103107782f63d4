"""Reading by changes ends where reading everybody does, whatever happens in between."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from tests.servers.postgresql import Postgresql
from tests.twins import Twins

_IN_MEMORY = Path("/dev/shm")


@pytest.mark.parametrize("seed", range(12))
def test_twins_end_alike_on_sqlite(seed: int, tmp_path: Path) -> None:
    with TemporaryDirectory(prefix="syncd-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else tmp_path) as folder:
        twins = Twins((f"sqlite:///{folder}/one.db", f"sqlite:///{folder}/other.db"), Random(seed))
        twins.live(40)
        twins.close()


@pytest.mark.parametrize("seed", range(2))
def test_twins_end_alike_on_postgresql(seed: int, postgresql: Postgresql) -> None:
    with postgresql.database() as one, postgresql.database() as other:
        twins = Twins((one, other), Random(seed))
        twins.live(25)
        twins.close()
