"""Message: what goes to one recipient at once, and what a channel answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Fate(StrEnum):
    SENT = "sent"
    DEFERRED = "deferred"  # surely not sent; later perhaps
    REFUSED = "refused"  # surely not sent, and never will be
    UNKNOWN = "unknown"  # perhaps sent: no answer came


class Answer(NamedTuple):
    """What became of a message. `down`: the service as a whole fails, so that no other need be tried."""

    fate: Fate
    why: str = ""
    down: bool = False


class Section(NamedTuple):
    """One notice in words: what it is about, and what to do about it."""

    event: str
    title: str
    body: str
    todo: str
    commands: Sequence[str]
    facts: Mapping[str, Any]
    found_at: int


class Message(NamedTuple):
    """`id` stays the same when it is sent again because nobody knows whether it was."""

    id: str
    to: str
    subject: str
    text: str
    html: str
    sections: Sequence[Section]


class Channel(Protocol):
    """A way out. Its secrets are read when it is first used."""

    def send(self, message: Message) -> Answer:
        """Send one message. Raises nothing that has to do with the service or its credentials."""
        ...

    def close(self) -> None: ...


def clipped(text: str, secrets: Sequence[str] = ()) -> str:
    """What a service said, as one short line without any of `secrets`."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return " ".join(text.split())[:300]
