"""Finding accounts: by our key, and by the addresses we are about to use.

many newcomers on a small platform   everybody is listed first: who is not on the roll need not be looked for
else                                 a filter with many values -> one for each value -> by the roll after all,
                                     as far as the server goes along
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

import structlog

from connectors.platforms.scim.attributes import Json, text
from connectors.platforms.scim.features import Features
from connectors.platforms.scim.roll import Roll
from connectors.platforms.scim.translate import EXTERNAL_ID, addresses_of
from connectors.platforms.scim.wire import Answer, Page, Wire, path_of
from syncd.errors import Incomplete

_TOGETHER = 20  # values in one filter: short enough for every server's limit on addresses
_CROWD = (
    10  # accounts for each newcomer, up to which a list of all costs fewer requests than looking for each
)
_KEY, _MAILS = "externalId", ("userName", "emails.value")
_log = structlog.get_logger()


class Finder:
    """Looks for accounts, for the length of one call. Whom it finds is as the server has them now."""

    def __init__(self, wire: Wire, features: Features) -> None:
        self._wire = wire
        self._together = _TOGETHER
        self._useless = set[str]() if features.filters else {_KEY, *_MAILS}
        self._roll: Roll | None = None
        self._trusted = False

    def expect(self, newcomers: int) -> None:
        """So many will be looked for who are likely not there."""
        if newcomers < _TOGETHER:
            return
        page = self._wire.page("/Users", "list", startIndex="1", count="1")
        if isinstance(page, Page) and page.total <= newcomers * _CROWD:
            with suppress(Incomplete):
                self._roll, self._trusted = Roll.call(self._wire), True

    def doubt(self) -> None:
        """Something is not as the roll has it, or may not be."""
        if self._trusted:
            self._roll, self._trusted = None, False

    def by_key(self, keys: Collection[str], *, fresh: bool = False) -> dict[str, list[Json]]:
        """The accounts with each of these keys: at most one, unless somebody has copied it."""
        found: dict[str, list[Json]] = {key: [] for key in keys}
        roll = self._roll if self._trusted and not fresh else None
        for resource in self._with(_KEY, [key for key in found if roll is None or roll.has_key(key)]):
            key = text(EXTERNAL_ID.of(resource))
            if key in found:
                found[key].append(resource)
        return found

    def by_address(self, addresses: Collection[str], *, listed: bool = False) -> list[Json]:
        """The accounts that have one of these as userName or e-mail address.

        By a filter, which some servers take by the letter; in any case, where everybody is `listed`.
        """
        roll = self._roll if self._trusted else None
        wanted = sorted(one for one in addresses if roll is None or roll.has_address(one))
        if listed or _KEY in self._useless:
            searched = self._each(self._called().with_addresses(wanted) if wanted else ())
        else:
            searched = (one for name in _MAILS for one in self._with(name, wanted))
        folded = {address.casefold() for address in wanted}
        found = (one for one in searched if not folded.isdisjoint(addresses_of(one)))
        return list({text(one.get("id")): one for one in found}.values())

    def by_id(self, account: str) -> Json | None:
        answer = self._wire.ask(path_of("Users", account))
        return answer.body if answer.ok and answer.body.get("id") else None

    def remember(self, resource: Json) -> None:
        """An account that was made or changed."""
        if self._roll is not None:
            self._roll.enter(resource)

    def _with(self, name: str, values: Sequence[str]) -> Iterator[Json]:
        """Accounts with one of these values; perhaps some more."""
        rest = list(values)
        while rest and name not in self._useless:
            some, rest = rest[: self._together], rest[self._together :]
            found = self._asked(name, some)
            if found is None and len(some) > 1 and self._asked(name, some[:1]) is not None:
                self._together, rest = 1, [*some, *rest]
            elif found is None:
                self._give_up(name)
                rest = [*some, *rest]
            else:
                yield from found
        if rest and name == _KEY:
            yield from self._each(self._called().with_keys(rest))

    def _asked(self, name: str, values: Sequence[str]) -> list[Json] | None:
        """What a filter finds; None where the server refuses it, or does not heed it."""
        clauses = (f"{name} eq {json.dumps(value, ensure_ascii=False)}" for value in values)
        wanted = {value.casefold() for value in values}
        found: list[Json] = []
        for page in self._wire.pages("/Users", "look up", filter=" or ".join(clauses)):
            if isinstance(page, Answer):
                return None
            if any(wanted.isdisjoint(_known_by(one)) for one in page.resources):
                return None
            found += page.resources
        return found

    def _give_up(self, name: str) -> None:
        _log.info("scim_filter_unusable", host=self._wire.host, attribute=name)
        self._useless.add(name)

    def _called(self) -> Roll:
        if self._roll is None:
            self._roll = Roll.call(self._wire)
        return self._roll

    def _each(self, accounts: Sequence[str]) -> Iterator[Json]:
        there = map(self.by_id, accounts)
        return (resource for resource in there if resource is not None)


def _known_by(resource: Json) -> set[str]:
    return addresses_of(resource) | {text(EXTERNAL_ID.of(resource)).casefold()}
