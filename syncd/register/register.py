"""The register as the rest of syncd knows it: one object, a part for each noun."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from syncd.model import LicenseType
from syncd.register import database
from syncd.register.delivery import Deliveries
from syncd.register.gauges import Gauges
from syncd.register.journal import Journal
from syncd.register.learners import Learners
from syncd.register.licenses import Licenses
from syncd.register.locking import lock
from syncd.register.moves import Moves
from syncd.register.notices import Notices
from syncd.register.people import People
from syncd.register.reconciling import Reconciling
from syncd.register.recorder import Recorder
from syncd.register.renewable import Renewable
from syncd.register.reports import Reports
from syncd.register.requests import Requests
from syncd.register.runs import Runs
from syncd.register.situation import Situations
from syncd.register.stock import Stocktaking
from syncd.register.trail import Trail


class Register:
    """Constructed without touching the database; `open` does that, once."""

    def __init__(
        self, engine: Engine, *, platform: str = "", license_type: LicenseType = LicenseType.PREMIUM
    ) -> None:
        """`platform`: the name of the one where learners live; empty where that is this register."""
        self._engine = engine
        self.people = People(engine)
        self.journal = Journal(engine)
        self.runs = Runs(engine)
        self.licenses = Licenses(engine)
        self.moves = Moves(engine)
        self.learners = Learners(engine)
        self.requests = Requests(engine)
        self.stocktaking = Stocktaking(engine)
        self.renewable = Renewable(engine)
        self.reports = Reports(engine)
        self.trail = Trail(engine)
        self.reconciling = Reconciling(engine, self.trail)
        self.gauges = Gauges(engine)
        self.notices = Notices(engine)
        self.situations = Situations(engine)
        self.recorder = Recorder(engine, bool(platform), str(license_type))
        self.deliveries = Deliveries(engine, str(license_type), platform)

    def open(self) -> None:
        """Make sure the schema is there and is ours. Raises `Unavailable` or `ConfigError`."""
        database.migrate(self._engine)

    def close(self) -> None:
        """Let go of connections that nobody uses; whoever asks again gets new ones."""
        self._engine.dispose()

    @contextmanager
    def one_at_a_time(self) -> Iterator[Callable[[], None]]:
        """Hold this register's sync lock, or raise `Busy`. Yields what raises once it may be lost."""
        with lock(self._engine, "sync") as still_ours:
            yield still_ours

    @contextmanager
    def leading(self) -> Iterator[Callable[[], None]]:
        """Be the one daemon that works on this register, or raise `Busy`. Yields as `one_at_a_time`."""
        with lock(self._engine, "daemon") as still_ours:
            yield still_ours

    @contextmanager
    def errors_in_words(self) -> Iterator[None]:
        """What the database refuses inside this block becomes a `SyncdError`."""
        with database.database_errors(self._engine):
            yield
