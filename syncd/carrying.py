"""Carrying: recorded changes out to a platform of its own, and its answers back into the register.

done, already     delivered
refused           offered once more at the end; then named: the seat goes back, the learner waits
exhausted         as refused, and nobody else is offered a seat in this run
unknown           read back: as wanted -> delivered; else, or where nobody can be asked, it stays
                  recorded and is sent again
platform down     everything stays recorded; the run goes on without it
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from syncd.comparing import differences, unavailable
from syncd.errors import ConfigError, Unavailable
from syncd.model import Entry, Kind, Outcome, Verdict
from syncd.ports import Delivery, Platform, PlatformLearner
from syncd.register_port import QUIET, Register
from syncd.survey import Progress


@dataclass(slots=True)
class Carrier:
    """Carries for one run. `down` says why the platform could not be used, once it could not, and `next_step`
    what to do.

    Between two answers is where a run may be ended: what had an answer is settled, `more` included.
    """

    platform: Platform
    register: Register
    progress: Progress
    down: str = ""
    next_step: str = ""
    seats_left: bool = True
    carried: int = 0

    def carry(self, entries: Sequence[Entry], now: int) -> None:
        """Deliver recorded changes, in order. Does nothing more once the platform is down."""
        outgoing = [entry for entry in entries if entry.change.kind not in QUIET]
        if self.down or not outgoing:
            return
        deliveries = self.register.deliveries.of(outgoing)
        outcomes: dict[str, Outcome] = {}
        try:
            self._deliver(deliveries, outcomes)
            self._read_back(deliveries, outcomes)
        except (Unavailable, ConfigError) as exc:
            self.down, self.next_step = unavailable(self.platform, exc)
        finally:
            self.register.deliveries.settle(outgoing, list(outcomes.values()), now)
        if any(outcome.verdict is Verdict.EXHAUSTED for outcome in outcomes.values()):
            self.seats_left = False

    def carry_left_over(self, now: int) -> None:
        """What earlier runs recorded and could not deliver."""
        for entries in self.register.journal.undelivered(1000):
            if self.down:
                return
            self.carry(entries, now)

    def _deliver(self, deliveries: Sequence[Delivery], outcomes: dict[str, Outcome]) -> None:
        """In order; and once more whoever was refused, for as long as that helps: an address comes free when
        its owner gets another one."""
        left, before = list(deliveries), len(deliveries) + 1
        while 0 < len(left) < before:
            for outcome in self.platform.deliver(left):
                self.carried += outcome.delivery not in outcomes
                outcomes[outcome.delivery] = outcome
                if not outcome.more:
                    self.progress("delivering", self.carried, None)
            before, left = len(left), [entry for entry in left if _is_refused(outcomes.get(entry.id))]

    def _read_back(self, deliveries: Sequence[Delivery], outcomes: dict[str, Outcome]) -> None:
        silent = [entry for entry in deliveries if _is_unknown(outcomes.get(entry.id))]
        if not silent or not self.platform.keeps:
            return
        there = self.platform.read_back(silent)
        for delivery in silent:
            found = there.get(delivery.id)
            if _as_wanted(delivery, found, self.platform.keeps):
                account = found.account if found else ""
                outcomes[delivery.id] = Outcome(delivery.id, Verdict.ALREADY, "read back", account)


def _is_refused(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.verdict is Verdict.REFUSED


def _is_unknown(outcome: Outcome | None) -> bool:
    return outcome is None or outcome.verdict is Verdict.UNKNOWN


def _as_wanted(delivery: Delivery, found: PlatformLearner | None, keeps: Collection[str]) -> bool:
    if delivery.kind is Kind.DELETE:
        return found is None
    return not differences(delivery, found, keeps)
