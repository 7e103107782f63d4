"""Delivering: how learners shall be, made true on the site, so many at a time.

no account, and none needed (gone, or shut out)   -> already
no account                                        -> one of that address taken over where wanted, else made
an account that is ours                           -> what differs is changed; nothing differs -> already
two accounts that say they are theirs             -> refused, by name
then the license                                  -> licensing.py

Deletions come first and new accounts last, so that addresses are free for whoever takes them over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.platforms.moodle.licensing import Holder
from connectors.platforms.moodle.refusing import Refusing, several
from connectors.platforms.moodle.site import Site
from connectors.platforms.moodle.translate import EMAIL, Account
from connectors.platforms.moodle.trouble import Lost, Refusal
from syncd.errors import ConfigError, Skipped, Unavailable
from syncd.model import Kind, Outcome, Verdict
from syncd.ports import Delivery


@dataclass(slots=True)
class _Chunk:
    """Some deliveries on their way: what became of each, and who still has to be seen to about a license."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def end(self, delivery: Delivery, verdict: Verdict, reason: str = "", account: int = 0) -> None:
        self.outcomes[delivery.id] = Outcome(delivery.id, verdict, reason, str(account or ""))

    def hold(self, delivery: Delivery, account: int, there: Account | None, *, changed: bool) -> None:
        self.holders[delivery.id] = Holder(delivery, account, there)
        if changed:
            self.changed.add(delivery.id)


class Delivering:
    """For one call of `deliver`."""

    def __init__(self, site: Site) -> None:
        self._options = site.options
        self._moodle = site.moodle
        self._accounts = site.accounts
        self._translator = site.translator
        self._licensing = site.licensing
        self._refusing = Refusing(site)
        self._looked_at_one = False

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        for some in _chunks(deliveries, self._options.batch):
            chunk = self._carried(some)
            for delivery in some:
                yield replace(chunk.outcomes[delivery.id], more=delivery is not some[-1])

    def _carried(self, some: Sequence[Delivery]) -> _Chunk:
        chunk = _Chunk()
        found = self._accounts.by("idnumber", (self._translator.key(one.learner) for one in some))
        gone: list[tuple[Delivery, int]] = []
        known: list[tuple[Delivery, Account]] = []
        new: list[Delivery] = []
        for one in some:
            key = self._translator.key(one.learner)
            there = found.accounts.get(key, [])
            if key in found.unreadable:
                words = f"Moodle cannot show their account: {found.unreadable[key].words}; look at it there"
                chunk.end(one, Verdict.REFUSED, words)
            elif len(there) > 1:
                chunk.end(one, Verdict.REFUSED, several(there, f"the ID number {key}"))
            elif not there and (one.kind is Kind.DELETE or not one.active):
                chunk.end(one, Verdict.ALREADY)
            elif one.kind is Kind.DELETE:
                gone.append((one, there[0].id))
            elif there:
                known.append((one, there[0]))
            else:
                new.append(one)
        self._delete(chunk, gone)
        self._update(chunk, known)
        self._create(chunk, new)
        self._license(chunk)
        return chunk

    def _delete(self, chunk: _Chunk, gone: Sequence[tuple[Delivery, int]]) -> None:
        for one, answer in self._accounts.delete(gone):
            if answer is None:
                chunk.end(one, Verdict.DONE)
            elif isinstance(answer, Lost):
                chunk.end(one, Verdict.UNKNOWN, answer.value)
            else:
                chunk.end(one, Verdict.REFUSED, f"Moodle does not delete the account: {answer.words}")

    def _update(self, chunk: _Chunk, known: Sequence[tuple[Delivery, Account]]) -> None:
        differing: list[tuple[tuple[Delivery, Account], dict[str, Any]]] = []
        told: set[str] = set()
        for one, there in known:
            ahead = self._licensing.ahead(one, there)
            try:
                fields = self._translator.changed(one, there, ahead)
            except Skipped as exc:
                chunk.end(one, Verdict.REFUSED, exc.why, there.id)
                continue
            if fields:
                differing.append(((one, there), fields))
                told |= {one.id} if "customfields" in fields else set()
            else:
                chunk.hold(one, there.id, there, changed=False)
        for (one, there), answer in self._accounts.update(differing):
            if isinstance(answer, Refusal):
                chunk.end(one, Verdict.REFUSED, self._refusing.why(one.profile, there, answer), there.id)
            elif isinstance(answer, Lost):
                chunk.end(one, Verdict.UNKNOWN, answer.value, there.id)
            else:
                self._refusing.let_through()
                if one.id in told:
                    self._look_at(one, there.id, there)
                chunk.hold(one, there.id, there, changed=True)

    def _create(self, chunk: _Chunk, new: Sequence[Delivery]) -> None:
        chunk.outcomes |= self._licensing.no_room(new, list(chunk.holders.values()))
        left = [one for one in new if one.id not in chunk.outcomes]
        if not left:
            return
        adopted = self._adopted(chunk, left) if self._options.adopt_by_email else []
        self._update(chunk, adopted)
        taken = {one.id for one, _ in adopted} | chunk.outcomes.keys()
        made: list[tuple[Delivery, dict[str, Any]]] = []
        for one in self._without_strangers(chunk, [one for one in left if one.id not in taken]):
            ahead = self._licensing.ahead(one, None)
            try:
                made.append((one, self._translator.newcomer(one, ahead)))
            except Skipped as exc:
                chunk.end(one, Verdict.REFUSED, exc.why)
        for one, answer in self._accounts.create(made):
            if isinstance(answer, Refusal):
                chunk.end(one, Verdict.REFUSED, self._refusing.why(one.profile, None, answer))
            elif isinstance(answer, Lost):
                chunk.end(one, Verdict.UNKNOWN, answer.value)
            else:
                self._refusing.let_through()
                self._look_at(one, answer, None)
                chunk.hold(one, answer, None, changed=True)

    def _license(self, chunk: _Chunk) -> None:
        for outcome in self._licensing.settle(list(chunk.holders.values())):
            chunk.outcomes[outcome.delivery] = outcome
        for key, holder in chunk.holders.items():
            verdict = Verdict.DONE if key in chunk.changed else Verdict.ALREADY
            chunk.outcomes.setdefault(key, holder.outcome(verdict))

    # -- other people's accounts

    def _adopted(self, chunk: _Chunk, new: Sequence[Delivery]) -> list[tuple[Delivery, Account]]:
        """Accounts that are to become theirs. Whoever stands in the way is refused."""
        found = []
        for one in new:
            same = self._accounts.with_email(one.profile.email)
            if len(same) > 1:
                chunk.end(one, Verdict.REFUSED, several(same, f"the address {one.profile.email}"))
            elif same and same[0].id_number:
                chunk.end(one, Verdict.REFUSED, self._refusing.stranger(one.profile.email, same[0]))
            elif same:
                found.append((one, same[0]))
        return found

    def _without_strangers(self, chunk: _Chunk, new: Sequence[Delivery]) -> list[Delivery]:
        """Those whose address nobody has. Moodle would refuse the others, unless it allows the same twice."""
        wanted = {address for one in new for address in (one.profile.email, one.profile.email.lower())}
        found = self._accounts.by(EMAIL, sorted(wanted))
        holders = {address.casefold(): there[0] for address, there in found.accounts.items()}
        free = []
        for one in new:
            if (holder := holders.get(one.profile.email.casefold())) is None:
                free.append(one)
            else:
                chunk.end(one, Verdict.REFUSED, self._refusing.stranger(one.profile.email, holder))
        return free

    def _look_at(self, one: Delivery, account: int, before: Account | None) -> None:
        """The first account that was made, as the site shows it now: what we cannot see we would make again,
        and what it did not keep we would tell it for ever."""
        if self._looked_at_one:
            return
        self._looked_at_one = True
        key = self._translator.key(one.learner)
        seen = self._accounts.by("idnumber", [key]).accounts.get(key)
        if not seen:
            raise Unavailable(
                f"Moodle has account {account} and does not show it to us by its ID number {key}",
                next_step="give the role of the token's user moodle/user:viewalldetails and viewdetails",
            )
        custom = self._translator.custom(one, self._licensing.ahead(one, before))
        lost = sorted(short for short, value in custom.items() if value and short not in seen[0].custom)
        if lost:
            raise ConfigError(
                f"Moodle has no custom profile field {', '.join(lost)}: what was sent for it is not there",
                next_step="make it (Site administration > Users > User profile fields), or correct its name",
            )


def _chunks(deliveries: Sequence[Delivery], most: int) -> Iterator[list[Delivery]]:
    """Stretches in which nobody comes twice."""
    chunk: list[Delivery] = []
    seen: set[int] = set()
    for one in deliveries:
        if len(chunk) == most or one.learner in seen:
            yield chunk
            chunk, seen = [], set()
        chunk.append(one)
        seen.add(one.learner)
    if chunk:
        yield chunk
