"""Who is in a group, by digests of everything that makes somebody a member."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connectors.directories.digests import Digests
from syncd.model import GroupRef


@dataclass(frozen=True, slots=True)
class Membership:
    """Everybody in one group, by any of the ways to be in it.

    `dns`: digests of DNs. `logins`: digests of login names. `primary`: the group numbers that
    make a person with that `primaryGroupID` a member.
    """

    group: GroupRef
    dns: Digests
    logins: Digests
    primary: frozenset[bytes]

    def holds(self, dn: int, logins: Iterable[int], primary: bytes) -> bool:
        return dn in self.dns or primary in self.primary or any(login in self.logins for login in logins)
