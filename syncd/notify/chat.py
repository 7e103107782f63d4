"""Chat: Teams, Slack, Mattermost and whatever else Apprise speaks, by a URL that is a secret.

A channel is read by many: it is told what happened and what to do, and nobody's name.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from syncd.errors import ConfigError
from syncd.notify.message import Answer, Fate, Message, clipped
from syncd.settings.notify import TargetSection

_MISSING = "needs the Python package apprise: pip install 'syncd[chat]'"
_MAIL = re.compile(r"mailtos?:", re.IGNORECASE)


class Chat:
    """A `Channel`."""

    def __init__(self, target: TargetSection) -> None:
        self._target = target

    def send(self, message: Message) -> Answer:
        try:
            import apprise  # an extra, and slow to import
        except ModuleNotFoundError:
            return Answer(
                Fate.DEFERRED, "needs the Python package apprise: pip install 'syncd[chat]'", down=True
            )
        assert self._target.chat is not None  # that is what makes it a chat
        try:
            url = self._target.chat.reveal().strip()
        except ConfigError as exc:
            return Answer(Fate.DEFERRED, exc.message, down=True)
        if _MAIL.match(url):
            return Answer(Fate.DEFERRED, "is a mail URL: use `mail` and `smtp` instead", down=True)
        asset = apprise.AppriseAsset(async_mode=False, secure_logging=True)
        chat = apprise.Apprise(asset=asset)
        with _told() as said, warnings.catch_warnings(action="ignore"):  # its plugins', of no use to an admin
            done = chat.add(url) and chat.notify(
                title=message.subject, body=in_short(message), body_format=apprise.NotifyFormat.TEXT
            )
        if done:
            return Answer(Fate.SENT)
        why = "is no URL that Apprise knows" if not len(chat) else said[-1] if said else "did not take it"
        return Answer(Fate.DEFERRED, clipped(why, _secrets_in(url)), down=True)

    def close(self) -> None:
        """Nothing stays open."""


def in_short(message: Message) -> str:
    """Titles, what to do, and with which commands."""
    return (
        "\n\n".join(
            "\n".join(filter(None, (section.title, section.todo, *section.commands)))
            for section in message.sections
        )
        or message.text
    )


@contextmanager
def _told() -> Iterator[list[str]]:
    """What Apprise complains of, kept out of the log: it may repeat parts of the URL."""
    logger, said = logging.getLogger("apprise"), list[str]()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    listener, passed_on = Listener(logging.WARNING), logger.propagate
    logger.addHandler(listener)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.removeHandler(listener)
        logger.propagate = passed_on


def _secrets_in(url: str) -> list[str]:
    """Everything in a chat's URL that may be a token."""
    return [part for part in re.split(r"[/:@?&=,]+", url) if len(part) > 3 and part != "localhost"]
