"""What Microsoft's domain controllers do to a search and no other server does, as rewriting of messages.

request                        upstream is asked                      the client is answered
page of 5000                   page of 1000                           1000 entries and a cookie
no pages                       the same                               1000 entries, then sizeLimitExceeded
sizeLimit 10                   the same                               10 entries, then sizeLimitExceeded
member (5,000 values)          the same                               member (none), member;range=0-1499
member;range=1500-*            member                                 member;range=1500-2999 or …-* (the last)

https://learn.microsoft.com/troubleshoot/windows-server/active-directory/view-set-ldap-policy-using-ntdsutil
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tests.servers.ber import ENUMERATED, OCTETS, SEQUENCE, SET, Element, constructed, number, parse

SEARCH_REQUEST, SEARCH_ENTRY, SEARCH_DONE, SEARCH_REFERENCE = 0x63, 0x64, 0x65, 0x73
SIZE_LIMIT_EXCEEDED = 4
PAGED_RESULTS = b"1.2.840.113556.1.4.319"
_RANGE = re.compile(rb"(.+);range=(\d+)-(\d+|\*)$", re.IGNORECASE)


class Limits(NamedTuple):
    """MaxPageSize and MaxValRange."""

    page: int
    values: int


MICROSOFT = Limits(page=1000, values=1500)


class Range(NamedTuple):
    low: int
    high: int


class Message(NamedTuple):
    """An LDAPMessage: `controls` is its third part, where it has one."""

    id: int
    operation: Element
    controls: Element | None = None

    @classmethod
    def of(cls, element: Element) -> Message:
        identifier, operation, *rest = element.children
        return cls(identifier.number, operation, rest[0] if rest else None)

    @property
    def element(self) -> Element:
        rest = [self.controls] if self.controls else []
        return constructed(SEQUENCE, [number(self.id), self.operation, *rest])


def result(message_id: int, tag: int, code: int, text: str, *extra: Element) -> Message:
    """An answer that ends an operation."""
    parts = (number(code, tag=ENUMERATED), Element(OCTETS, b""), Element(OCTETS, text.encode()), *extra)
    return Message(message_id, constructed(tag, parts))


@dataclass
class Search:
    """One search on its way: what the client asked for, and how many entries it was given."""

    limits: Limits
    scope: int
    limit: int  # entries the client may have; only of a search without pages
    ranges: Mapping[bytes, Range]
    given: int = 0
    exceeded: bool = False

    def answer(self, message: Message) -> Message | None:
        """What the client is told instead of `message`; None when nothing."""
        if message.operation.tag == SEARCH_ENTRY:
            if self.given >= self.limit:
                self.exceeded = True
                return None
            self.given += 1
            return self._entry(message)
        if message.operation.tag == SEARCH_DONE and self.exceeded:
            return result(message.id, SEARCH_DONE, SIZE_LIMIT_EXCEEDED, "the size limit was exceeded")
        return message

    def _entry(self, message: Message) -> Message:
        if not self.ranges and len(message.operation.value) < 2 * self.limits.values:
            return message  # too short to hold an attribute with that many values
        name, attributes = message.operation.children
        limited = constructed(SEQUENCE, (new for old in attributes.children for new in self._attribute(old)))
        return message._replace(operation=constructed(SEARCH_ENTRY, [name, limited]))

    def _attribute(self, attribute: Element) -> Iterator[Element]:
        kind, values = attribute.children
        many = values.children
        wanted = self.ranges.get(kind.value.lower())
        if wanted is None and len(many) <= self.limits.values:
            yield attribute
            return
        if wanted is None:
            yield constructed(SEQUENCE, [kind, Element(SET, b"")])
        low, high = wanted or Range(0, len(many))
        part = many[low : min(high, low + self.limits.values - 1) + 1]
        if part:
            end = b"*" if low + len(part) >= len(many) else b"%d" % (low + len(part) - 1)
            ranged = Element(OCTETS, b"%s;range=%d-%s" % (kind.value, low, end))
            yield constructed(SEQUENCE, [ranged, constructed(SET, part)])


def limit_search(message: Message, limits: Limits) -> tuple[Message, Search]:
    """The search to ask upstream for, and what to do with its answers."""
    *head, attributes = message.operation.children
    wanted = [(element, _RANGE.match(element.value)) for element in attributes.children]
    plain = [Element(OCTETS, found[1]) if found else element for element, found in wanted]
    ranges = {found[1].lower(): _range(found) for _, found in wanted if found}
    controls, paged = _limit_pages(message.controls, limits)
    asked = head[3].number
    search = Search(
        limits=limits,
        scope=head[1].number,
        limit=1 << 62 if paged else min(asked or limits.page, limits.page),
        ranges=ranges,
    )
    operation = constructed(SEARCH_REQUEST, [*head, constructed(SEQUENCE, plain)])
    return Message(message.id, operation, controls), search


def _range(found: re.Match[bytes]) -> Range:
    return Range(int(found[2]), 1 << 62 if found[3] == b"*" else int(found[3]))


def _limit_pages(controls: Element | None, limits: Limits) -> tuple[Element | None, bool]:
    """The controls with a page no larger than allowed, and whether there was a page to limit."""
    if controls is None:
        return None, False
    limited = [_limit_page(control, limits) for control in controls.children]
    return constructed(controls.tag, limited), any(_is_paged(control) for control in limited)


def _limit_page(control: Element, limits: Limits) -> Element:
    if not _is_paged(control):
        return control
    *head, value = control.children
    size, cookie = parse(value.value).children
    smaller = constructed(SEQUENCE, [number(min(size.number, limits.page)), cookie])
    return constructed(SEQUENCE, [*head, Element(OCTETS, smaller.encode())])


def _is_paged(control: Element) -> bool:
    return control.children[0].value == PAGED_RESULTS
