"""The register as the rest of syncd knows it: one object, a part for each noun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from syncd.model import LicenseType
from syncd.register import database
from syncd.register.delivery import Deliveries
from syncd.register.journal import Journal
from syncd.register.learners import Learners
from syncd.register.licenses import Licenses
from syncd.register.notices import Notices
from syncd.register.people import People
from syncd.register.recorder import Recorder
from syncd.register.runs import Runs
from syncd.register.situation import Situations


class Register:
    """Constructed without touching the database; `open` does that, once."""

    def __init__(
        self, engine: Engine, *, remote: bool = False, license_type: LicenseType = LicenseType.PREMIUM
    ) -> None:
        self._engine = engine
        self.people = People(engine)
        self.journal = Journal(engine)
        self.runs = Runs(engine)
        self.licenses = Licenses(engine)
        self.learners = Learners(engine)
        self.notices = Notices(engine)
        self.situations = Situations(engine)
        self.recorder = Recorder(engine, remote, str(license_type))
        self.deliveries = Deliveries(engine, str(license_type))

    def open(self) -> None:
        """Make sure the schema is there and is ours. Raises `Unavailable` or `ConfigError`."""
        database.migrate(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Hold this register's sync lock, or raise `Busy`."""
        with database.lock(self._engine, "sync"):
            yield

    @contextmanager
    def errors_in_words(self) -> Iterator[None]:
        """What the database refuses inside this block becomes a `SyncdError`."""
        with database.database_errors(self._engine):
            yield
