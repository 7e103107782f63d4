"""The roll: everybody who has an account, by key and by address; ids alone, for the length of a call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from connectors.platforms.scim.attributes import Json, text
from connectors.platforms.scim.listing import users
from connectors.platforms.scim.translate import EXTERNAL_ID, addresses_of
from connectors.platforms.scim.wire import Wire


class Roll:
    """Who was there when it was called, and who has been entered since."""

    def __init__(self) -> None:
        self._keys: dict[str, set[str]] = defaultdict(set)
        self._addresses: dict[str, set[str]] = defaultdict(set)

    @classmethod
    def call(cls, wire: Wire) -> Roll:
        """Raises as `users`."""
        roll = cls()
        for page in users(wire):
            for resource in page:
                roll.enter(resource)
        return roll

    def enter(self, resource: Json) -> None:
        account = text(resource.get("id"))
        self._keys[text(EXTERNAL_ID.of(resource))].add(account)
        for address in addresses_of(resource):
            self._addresses[address].add(account)

    def has_key(self, key: str) -> bool:
        return key in self._keys

    def has_address(self, address: str) -> bool:
        return address.casefold() in self._addresses

    def with_keys(self, keys: Collection[str]) -> list[str]:
        """The accounts that have, or once had, one of these."""
        return sorted(set().union(*(self._keys.get(key, ()) for key in keys)))

    def with_addresses(self, addresses: Collection[str]) -> list[str]:
        return sorted(set().union(*(self._addresses.get(one.casefold(), ()) for one in addresses)))
