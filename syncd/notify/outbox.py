"""Outbox: what is due goes out, as one message for each recipient, by whoever holds the outbox.

before it is sent   the message has a number, and a time for the next try          (committed)
sent                it is over
surely not sent     tried again later, together with what has come since, under a new number
perhaps sent        tried again later as it was, under the same number: a recipient can tell
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import structlog

from syncd.errors import Busy
from syncd.licensing.notices import LONGEST_WAIT, Address, Posting, PostingState
from syncd.notify.channels import Channels, service_of
from syncd.notify.message import Answer, Fate, Message
from syncd.notify.ports import Notices
from syncd.notify.texts import Texts, Told

_FIRST_WAIT = 60
_GIVEN_UP_AFTER, _GIVEN_UP_TRIES = 5 * 86_400, 5
_PATIENCE = 120  # seconds after which the rest is left for the next round
_log = structlog.get_logger()


@dataclass(slots=True)
class Tally:
    """What a round came to, in postings. `troubles`: what each failing service said."""

    found: int = 0
    sent: int = 0
    deferred: int = 0
    refused: int = 0
    given_up: int = 0
    troubles: dict[str, str] = field(default_factory=dict)
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Outbox:
    notices: Notices
    texts: Texts
    channels: Callable[[], Channels]
    clock: Callable[[], int]

    def drain(self, tally: Tally, *, personal: int) -> None:
        """Send what is due; of messages to learners, so many at most. Another holder does it for us."""
        try:
            with self.notices.one_at_a_time(), self.channels() as channels:
                self._drain(channels, tally, personal)
        except Busy:
            tally.busy = True

    def _drain(self, channels: Channels, tally: Tally, personal: int) -> None:
        until, tried, down = self.clock() + _PATIENCE, set[int](), set[tuple[str, str]]()
        while True:
            due = [each for each in self.notices.due(self.clock(), personal=personal) if each.id not in tried]
            if not due:
                return
            for group in _messages(due):
                tried.update(posting.id for posting in group)
                service = service_of(group[0].address)
                if service in down or self.clock() > until:
                    tally.deferred += len(group)
                elif self._send(channels, group, tally).down:
                    down.add(service)
            personal = 0  # what another process has found meanwhile is staff's

    def _send(self, channels: Channels, group: Sequence[Posting], tally: Tally) -> Answer:
        address, ids = group[0].address, [posting.id for posting in group]
        channel = channels.to(address)
        if channel is None:
            answer = Answer(Fate.REFUSED, "is not in the configuration any more")
        else:
            message = self._message(group)
            tries = 1 + max(posting.attempts for posting in group)
            self.notices.begin(ids, message.id, self.clock() + _wait(tries))
            answer = channel.send(message)
        self._settle(group, answer, tally)
        return answer

    def _message(self, group: Sequence[Posting]) -> Message:
        address = group[0].address
        told = [Told(posting.key.event, posting.facts, posting.found_at) for posting in group]
        written = self.texts.write(told, self.clock(), personal=address.personal, language=address.language)
        return Message(
            _number(group), address.recipient, written.subject, written.text, written.html, written.sections
        )

    def _settle(self, group: Sequence[Posting], answer: Answer, tally: Tally) -> None:
        ids, now = [posting.id for posting in group], self.clock()
        if answer.fate is Fate.SENT:
            self.notices.sent(ids, now)
            tally.sent += len(ids)
            return
        service = ":".join(filter(None, service_of(group[0].address)))
        tally.troubles[service] = answer.why
        state = PostingState.REFUSED if answer.fate is Fate.REFUSED else PostingState.PENDING
        for posting in group:
            given_up = state is PostingState.PENDING and _hopeless(posting, now)
            final = PostingState.GIVEN_UP if given_up else state
            self.notices.failed([posting.id], final, answer.why, unknown=answer.fate is Fate.UNKNOWN)
            tally.given_up += given_up
            tally.refused += state is PostingState.REFUSED
            tally.deferred += state is PostingState.PENDING and not given_up
        _log.warning(
            "notices_not_sent", channel=service, notices=len(ids), fate=str(answer.fate), why=answer.why
        )


def _messages(due: Sequence[Posting]) -> list[list[Posting]]:
    """What goes out together: everything for one recipient, but what may have gone out stays as it was."""
    groups: dict[tuple[Address, str, int], list[Posting]] = defaultdict(list)
    for posting in sorted(due, key=lambda each: each.id):
        alone = posting.id if posting.address.channel == "webhook" else 0
        groups[posting.address, posting.message, alone].append(posting)
    return list(groups.values())


def _number(group: Sequence[Posting]) -> str:
    """The message's number. A webhook's is that of its notice for ever, so that it is known again."""
    first = group[0]
    if first.address.channel == "webhook":
        return f"msg_{first.found_at}_{first.id}"
    return first.message or uuid4().hex


def _wait(tries: int) -> int:
    return int(min(_FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT))


def _hopeless(posting: Posting, now: int) -> bool:
    return now - posting.found_at > _GIVEN_UP_AFTER and posting.attempts + 1 >= _GIVEN_UP_TRIES
