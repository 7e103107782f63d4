"""Channels: the way out for each address, made when the first message goes there. Libraries come with it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from syncd.licensing.notices import Address
from syncd.notify.message import Channel
from syncd.settings.notify import NotifySection, TargetSection


class Channels:
    """Use as a context: it closes what was opened."""

    def __init__(self, section: NotifySection, company: str, clock: Callable[[], int]) -> None:
        self._section = section
        self._company = company
        self._clock = clock
        self._open: dict[tuple[str, str], Channel] = {}

    def __enter__(self) -> Channels:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for channel in self._open.values():
            channel.close()
        self._open.clear()

    def to(self, address: Address) -> Channel | None:
        """The channel for an address; None when the configuration has it no more."""
        service = service_of(address)
        if service not in self._open:
            made = self._made(*service)
            if made is None:
                return None
            self._open[service] = made
        return self._open[service]

    def _made(self, kind: str, name: str) -> Channel | None:
        if kind == "mail":
            from syncd.notify.mail import Mail

            return Mail(self._section.smtp, self._clock) if self._section.smtp else None
        target = self._target(kind, name)
        if target is None:
            return None
        if kind == "chat":
            from syncd.notify.chat import Chat

            return Chat(target)
        from syncd.notify.webhook import Webhook

        return Webhook(target, self._company, self._clock)

    def _target(self, kind: str, name: str) -> TargetSection | None:
        found = (target for target in self._section.to if target.name == name and getattr(target, kind))
        return next(found, None)


def service_of(address: Address) -> tuple[str, str]:
    """What carries it: one mail server for all, and each chat and webhook by itself."""
    return (address.channel, "" if address.channel == "mail" else address.recipient)
