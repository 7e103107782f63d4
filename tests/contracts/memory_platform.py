"""A platform in memory, with seats and moods: refusals, outages, and answers that never arrive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from syncd.errors import SyncdError, Unavailable
from syncd.model import PROFILE_FIELDS, Finding, Kind, Outcome, Profile, Verdict
from syncd.ports import Delivery, PlatformLearner


class MemoryPlatform:
    """Learners by account. A delivery says how a learner shall be, so doing it again changes nothing.

    Faults last until `mend()`: `refuse` one person, `exhaust_after(n)` seats, `down()` at once or
    after some outcomes. `lose_answer` (done, never said) and `lose_request` (never arrived) happen once.
    `deliveries` keeps everything that was asked, `writes` the ids of what really changed something.
    """

    keeps = (*PROFILE_FIELDS, "license", "ends_at")

    def __init__(self, name: str = "memory", *, adopts: bool = False) -> None:
        self.name = name
        self._adopts = adopts
        self.learners: dict[str, PlatformLearner] = {}
        self.deliveries: list[Delivery] = []
        self.writes: list[str] = []
        self._refused: dict[str, str] = {}
        self._seats: int | None = None
        self._down: tuple[int, SyncdError] | None = None
        self._lost_answers: set[str] = set()
        self._lost_requests: set[str] = set()
        self._accounts = 0

    def by_email(self, email: str) -> PlatformLearner | None:
        """Whoever has this address, in any case."""
        wanted = email.casefold()
        found = (one for one in self.learners.values() if one.profile.email.casefold() == wanted)
        return next(found, None)

    def put_stranger(self, email: str) -> str:
        """Somebody the platform already has and syncd does not know. Returns the account."""
        account = self._new_account()
        self.learners[account] = PlatformLearner(account, None, Profile(email), active=True, licensed=False)
        return account

    # -- what goes wrong

    def refuse(self, email: str, reason: str) -> None:
        self._refused[email.casefold()] = reason

    def exhaust_after(self, seats: int) -> None:
        """No more than that many active learners may hold a license at once."""
        self._seats = seats

    def down(self, error: SyncdError | None = None, *, after: int = 0) -> None:
        """Fail as a whole, after that many further outcomes of each call."""
        self._down = (after, error or Unavailable(f"{self.name} does not answer", next_step="wait"))

    def lose_answer(self, email: str) -> None:
        self._lost_answers.add(email.casefold())

    def lose_request(self, email: str) -> None:
        self._lost_requests.add(email.casefold())

    def mend(self) -> None:
        self._refused.clear()
        self._seats = self._down = None

    # -- the port

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        given = 0
        for delivery in deliveries:
            if self._down is not None and given >= self._down[0]:
                raise self._down[1]
            outcome = self._carry(delivery)
            if outcome is not None:
                given += 1
                yield outcome

    def read_back(self, deliveries: Sequence[Delivery]) -> Mapping[str, PlatformLearner | None]:
        if self._down is not None:
            raise self._down[1]
        return {delivery.id: self._find(delivery) for delivery in deliveries}

    def check(self) -> Iterator[Finding]:
        if self._down is not None:
            yield Finding(self.name, False, self._down[1].message, self._down[1].next_step)
        else:
            yield Finding(self.name, True, f"{len(self.learners)} learners")

    def _carry(self, delivery: Delivery) -> Outcome | None:
        """Do one delivery; None when the answer is lost."""
        self.deliveries.append(delivery)
        email = delivery.profile.email.casefold()
        if email in self._lost_requests:
            self._lost_requests.remove(email)
            return None
        outcome = self._judge(delivery) or self._write(delivery)
        if email in self._lost_answers:
            self._lost_answers.remove(email)
            return None
        return outcome

    def _judge(self, delivery: Delivery) -> Outcome | None:
        """Why this cannot be done, if it cannot."""
        email, there = delivery.profile.email, self._find(delivery)
        if reason := self._refused.get(email.casefold()):
            return Outcome(delivery.id, Verdict.REFUSED, reason)
        holder = self.by_email(email)
        if holder is not None and (there is None or holder.account != there.account):
            return Outcome(delivery.id, Verdict.REFUSED, f"{email} belongs to account {holder.account}")
        if self._seats is not None and _seated(delivery) and not (there and _seated(there)):
            taken = sum(_seated(one) for one in self.learners.values())
            if taken >= self._seats:
                return Outcome(delivery.id, Verdict.EXHAUSTED, f"all {self._seats} seats are taken")
        return None

    def _write(self, delivery: Delivery) -> Outcome:
        there = self._find(delivery)
        if delivery.kind is Kind.DELETE:
            return self._delete(delivery, there)
        account = there.account if there else self._new_account()
        wanted = PlatformLearner(
            account,
            delivery.learner,
            delivery.profile,
            delivery.active,
            licensed=delivery.ends_at is not None,
            ends_at=delivery.ends_at,
        )
        if there == wanted:
            return Outcome(delivery.id, Verdict.ALREADY, account=account)
        self.learners[account] = wanted
        self.writes.append(delivery.id)
        return Outcome(delivery.id, Verdict.DONE, account=account)

    def _delete(self, delivery: Delivery, there: PlatformLearner | None) -> Outcome:
        if there is None:
            return Outcome(delivery.id, Verdict.ALREADY)
        del self.learners[there.account]
        self.writes.append(delivery.id)
        return Outcome(delivery.id, Verdict.DONE)

    def _find(self, delivery: Delivery) -> PlatformLearner | None:
        """By account, else by our number; a stranger with that address only where that is wanted."""
        if delivery.account in self.learners:
            return self.learners[delivery.account]
        ours = (one for one in self.learners.values() if one.learner == delivery.learner)
        found = next(ours, None)
        if found is None and self._adopts:
            stranger = self.by_email(delivery.profile.email)
            found = stranger if stranger is not None and stranger.learner is None else None
        return found

    def _new_account(self) -> str:
        self._accounts += 1
        return f"m{self._accounts}"


class ListingPlatform(MemoryPlatform):
    """One that lists its accounts, two to a page."""

    def everybody(self) -> Iterator[Sequence[PlatformLearner]]:
        if self._down is not None:
            raise self._down[1]
        ours = [one for one in self.learners.values() if one.learner is not None]
        for start in range(0, len(ours), 2):
            yield ours[start : start + 2]


class DeafPlatform(MemoryPlatform):
    """One that is told and cannot be asked."""

    keeps = ()

    def read_back(self, deliveries: Sequence[Delivery]) -> Mapping[str, PlatformLearner | None]:
        raise AssertionError(f"{self.name} cannot be asked of {len(deliveries)} people")


def _seated(one: Delivery | PlatformLearner) -> bool:
    return one.active and one.ends_at is not None


def suspended(delivery: Delivery, *, id: str) -> Delivery:
    """The delivery that suspends this learner."""
    return replace(delivery, id=id, kind=Kind.SUSPEND, active=False)
