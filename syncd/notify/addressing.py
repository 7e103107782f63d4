"""Addressing: to whom a notice goes, by the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from syncd.licensing.notices import TO_LEARNERS, Address, Notice, Person
from syncd.settings.notify import MANAGERS, NotifySection, TargetSection, is_address


def addresses(section: NotifySection, managers: Sequence[Person], notice: Notice) -> list[Address]:
    """Everybody a notice concerns, each once, in a fixed order."""
    if notice.key.event in TO_LEARNERS:
        email = str(notice.facts["email"])
        own = Address("mail", email, personal=True, language=str(notice.facts["language"]))
        return [own] if is_address(email) else []
    return _each_once(section, managers, lambda target: notice.key.event in target.events)


def needs_managers(section: NotifySection) -> bool:
    """Whether the learners with the role manager have to be known."""
    return any(MANAGERS in target.mail for target in section.to)


def everybody(section: NotifySection, managers: Sequence[Person]) -> list[Address]:
    """Every address a notice may go to, learners apart."""
    return _each_once(section, managers, lambda _: True)


def _each_once(
    section: NotifySection, managers: Sequence[Person], wanted: Callable[[TargetSection], bool]
) -> list[Address]:
    """An address that is written in two ways is one."""
    found: dict[tuple[str, str], Address] = {}
    for target in filter(wanted, section.to):
        for address in _of(target, managers):
            found.setdefault((address.channel, address.recipient.lower()), address)
    return sorted(found.values())


def _of(target: TargetSection, managers: Sequence[Person]) -> Iterator[Address]:
    for entry in target.mail:
        if entry == MANAGERS:
            yield from (Address("mail", person.email) for person in managers)
        else:
            yield Address("mail", entry)
    if target.chat is not None:
        yield Address("chat", str(target.name))
    if target.webhook is not None:
        yield Address("webhook", str(target.name))
