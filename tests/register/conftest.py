"""A company on each database, and its register's engine for what no part of syncd would ever do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from syncd.register import database
from tests.company import Company, opened


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    with opened(database_url) as company:
        yield company


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connected to the database of the test, which is empty until something migrates it."""
    engine = database.connect(database_url)
    yield engine
    engine.dispose()
