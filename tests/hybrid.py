"""Humans with an account on the premises, in the cloud or in both, as Entra Connect links them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncd.model import Kind, Profile
from syncd.plan.policy import Matching
from tests.company import Company
from tests.contracts.memory import Entry, MemoryDirectory

FIELDS = ("email", "first_name", "last_name", "department")
NAMES = ("ad", "cloud")
Facts = Mapping[str, str]


def directories(*, order: Sequence[str] = NAMES) -> list[MemoryDirectory]:
    """Empty but for somebody who never counts: one with nobody in it would hold every plan."""
    made = [MemoryDirectory(name, page_size=3) for name in order]
    for directory in made:
        directory.add("keeper", email="keeper@example.com")
        directory.disable("keeper")
    return made


@dataclass
class Humans:
    """Puts humans into a company's directories, and knows what must come of it.

    An account made anew is another identity of the same human: the accounts are counted.
    """

    company: Company
    precedence: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    accounts: dict[tuple[int, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        matching = Matching(by_email=False, precedence=self.precedence)
        self.company.policy = replace(self.company.policy, matching=matching)

    def directory(self, name: str) -> MemoryDirectory:
        return next(one for one in self.company.directories if one.name == name)

    def id_of(self, human: int, name: str) -> str:
        return f"{human:05}-{self.accounts.setdefault((human, name), 0)}"

    def entry(self, human: int, name: str) -> Entry | None:
        return self.directory(name).entries.get(self.id_of(human, name))

    def put(self, human: int, name: str, **facts: str) -> None:
        """Their account is there with these facts, enabled; what it had before is over."""
        known = {"email": f"h{human}@{name}.example.com", **facts}
        self.directory(name).add(self.id_of(human, name), links=self._links(human, name), **known)

    def delete(self, human: int, name: str) -> None:
        if self.entry(human, name) is not None:
            self.directory(name).remove(self.id_of(human, name))

    def make_anew(self, human: int, name: str, **facts: str) -> None:
        """Deleted, and created again under another identity that Entra Connect matches to the old one."""
        self.delete(human, name)
        self.accounts[human, name] = self.accounts.get((human, name), 0) + 1
        self.put(human, name, **facts)

    @staticmethod
    def _links(human: int, name: str) -> list[str]:
        """AD shows objectGUID and SID, Entra ID the immutable id and the SID on the premises."""
        own = [f"sid:S-1-5-21-{human}"] if name == "ad" else []
        return [f"guid:{human}", *own]

    # -- what must be

    def present(self, human: int) -> dict[str, Facts]:
        """By directory, what those say who have the human enabled."""
        entries = {name: self.entry(human, name) for name in self.order("")}
        return {name: entry.attributes for name, entry in entries.items() if entry and entry.enabled}

    def order(self, field_: str) -> list[str]:
        listed = [directory.name for directory in self.company.directories]
        return [*dict.fromkeys([*self.precedence.get(field_, ()), *listed])]

    def expected(self, human: int) -> dict[str, str]:
        """The profile, told field by field without the code under test."""
        present = self.present(human)
        return {
            name: next((present[d][name] for d in self.order(name) if name in present.get(d, {})), "")
            for name in FIELDS
        }

    def profile(self, human: int) -> Profile:
        """As the register has it."""
        learner = self.company.register.learners.get(self.expected(human)["email"], self.company.now)
        assert learner is not None
        return learner.profile

    def check(self) -> None:
        """Sync, and see that every human is one learner with one license and the right profile."""
        self.seen |= {human for human, _ in [*self.accounts] if self.present(human)}
        facts = self.company.sync()
        assert facts.refused == 0
        assert Kind.SKIP.name.lower() not in facts.counts, self.company.changes(facts, Kind.SKIP)
        people = self.company.register
        learners = [*people.learners.find(now=self.company.now, limit=1_000_000)]
        assert len(learners) == len(self.seen), "a learner for every human, and none more"
        whose: dict[str, int] = {}
        for learner in learners:
            owned = {entry.key.partition("-")[0] for entry in people.learners.identities(learner.id)}
            assert len(owned) == 1, "one human only"
            assert whose.setdefault(owned.pop(), learner.id) == learner.id
        for human in sorted(self.seen):
            self._check_human(human, whose[f"{human:05}"])
        again = self.company.sync()
        assert again.counts == {}, "the second run is empty"

    def _check_human(self, human: int, number: int) -> None:
        learner = self.company.register.learners.get(str(number), self.company.now)
        assert learner is not None
        live = [a for a in self.company.register.learners.allocations(number) if a.state == "live"]
        assert len(live) <= 1
        if self.present(human):
            assert learner.account == "active"
            assert len(live) == 1
            shown = {name: getattr(learner.profile, name) for name in FIELDS}
            assert shown == self.expected(human)
        else:
            assert learner.account == "suspended"
