"""Turnover: what happens to an Active Directory all day, at random: people join, leave, are renamed, move.

join leave rehire      an account is made, deleted, deleted and made anew with the address it had
disable enable         whoever is away for a while
rename swap            another name and address; two people take each other's address
mute unmute            no e-mail address for a while
move                   to another department's unit
exclude include        into the group `outsiders`, and out of it
nest unnest            a group of a few people into `outsiders`, and out of it
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from typing import NamedTuple
from uuid import UUID

from tests.servers.people import DEPARTMENTS, FIRST, LAST
from tests.servers.samba import Samba

_WEIGHTS = {
    "join": 16,
    "leave": 10,
    "rehire": 2,
    "disable": 8,
    "enable": 8,
    "rename": 20,
    "swap": 3,
    "mute": 3,
    "unmute": 3,
    "move": 14,
    "exclude": 6,
    "include": 6,
    "nest": 1,
    "unnest": 1,
}
_ENABLED = "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
_WITHIN = "memberOf:1.2.840.113556.1.4.1941:"


class Rehired(NamedTuple):
    """One human, whose account was deleted and made anew."""

    before: str
    after: str


class Turnover:
    """`step` does one thing to somebody. `outsiders` is the name of a group that exists."""

    def __init__(self, server: Samba, seed: int, *, outsiders: str) -> None:
        self.done: Counter[str] = Counter()
        self.rehired: list[Rehired] = []
        self._server = server
        self._outsiders = server.group_dn(outsiders)
        self._random = Random(seed)
        self._numbers = count(1)
        self._there = sorted(entry["dn"] for entry in server.admin.search(server.staff, "(objectClass=user)"))
        self._away: list[str] = []
        self._muted: dict[str, str] = {}
        self._outside: list[str] = []
        self._nested: list[str] = []
        self._steps: Mapping[str, Callable[[], bool]] = {name: getattr(self, f"_{name}") for name in _WEIGHTS}

    def step(self) -> str:
        """Do one thing that can be done; its name."""
        while True:
            (name,) = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            if self._steps[name]():
                self.done[name] += 1
                return name

    def settle(self) -> None:
        """Give everybody their address again."""
        while self._unmute():
            pass

    def in_scope(self) -> dict[str, str]:
        """Address by objectGUID of everybody who is to have a license, as the directory itself says."""
        query = f"(&(objectClass=user)(mail=*){_ENABLED}(!({_WITHIN}={self._outsiders})))"
        found = self._server.admin.search(self._server.staff, query, ["objectGUID", "mail"])
        return {_guid(entry): entry["attributes"]["mail"][0].lower() for entry in found}

    # -- one thing each; False where there is nobody to do it to -------------------------------------

    def _join(self) -> bool:
        name = self._name()
        self._there.append(self._server.add_person(name, ou=self._unit(), mail=_address(name)))
        return True

    def _leave(self) -> bool:
        self._delete(self._anybody())
        return True

    def _rehire(self) -> bool:
        dn = self._anybody()
        before, address = self._facts(dn)
        if not address or dn in self._outside or dn in self._away:
            return False
        self._delete(dn)
        again = self._server.add_person(self._name(), ou=self._unit(), mail=address)
        self._there.append(again)
        self.rehired.append(Rehired(before, self._facts(again)[0]))
        return True

    def _disable(self) -> bool:
        dn = self._anybody()
        self._server.disable(dn)
        self._away.append(dn)
        return True

    def _enable(self) -> bool:
        if not self._away:
            return False
        self._server.enable(self._away.pop(0))
        return True

    def _rename(self) -> bool:
        dn = self._anybody()
        if dn in self._muted:
            return False
        name = self._name()
        self._server.admin.replace(dn, {"sn": name.partition(" ")[2], "mail": _address(name)})
        self._is_now(dn, self._server.admin.rename(dn, f"CN={name}"))
        return True

    def _swap(self) -> bool:
        one, other = self._random.sample(self._there, 2)
        (_, first), (_, second) = self._facts(one), self._facts(other)
        if not first or not second:
            return False
        self._server.admin.replace(one, {"mail": second})
        self._server.admin.replace(other, {"mail": first})
        return True

    def _mute(self) -> bool:
        dn = self._anybody()
        _, address = self._facts(dn)
        if not address:
            return False
        self._server.admin.replace(dn, {"mail": []})
        self._muted[dn] = address
        return True

    def _unmute(self) -> bool:
        if not self._muted:
            return False
        dn = next(iter(self._muted))
        self._server.admin.replace(dn, {"mail": self._muted.pop(dn)})
        return True

    def _move(self) -> bool:
        dn = self._anybody()
        rdn, _, unit = dn.partition(",")
        other = self._unit()
        if other == unit:
            return False
        self._is_now(dn, self._server.admin.rename(dn, rdn, new_parent=other))
        return True

    def _exclude(self) -> bool:
        dn = self._anybody()
        if dn in self._outside:
            return False
        self._server.admin.add_values(self._outsiders, {"member": dn})
        self._outside.append(dn)
        return True

    def _include(self) -> bool:
        if not self._outside:
            return False
        self._server.admin.remove_values(self._outsiders, {"member": self._outside.pop(0)})
        return True

    def _nest(self) -> bool:
        members = self._random.sample(self._there, 3)
        group = self._server.add_group(f"outside-{next(self._numbers)}", members)
        self._server.admin.add_values(self._outsiders, {"member": group})
        self._nested.append(group)
        return True

    def _unnest(self) -> bool:
        if not self._nested:
            return False
        self._server.admin.remove_values(self._outsiders, {"member": self._nested.pop(0)})
        return True

    # -- who and where ---------------------------------------------------------------------------------

    def _anybody(self) -> str:
        return self._random.choice(self._there)

    def _unit(self) -> str:
        return f"OU={self._random.choice(DEPARTMENTS)},{self._server.staff}"

    def _name(self) -> str:
        """A name nobody else has."""
        first, last = self._random.choice(FIRST), self._random.choice(LAST).replace("'", "")
        return f"{first} {last}{next(self._numbers)}"

    def _facts(self, dn: str) -> tuple[str, str]:
        """objectGUID and address."""
        (entry,) = self._server.admin.search(dn, "(objectClass=user)", ["objectGUID", "mail"])
        return _guid(entry), next(iter(entry["attributes"]["mail"]), "")

    def _delete(self, dn: str) -> None:
        self._server.admin.delete(dn)
        self._there.remove(dn)
        self._muted.pop(dn, None)
        for people in (self._away, self._outside):
            people[:] = [each for each in people if each != dn]

    def _is_now(self, dn: str, later: str) -> None:
        """The same person, elsewhere."""
        for people in (self._there, self._away, self._outside):
            people[:] = [later if each == dn else each for each in people]
        if dn in self._muted:
            self._muted[later] = self._muted.pop(dn)


def _address(name: str) -> str:
    """By the number at its end, which nobody else has."""
    number = "".join(filter(str.isdigit, name))
    return f"person.{number}@contoso.test"


def _guid(entry: Mapping[str, Mapping[str, list[bytes]]]) -> str:
    return str(UUID(bytes_le=entry["attributes"]["objectGUID"][0]))
