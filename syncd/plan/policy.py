"""Policy: everything the configuration says about how a plan is made, as the pure code wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syncd.model import GroupRef
from syncd.plan.guard import Limits
from syncd.plan.leavers import Grace
from syncd.plan.mapping import FieldRules
from syncd.plan.scope import Rule, Scope
from syncd.plan.seats import SeatPolicy


@dataclass(frozen=True, slots=True)
class Matching:
    """How a person without a known identity finds their learner.

    `by_link`, `by_email`: the same human in two directories is one learner.
    `adopt_by_email`: a learner nobody manages, or whose identity is gone, is taken over by e-mail.
    `precedence`: by profile field, the directories whose word counts first; see `syncd.plan.merging`.
    """

    by_link: bool = True
    by_email: bool = True
    adopt_by_email: bool = False
    precedence: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """`mapping` has the field rules of each directory by its name. `priority` is first things first."""

    scope: Scope = Scope()
    mapping: Mapping[str, FieldRules] = field(default_factory=dict)
    managers: tuple[Rule, ...] = ()
    priority: tuple[Rule, ...] = ()
    matching: Matching = Matching()
    grace: Grace = Grace()
    seats: SeatPolicy = SeatPolicy()
    limits: Limits = Limits()

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (*self.scope.include, *self.scope.exclude, *self.managers, *self.priority)

    @property
    def groups(self) -> frozenset[GroupRef]:
        """Every group whose membership the plan needs."""
        return frozenset(rule.group for rule in self.rules if rule.group is not None)

    def groups_for(self, directory: str) -> frozenset[GroupRef]:
        """The groups to ask one directory for: those of rules that may concern it."""
        return frozenset(
            r.group for r in self.rules if r.group is not None and r.directory in ("", directory)
        )

    def attributes_for(self, directory: str) -> frozenset[str]:
        """Every attribute the plan may read of a person in `directory`."""
        mapped = (rule.attributes for rule in self.mapping.get(directory, {}).values())
        return frozenset(rule.attribute for rule in self.rules if rule.attribute).union(*mapped)
