"""Finding accounts: by our key, and by the addresses we are about to use.

a filter with many values -> one for each value -> all accounts, read once: as far as the server goes along
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import structlog

from connectors.platforms.scim.attributes import Json, text
from connectors.platforms.scim.features import Features
from connectors.platforms.scim.listing import users
from connectors.platforms.scim.translate import EXTERNAL_ID, addresses_of
from connectors.platforms.scim.wire import Answer, Wire, path_of

_TOGETHER = 20  # values in one filter: short enough for every server's limit on addresses
_KEY, _MAILS = "externalId", ("userName", "emails.value")
_log = structlog.get_logger()


class Finder:
    """Looks for accounts, for the length of one call. What it finds is as the server has it now."""

    def __init__(self, wire: Wire, features: Features) -> None:
        self._wire = wire
        self._together = _TOGETHER
        self._useless = set[str]() if features.filters else {_KEY, *_MAILS}
        self._index: dict[str, list[str]] | None = None

    def by_key(self, keys: Collection[str]) -> dict[str, list[Json]]:
        """The accounts with each of these keys: at most one, unless somebody has copied it."""
        found: dict[str, list[Json]] = {key: [] for key in keys}
        for resource in self._with(_KEY, list(found)):
            key = text(EXTERNAL_ID.of(resource))
            if key in found:
                found[key].append(resource)
        return found

    def by_address(self, addresses: Collection[str], *, listed: bool = False) -> list[Json]:
        """The accounts that have one of these as userName or e-mail address.

        By a filter, which some servers take by the letter; in any case, where everybody is `listed`.
        """
        wanted = sorted(addresses)
        if listed or _KEY in self._useless:
            searched = self._indexed([address.casefold() for address in wanted], "address")
        else:
            searched = (one for name in _MAILS for one in self._with(name, wanted))
        folded = {address.casefold() for address in wanted}
        found = (one for one in searched if not folded.isdisjoint(addresses_of(one)))
        return list({text(one.get("id")): one for one in found}.values())

    def by_id(self, account: str) -> Json | None:
        answer = self._wire.ask(path_of("Users", account))
        return answer.body if answer.ok and answer.body.get("id") else None

    def remember(self, resource: Json) -> None:
        """An account that was made or changed, for where all had to be read."""
        if self._index is not None:
            self._enter(resource)

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
            yield from self._indexed(rest, "key")

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

    def _indexed(self, values: Sequence[str], kind: str) -> Iterator[Json]:
        """Without filters: by a list of everybody, made once. `kind`: key or address."""
        if self._index is None:
            self._index = defaultdict(list)
            for page in users(self._wire):
                for resource in page:
                    self._enter(resource)
        ids = {one for value in values for one in self._index.get(f"{kind} {value}", ())}
        for account in sorted(ids):
            there = self.by_id(account)
            if there is not None:
                yield there

    def _enter(self, resource: Json) -> None:
        assert self._index is not None
        account = text(resource.get("id"))
        places = [f"key {text(EXTERNAL_ID.of(resource))}"]
        for place in (*places, *(f"address {address}" for address in addresses_of(resource))):
            if account not in self._index[place]:
                self._index[place].append(account)


def _known_by(resource: Json) -> set[str]:
    return addresses_of(resource) | {text(EXTERNAL_ID.of(resource)).casefold()}
