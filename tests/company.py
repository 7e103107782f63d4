"""A company to run syncd for in tests: directories in memory, a real register, a clock one sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, text

from syncd import suspending, uniting
from syncd.adding import COMMANDS
from syncd.facts import RunFacts
from syncd.model import Change, Kind, LicenseType, Profile
from syncd.plan.additions import Row
from syncd.plan.duplicates import Duplicate
from syncd.plan.guard import Limits
from syncd.plan.mapping import FieldRule
from syncd.plan.policy import Policy
from syncd.plan.renewals import Selection, Terms
from syncd.plan.suspensions import Suspension
from syncd.ports import Platform, ReadRequest
from syncd.register import database
from syncd.register.learners import LearnerRecord
from syncd.register.register import Register
from syncd.renewing import COMMAND
from syncd.run import Engine, Task, run
from tests.contracts.memory import MemoryDirectory

DAY = 86400
IMPORT = COMMANDS[1]
START = 1_800_000_000  # 15 January 2027
MAPPING = {name: FieldRule(first_of=(name,)) for name in ("email", "first_name", "last_name", "department")}
UNGUARDED = Limits(floor=1_000_000, min_directory_size=0)


@dataclass
class Company:
    url: str
    policy: Policy = field(default_factory=lambda: Policy(limits=UNGUARDED))
    directories: list[MemoryDirectory] = field(default_factory=lambda: [MemoryDirectory("head-office")])
    platform: Platform | None = None
    now: int = START
    salt: bytes = b"one"
    full_after: int = 0
    mapping: Mapping[str, FieldRule] = field(default_factory=lambda: MAPPING)

    def __post_init__(self) -> None:
        name = self.platform.name if self.platform else ""
        self.register = Register(database.connect(self.url), platform=name)
        self.register.open()

    @property
    def people(self) -> MemoryDirectory:
        return self.directories[0]

    @property
    def engine(self) -> Engine:
        mapping = {directory.name: self.mapping for directory in self.directories}
        return Engine(
            policy=replace(self.policy, mapping=mapping),
            directories=self.directories,
            register=self.register,
            request_for=self._request,
            clock=lambda: self.now,
            full_after=self.full_after,
            platform=self.platform,
        )

    def _request(self, directory: str, now: int) -> ReadRequest:
        policy = replace(self.policy, mapping={directory: self.mapping})
        return ReadRequest(policy.attributes_for(directory), policy.groups_for(directory), self.salt, now)

    def hire(self, *handles: str, directory: int = 0, **attributes: str) -> None:
        """People called `<handle> Doe` with the address `<handle>@example.com`, unless said otherwise."""
        for handle in handles:
            facts = {**profile(handle)._asdict(), "group": "", "role": "", **attributes}
            self.directories[directory].add(f"id-{handle}", **facts)

    def order(self, quantity: int) -> None:
        order = self.register.licenses.request(LicenseType.PREMIUM, quantity, by="manager", now=self.now)
        self.register.licenses.assign(order.id, by="account manager", now=self.now, zone=ZoneInfo("UTC"))

    def sync(self, *allow: str, reviewed: int | None = None, full: bool = False) -> RunFacts:
        task = Task("sync", "test", apply=True, allow=frozenset(allow), reviewed=reviewed, full=full)
        return run(self.engine, task)

    def plan(self, *, full: bool = False) -> RunFacts:
        return run(self.engine, Task("plan", "test", full=full))

    def renew(self, *handles: str, reviewed: int | None = None, **terms: Any) -> RunFacts:
        """Renew the license of these people."""
        return run(self.engine, self._renewal(handles, apply=True, reviewed=reviewed, **terms))

    def plan_renewal(self, *handles: str, **terms: Any) -> RunFacts:
        return run(self.engine, self._renewal(handles, apply=False, **terms))

    def add(self, *handles: str, reviewed: int | None = None, apply: bool = True, **values: str) -> RunFacts:
        """Add these people by hand, as `hire` calls them."""
        rows = [
            Row({**profile(handle)._asdict(), **values}, f"new.csv, line {line}")
            for line, handle in enumerate(handles, start=2)
        ]
        task = Task(IMPORT, "test", apply=apply, reviewed=reviewed, additions=None if reviewed else rows)
        return run(self.engine, task)

    def suspend(self, handle: str, *, lifted: bool = False, release: bool = False) -> RunFacts:
        """Shut somebody out by hand, or let them in again."""
        suspension = Suspension(self.learner(handle).id, "a reason", lifted, release)
        return run(self.engine, Task(suspending.COMMANDS[lifted], "test", apply=True, suspension=suspension))

    def merge(self, keep: int, gone: int, *, apply: bool = True) -> RunFacts:
        """Two learners turn out to be one human."""
        return run(self.engine, Task(uniting.COMMAND, "test", apply=apply, duplicate=Duplicate(keep, gone)))

    def _renewal(
        self,
        handles: tuple[str, ...],
        *,
        apply: bool,
        reviewed: int | None = None,
        wait: bool = False,
        **terms: Any,
    ) -> Task:
        chosen = tuple(self.learner(handle).id for handle in handles)
        renewal = None if reviewed else Selection(chosen, Terms(**terms), wait)
        return Task(COMMAND, "test", apply=apply, reviewed=reviewed, renewal=renewal)

    def changes(self, facts: RunFacts, *kinds: Kind) -> list[Change]:
        return [entry.change for entry in self.register.journal.read(facts.run, kinds=kinds)]

    def learner(self, handle: str) -> LearnerRecord:
        found = self.register.learners.get(f"{handle}@example.com", self.now)
        assert found is not None, f"no learner {handle}"
        return found

    def learners(self, license_: str = "") -> list[str]:
        """The handles of all learners, or of those whose license is in this state."""
        found = self.register.learners.find(license_=license_, now=self.now, limit=1_000_000)
        return [learner.profile.email.partition("@")[0] for learner in found]

    def check_books(self) -> None:
        """Every license is accounted for, and the trail says the same as the rows."""
        register = self.register
        assert register.reconciling.discrepancies() == []
        assert register.reconciling.at(self.now) == register.licenses.lots(self.now)

    def everything(self) -> str:
        """All that the database holds, as text."""
        engine = database.connect(self.url)
        with engine.connect() as connection:
            tables = inspect(engine).get_table_names()
            rows = [connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in tables]
        engine.dispose()
        return repr(rows)

    def free_seats(self) -> int:
        """Seats that may be drawn now."""
        lots = self.register.licenses.lots(self.now)
        return sum(lot.available for lot in lots if lot.starts_at <= self.now)


@contextmanager
def opened(url: str, **options: object) -> Iterator[Company]:
    company = Company(url, **options)  # type: ignore[arg-type]
    try:
        yield company
    finally:
        company.register.close()


def profile(handle: str) -> Profile:
    return Profile(email=f"{handle}@example.com", first_name=handle.title(), last_name="Doe")
