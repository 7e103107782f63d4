"""The group whose members hold a license: who they are, and one more or one fewer."""

from __future__ import annotations

import json

from connectors.platforms.scim.attributes import PATCH, Json, items, member, text
from connectors.platforms.scim.features import Features
from connectors.platforms.scim.wire import Answer, Wire, path_of
from connectors.platforms.scim.writing import Operation
from syncd.errors import Unavailable


class Membership:
    """Members of one group by account id, for the length of a call. Read once, when first asked for."""

    def __init__(self, wire: Wire, features: Features, name: str) -> None:
        self._wire = wire
        self._features = features
        self._name = name
        self._id = ""
        self._members: set[str] = set()

    @property
    def members(self) -> set[str]:
        """Raises `Unavailable` where there is no such group, or two."""
        if not self._id:
            self._read()
        return self._members

    def change(self, account: str, *, joins: bool) -> Operation:
        """What makes it so. Raises `Unavailable` where that cannot be done by one member."""
        _ = self.members
        if not self._features.patch:
            words = f"{self._wire.host} knows no PATCH, by which a single member is put into a group"
            raise Unavailable(
                words, next_step="express the license otherwise: license: account, or extension"
            )
        operation: dict[str, object] = (
            {"op": "add", "path": "members", "value": [{"value": account}]}
            if joins
            else {"op": "remove", "path": f"members[value eq {json.dumps(account)}]"}
        )
        return Operation(
            "PATCH", path_of("Groups", self._id), {"schemas": [PATCH], "Operations": [operation]}
        )

    def changed(self, account: str, *, joined: bool) -> None:
        """It has been made so."""
        (self.members.add if joined else self.members.discard)(account)

    def _read(self) -> None:
        written = json.dumps(self._name, ensure_ascii=False)
        found: list[Json] = []
        for page in self._wire.pages("/Groups", "look up", filter=f"displayName eq {written}"):
            if isinstance(page, Answer):
                words = f"{self._wire.host} does not show its groups ({page.status})"
                raise Unavailable(words, next_step="give the token the right to read and change groups")
            found += page.resources
        named = [one for one in found if text(member(one, "displayName")).casefold() == self._name.casefold()]
        if len(named) != 1:
            many = f"{len(named)} groups" if named else "no group"
            words = f"{self._wire.host} has {many} named {self._name}"
            raise Unavailable(words, next_step="let there be one, or correct platform.license.group")
        account = text(named[0].get("id"))
        answer = self._wire.ask(path_of("Groups", account))
        if not answer.ok:
            words = f"{self._wire.host} does not show the group {self._name} ({answer.status})"
            raise Unavailable(words, next_step="give the token the right to read groups")
        self._members = {text(one.get("value")) for one in items(member(answer.body, "members"))}
        self._id = account
