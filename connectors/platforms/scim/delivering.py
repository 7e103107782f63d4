"""Delivering: look, decide, write, look again; some deliveries at a time, each learner once among them.

part ─ look up ─> decide ─> write (bulk, or one by one) ─> read back ─> the license's group ─> outcomes
                     └ moved meanwhile (404, 409, 412): looked up and decided anew, alone
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from connectors.platforms.scim import deciding
from connectors.platforms.scim.attributes import Json, text
from connectors.platforms.scim.membership import Membership
from connectors.platforms.scim.site import Site
from connectors.platforms.scim.translate import addresses_of
from connectors.platforms.scim.wire import Answer
from connectors.platforms.scim.writing import Operation, Writer
from syncd.errors import Unavailable
from syncd.model import Kind, Outcome, Verdict
from syncd.ports import Delivery, PlatformLearner

_PART, _LARGEST = 20, 100  # deliveries looked up together: one by one, and in bulk
_CONFLICT = 409
_MOVED = frozenset({404, _CONFLICT, 412})
_NO_SUCH_METHOD = frozenset({405, 501})
_TRIES = 3
_ENOUGH = 3  # seats refused in a row, after which no more are asked for in this call
_FULL = "no seat left there: the ones before were refused for it"
_UNHEARD = "no answer came: perhaps it was done"
_LIED = "it said the account was made, and has none; perhaps no seat is left"


@dataclass(slots=True, eq=False)
class Step:
    """One delivery on its way. `there`: its account as it was found, or as it is since."""

    delivery: Delivery
    ours: Sequence[Json] = ()
    operation: Operation | None = None
    outcome: Outcome | None = None
    answer: Answer | None = None
    truth: Json | None = None

    @property
    def is_done(self) -> bool:
        """Whether the account itself is as wanted."""
        return self.outcome is not None and self.outcome.verdict in (Verdict.DONE, Verdict.ALREADY)

    @property
    def account(self) -> str:
        """Its id, as it is there now; empty for nobody."""
        return text((self.truth or {}).get("id"))


class Delivering:
    """`Platform.deliver` over a site that is open."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._writer = Writer(site.wire, site.features)
        self._refused_seats = 0

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        _ = self._site.members  # a group that is not there is no reason to make accounts first
        self._site.finder.expect(sum(not delivery.account for delivery in deliveries))
        for part in self._parts(deliveries):
            steps = [Step(delivery) for delivery in part]
            trouble: Unavailable | None = None
            try:
                self._carry(steps)
            except Unavailable as exc:
                trouble = exc
            told = list(self._told(steps, whole=trouble is None))
            for outcome in told:
                yield replace(outcome, more=outcome is not told[-1])
            if trouble is not None:
                raise trouble

    def _told(self, steps: Iterable[Step], *, whole: bool) -> Iterator[Outcome]:
        """What is known for certain; of a part that is not `whole`, nobody's membership of a group is."""
        for step in steps:
            if step.outcome is not None and (whole or self._site.group is None or not step.is_done):
                yield step.outcome

    def _parts(self, deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
        size = min(self._site.features.bulk, _LARGEST) or _PART
        part: list[Delivery] = []
        for delivery in deliveries:
            if len(part) >= size or any(delivery.learner == one.learner for one in part):
                yield part
                part = []
            part.append(delivery)
        if part:
            yield part

    def _carry(self, steps: Sequence[Step]) -> None:
        late = self._decide(steps)
        try:
            moved = self._write([step for step in steps if step.operation is not None])
        except Unavailable:
            self._believe(steps)
            raise
        self._read_back(steps)
        for step in sorted((*late, *moved), key=steps.index):
            self._again(step)
        if self._site.group is not None:
            self._join_or_leave(steps, self._site.group)

    def _decide(self, steps: Iterable[Step]) -> list[Step]:
        """Returns those whose address somebody has at the moment: the writes before theirs may free it."""
        site, late = self._site, list[Step]()
        keys = {site.translator.key(step.delivery.learner): step for step in steps}
        for key, ours in site.finder.by_key(keys).items():
            keys[key].ours = ours
        needed = {key: deciding.needs_address(site, step.delivery, step.ours) for key, step in keys.items()}
        holders = site.finder.by_address({address for some in needed.values() for address in some})
        taken = {address for holder in holders for address in addresses_of(holder)}
        for key, step in keys.items():
            if taken.isdisjoint(map(str.casefold, needed[key])):
                self._plan(step, ())
            else:
                late.append(step)
        return late

    def _plan(self, step: Step, holders: Sequence[Json]) -> None:
        decided = deciding.decide(self._site, step.delivery, step.ours, holders)
        step.operation = step.answer = step.outcome = None
        if isinstance(decided, Outcome):
            step.outcome = decided
            step.truth = step.ours[0] if step.ours else None
        elif self._refused_seats >= _ENOUGH and deciding.takes_seat(step.delivery, self._known(step)):
            step.outcome = Outcome(step.delivery.id, Verdict.EXHAUSTED, _FULL)
        else:
            step.operation = decided

    def _write(self, steps: Sequence[Step]) -> list[Step]:
        """Returns those that must be decided anew, since something has moved."""
        moved = []
        for number, answer in self._writer.send([step.operation for step in steps if step.operation]):
            step = steps[number]
            step.answer = answer
            if not self._settle(step):
                moved.append(step)
        return moved

    def _settle(self, step: Step) -> bool:
        """What the answer comes to; False where the whole must be decided anew."""
        delivery, answer, operation = step.delivery, step.answer, step.operation
        if answer is None:
            step.outcome = Outcome(delivery.id, Verdict.UNKNOWN, _UNHEARD)
            self._site.finder.doubt()
        elif answer.ok or (answer.status == 404 and delivery.kind is Kind.DELETE):
            if delivery.kind is Kind.DELETE:
                step.outcome = Outcome(delivery.id, Verdict.DONE if answer.ok else Verdict.ALREADY)
        elif operation and operation.method == "PATCH" and answer.status in _NO_SUCH_METHOD:
            self._site.features.patch = False
            return False
        else:
            step.outcome = self._counted(deciding.refused(delivery, answer, self._known(step)))
            return answer.status not in _MOVED or step.outcome.verdict is Verdict.EXHAUSTED
        return True

    def _again(self, step: Step) -> None:
        """Look and decide anew, alone. What is refused for the same reason again stays refused."""
        site = self._site
        for _ in range(_TRIES):
            key = site.translator.key(step.delivery.learner)
            step.ours = site.finder.by_key([key], fresh=True)[key]
            needed = deciding.needs_address(site, step.delivery, step.ours)
            is_taken = step.answer is not None and step.answer.status == _CONFLICT
            if is_taken:
                site.finder.doubt()
            listed = site.options.adopt_by_email and is_taken
            self._plan(step, site.finder.by_address(needed, listed=listed))
            if step.operation is None or not self._write([step]):
                break
        self._read_back([step])

    def _read_back(self, steps: Iterable[Step]) -> None:
        """Believe what is there, not what was said."""
        site = self._site
        said = [step for step in steps if step.outcome is None and step.answer is not None and step.answer.ok]
        found = site.finder.by_key([site.translator.key(step.delivery.learner) for step in said], fresh=True)
        for step in said:
            there = found[site.translator.key(step.delivery.learner)]
            step.truth = there[0] if there else self._by_id(step)
            self._judge(step)

    def _by_id(self, step: Step) -> Json | None:
        """What a search does not show, or not yet."""
        account = step.answer.id if step.answer else ""
        found = self._site.finder.by_id(account) if account else None
        if found is not None and self._site.translator.learner_of(found) is None:
            raise Unavailable(
                f"{self._site.wire.host} does not keep externalId, by which syncd knows its accounts",
                next_step=f"let the platform keep it; then delete account {account}, which was just made",
            )
        return found

    def _believe(self, steps: Iterable[Step]) -> None:
        """The platform failed in the middle: what it answered in full before is true, the rest is open."""
        for step in steps:
            if (
                step.outcome is None
                and step.answer is not None
                and step.answer.ok
                and self._site.group is None
            ):
                step.truth = step.answer.body
                if self._site.translator.learner_of(step.truth) == step.delivery.learner:
                    self._judge(step)

    def _judge(self, step: Step) -> None:
        if step.truth is None:
            step.outcome = self._counted(Outcome(step.delivery.id, Verdict.EXHAUSTED, _LIED))
            return
        self._site.finder.remember(step.truth)
        truth = self._learner(step.truth)
        outcome = deciding.judged(step.delivery, truth, Verdict.DONE)
        if "license" in self._site.translator.keeps and self._site.group is None:
            outcome = deciding.license_judged(step.delivery, truth, outcome)
        step.outcome = self._counted(outcome)

    def _join_or_leave(self, steps: Iterable[Step], group: Membership) -> None:
        """Put accounts into the group that carries the license, or take them out of it."""
        waiting = list[Step]()
        for step in steps:
            account, joins = step.account, step.delivery.ends_at is not None
            if step.is_done and account and (account in group.members) is not joins:
                step.operation, step.outcome = group.change(account, joins=joins), None
                waiting.append(step)
        for number, answer in self._writer.send([step.operation for step in waiting if step.operation]):
            self._joined(waiting[number], answer, group)

    def _joined(self, step: Step, answer: Answer | None, group: Membership) -> None:
        delivery, account = step.delivery, step.account
        if answer is None:
            step.outcome = Outcome(delivery.id, Verdict.UNKNOWN, _UNHEARD)
        elif answer.ok:
            group.changed(account, joined=delivery.ends_at is not None)
            step.outcome = self._counted(Outcome(delivery.id, Verdict.DONE, account=account))
        else:
            step.outcome = self._counted(deciding.refused(delivery, answer, self._known(step)))

    def _counted(self, outcome: Outcome) -> Outcome:
        if outcome.verdict is Verdict.EXHAUSTED:
            self._refused_seats += 1
        elif outcome.verdict is Verdict.DONE:
            self._refused_seats = 0
        return outcome

    def _known(self, step: Step) -> PlatformLearner | None:
        there = step.truth or (step.ours[0] if step.ours else None)
        return self._learner(there) if there else None

    def _learner(self, resource: Json) -> PlatformLearner:
        return self._site.translator.learner(resource, self._site.members)
