"""A round: look at the situation, write down what is new, and send what is due. After every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import structlog

from syncd.licensing import due
from syncd.licensing.notices import Address, Inputs
from syncd.model import Finding
from syncd.notify.addressing import addresses, everybody, needs_managers
from syncd.notify.channels import Channels
from syncd.notify.message import Fate, Message
from syncd.notify.outbox import Outbox, Tally
from syncd.notify.ports import Notices, Situations
from syncd.notify.texts import TEST, Texts, Told
from syncd.settings import Settings

_DEFAULT_PLACE = "/etc/syncd/syncd.yaml"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Round:
    """One configuration's notices. Use `run` after whatever may be worth telling."""

    settings: Settings
    notices: Notices
    situations: Situations
    clock: Callable[[], int]

    def run(self, inputs: Inputs) -> Tally:
        """Decide and send. Raises what the database does, and nothing that has to do with a service."""
        tally = Tally(found=self.decide(inputs))
        outbox = Outbox(self.notices, texts(self.settings), self._channels, self.clock)
        outbox.drain(tally, personal=self.settings.notify.learners.per_round)
        _log.info(
            "notices_sent", found=tally.found, sent=tally.sent, deferred=tally.deferred, refused=tally.refused
        )
        return tally

    def decide(self, inputs: Inputs) -> int:
        """Write down what is new, with a posting for everybody it concerns; how many notices that is."""
        if not self.situations.settled():
            return 0  # the run that goes on tells at its end
        section, policy, now = self.settings.notify, self.settings.policy.seats, self.clock()
        own = section.learners.expiry
        situation = self.situations.read(
            policy,
            now,
            lots_ending_in=(max(section.expiry, default=0) + 1) * due.DAY,
            learners_ending_in=(max(own) + 1) * due.DAY if own else None,
            newcomers=section.learners.welcome,
        )
        open_ = self.notices.open()
        decision = due.decide(situation, inputs, section.rules(), open_, now, self.settings.zone)
        managers = self.situations.managers() if needs_managers(section) else []
        fresh = self.notices.record(decision, partial(addresses, section, managers), now)
        return sum(notice.told for notice in fresh)

    def test(self) -> Iterator[Finding]:
        """Send a test message to every target, and say what became of it."""
        section = self.settings.notify
        managers = self.situations.managers() if needs_managers(section) else []
        now = self.clock()
        written = texts(self.settings).write([Told(TEST, {}, now)], now)
        with self._channels() as channels:
            for address in everybody(section, managers):
                message = Message(f"test_{now}", address.recipient, *written)
                channel = channels.to(address)
                assert channel is not None  # the address comes from the configuration
                answer = channel.send(message)
                yield _finding(address, sent=answer.fate is Fate.SENT, why=answer.why)

    def _channels(self) -> Channels:
        return Channels(self.settings.notify, self.settings.company, self.clock)


def texts(settings: Settings) -> Texts:
    path = str(settings.path.absolute())
    command = "syncd" if path == _DEFAULT_PLACE else f"syncd -c {path}"
    return Texts(settings.notify, settings.company, settings.zone, command)


def _finding(address: Address, *, sent: bool, why: str) -> Finding:
    part = f"{address.channel} {address.recipient}"
    return Finding(part, ok=sent, message="took the test message" if sent else why)
