"""Twins: one company synced twice, once by what has changed and once by always reading everybody."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from syncd.facts import RunFacts
from syncd.model import GroupRef, RunState
from syncd.plan.leavers import Grace
from syncd.plan.mapping import FieldRule
from syncd.plan.policy import Matching, Policy
from syncd.plan.scope import Rule, Scope
from tests.company import DAY, MAPPING, UNGUARDED, Company
from tests.contracts.memory import MemoryDirectory
from tests.life import Cut, Failing
from tests.truth import Truth, shape

HANDLES = "abcdefg"
GROUPS = ("Staff", "Team", "Club")
_FACTS = (
    "SELECT * FROM (SELECT email, first_name, last_name, department, manager_email, account, suspended_by,"
    " created_at, activated_at, left_at FROM learners) AS x",
    'SELECT i.directory, i."key", l.email, i.fingerprint, i.fresh_until, i.presence, i.since, i."where"'
    " FROM identities i JOIN learners l ON l.id = i.learner_id",
    "SELECT k.value, l.email FROM links k JOIN learners l ON l.id = k.learner_id",
    "SELECT l.email, a.lot_id, a.state, a.allocated_at, a.ended_at FROM allocations a"
    " JOIN learners l ON l.id = a.learner_id",
    'SELECT l.email, w.since, w.priority, w."key" FROM waiting w JOIN learners l ON l.id = w.learner_id',
)


def policy(random: Random) -> Policy:
    """Scope and priority by group, as companies have them; how people are matched, and what leaving means."""
    staff = Rule("group Staff", group=GroupRef("Staff"))
    club = Rule("group Club", group=GroupRef("Club", nested=False))
    return Policy(
        scope=Scope(include=(staff,) if random.random() < 0.5 else ()),
        priority=(club,),
        matching=Matching(by_email=random.random() < 0.8, adopt_by_email=random.random() < 0.5),
        grace=Grace(suspend_after=0, release_after=random.choice([0, 3 * DAY])),
        limits=UNGUARDED,
    )


class Twins:
    """`follower` reads by changes, `reader` everybody. Both read the same two directories."""

    def __init__(self, urls: tuple[str, str], random: Random) -> None:
        self.random = random
        self.directories = [MemoryDirectory("ad", page_size=3), MemoryDirectory("cloud", page_size=2)]
        for directory in self.directories:
            directory.chatter = random
            directory.known_groups.update(GROUPS)
        facts: dict[str, Any] = {"policy": policy(random), "directories": self.directories}
        mapping = {**MAPPING, "manager_email": FieldRule(first_of=("manager.email",))}
        self.follower = Company(urls[0], mapping=mapping, full_after=5 * DAY, **facts)
        self.reader = Company(urls[1], mapping=mapping, **facts)
        self.truths = [Truth(self.follower), Truth(self.reader)]

    def close(self) -> None:
        for truth, company in zip(self.truths, (self.follower, self.reader), strict=True):
            truth.close()
            company.register.close()

    def live(self, steps: int) -> None:
        events = [getattr(self, name) for name in dir(self) if name.startswith("let_")]
        for _ in range(steps):
            self.random.choice(events)()
            if self.random.random() < 0.6:
                self.sync()

    # -- what happens

    def let_somebody_join(self) -> None:
        handle, links = self._handle(), ["guid:x"] if self.random.random() < 0.2 else []
        for directory in self.random.choice([self.directories, self.directories[:1], self.directories[1:]]):
            address = self.random.choice([handle, handle, f"{handle}.{directory.name}"])
            groups = self.random.sample(GROUPS, self.random.randrange(3))
            directory.add(
                f"id-{handle}",
                email=f"{address}@example.com",
                first_name=handle,
                groups=groups,
                links=links or [f"guid:{handle}"],
            )

    def let_somebody_go(self) -> None:
        self._somebody(lambda directory, id: directory.remove(id))

    def let_somebody_go_and_come_back_at_once(self) -> None:
        def gone_and_back(directory: MemoryDirectory, id: str) -> None:
            entry = directory.entries[id]
            directory.remove(id)
            if self.random.random() < 0.3:
                self.sync()
            directory.entries[id] = entry

        self._somebody(gone_and_back)

    def let_somebody_be_disabled(self) -> None:
        self._somebody(lambda directory, id: directory.disable(id))

    def let_somebody_be_enabled(self) -> None:
        self._somebody(lambda directory, id: directory.enable(id))

    def let_somebody_marry(self) -> None:
        name = self.random.choice(["Doe", "Roe", "Poe"])
        self._somebody(lambda directory, id: directory.change(id, last_name=name))

    def let_somebody_change_address(self) -> None:
        address = self.random.choice([*HANDLES, "x", "y", ""])
        self._somebody(lambda directory, id: directory.change(id, email=address and f"{address}@example.com"))

    def let_two_swap_addresses(self) -> None:
        directory = self.random.choice(self.directories)
        if len(directory.entries) > 1:
            one, other = self.random.sample(sorted(directory.entries), 2)
            theirs = [directory.entries[id].attributes.get("email", "") for id in (one, other)]
            directory.change(one, email=theirs[1])
            directory.change(other, email=theirs[0])

    def let_somebody_change_groups(self) -> None:
        group = self.random.choice(GROUPS)
        change = self.random.choice(["join", "leave"])
        self._somebody(lambda directory, id: getattr(directory, change)(id, group))

    def let_a_group_join_another(self) -> None:
        self.random.choice(self.directories).nest("Team", "Staff")

    def let_a_group_leave_another(self) -> None:
        self.random.choice(self.directories).nested.clear()

    def let_somebody_report(self) -> None:
        manager = f"id-{self._handle()}"
        self._somebody(lambda directory, id: directory.report(id, to=manager))

    def let_an_account_expire(self) -> None:
        at = self.follower.now + self.random.choice([-1, 0, 1, 2]) * DAY
        self._somebody(lambda directory, id: directory.expire(id, at))

    def let_somebody_be_unreadable(self) -> None:
        nameless = self.random.random() < 0.2
        self._somebody(lambda directory, id: directory.spoil(id, nameless=nameless))

    def let_everybody_be_readable(self) -> None:
        for directory in self.directories:
            for id in directory.entries:
                directory.spoil(id, "")

    def let_licenses_be_ordered(self) -> None:
        quantity = self.random.randint(1, 3)
        for company in (self.follower, self.reader):
            company.order(quantity)

    def let_time_pass(self) -> None:
        days = self.random.choice([0, 1, 1, 2, 7, 200])
        for company in (self.follower, self.reader):
            company.now += days * DAY

    def let_a_server_forget(self) -> None:
        self.random.choice(self.directories).forget()

    def let_a_plan_be_looked_at(self) -> None:
        self.follower.plan()

    # -- what syncd does

    def sync(self) -> None:
        """Whatever the follower meets on its way, it ends where the reader does, with nothing left to do."""
        apart = self._stumble()  # one run ahead, perhaps: some things take two
        for _ in range(3):
            self._compare_plans()
            facts = self.follower.sync("directory_size", full=self.random.random() < 0.1)
            twin = self.reader.sync("directory_size")
            assert facts.state is twin.state is RunState.DONE
            quiet = all(set(one.counts) <= {"skip"} for one in (facts, twin))
            if quiet or not apart:
                assert self.facts(0) == self.facts(1)
                assert facts.counts == twin.counts, "who cannot be used is named every time"
            if quiet:
                return
        raise AssertionError("there is always something left to do")

    def facts(self, twin: int) -> list[list[str]]:
        return [sorted(map(repr, self.truths[twin].rows(query))) for query in _FACTS]

    def _compare_plans(self) -> None:
        first, second = (self._shape(self.follower.plan(full=full)) for full in (False, True))
        assert first == second, "what has changed is all that a whole read would find"

    def _shape(self, facts: RunFacts) -> object:
        changes = self.follower.changes(facts)
        return shape(changes, self.truths[0].highest_learner()), facts.wanted, facts.available, facts.waiting

    def _stumble(self) -> bool:
        """Now and then a run is cut short: before its plan was recorded, or right after."""
        if self.random.random() < 0.7:
            return False
        register = self.follower.register
        real = register.recorder
        failing = Failing(real, 1, recorded=self.random.random() < 0.5)
        register.recorder = failing  # type: ignore[assignment]
        try:
            self.follower.sync("directory_size", full=self.random.random() < 0.3)
        except Cut:
            return True
        finally:
            register.recorder = real
        return True

    def _somebody(self, what: Callable[[MemoryDirectory, str], None]) -> None:
        handle = self._handle()
        for directory in self.random.choice([self.directories, self.directories[:1], self.directories[1:]]):
            if f"id-{handle}" in directory.entries:
                what(directory, f"id-{handle}")

    def _handle(self) -> str:
        return self.random.choice(HANDLES)
