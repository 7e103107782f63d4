"""A made-up Entra tenant in memory: people, groups and what holds them, and a log of every change.

Ids come from the seed, so that two tenants made alike are alike. Methods may be called while a server
reads: hold `lock` for whatever must be seen in one piece.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from threading import RLock
from typing import Any

from tests.servers.entra.clock import iso, now
from tests.servers.entra.entry import CREATED, Change, Entry, number_of, prepare
from tests.servers.entra.properties import (
    CONTACT,
    DEVICE,
    GROUP,
    SERVICE_PRINCIPAL,
    USER,
    Resource,
)

RESTORABLE_SECONDS = 30 * 86_400


class Tenant:
    """Everything below is by object id; a property has Graph's own name: `add_user(displayName="Ana")`.

    A property that is not given was never set. Giving None clears it, which is not the same.
    """

    def __init__(
        self, *, seed: str = "contoso", domain: str = "contoso.test", clock: Callable[[], float] = now
    ) -> None:
        self.seed = seed
        self.domain = domain
        self.clock = clock
        self.lock = RLock()
        self.log: list[Change] = []
        self._entries: dict[str, Entry] = {}
        self._logins: dict[str, str] = {}
        self._ordered: dict[str, list[Entry]] = {}
        self._deleted: dict[str, Entry] = {}
        self._held_by: dict[str, dict[str, None]] = {}
        self.id = self.id_of("tenant")

    # -- people ------------------------------------------------------------------------------------------

    def add_user(self, **properties: Any) -> str:
        """Returns the id. The login is made up when it is not given; so is what Entra always sets."""
        with self.lock:
            number = len(self._entries)
            login = properties.pop("userPrincipalName", None) or f"u{number:06d}@{self.domain}"
            if login.lower() in self._logins:
                raise ValueError(f"{login} is taken: userPrincipalName is unique in a tenant")
            always = {
                "displayName": login.partition("@")[0],
                "userPrincipalName": login,
                "accountEnabled": True,
                "userType": "Member",
                "createdDateTime": iso(self.clock()),
            }
            return self._add(USER, always | properties).id

    def update_user(self, user: str, **properties: Any) -> None:
        self._update(self._live(user, USER), properties)

    def set_manager(self, user: str, manager: str | None) -> None:
        with self.lock:
            entry = self._live(user, USER)
            if entry.manager != manager:
                before, entry.manager = entry.manager, manager
                self._log(entry, ("manager",), added=manager or "", removed=before or "")

    def delete_user(self, user: str) -> None:
        """Into the deleted items, from where it can be restored for thirty days."""
        self._delete(self._live(user, USER))

    def restore_user(self, user: str) -> None:
        with self.lock:
            entry = self._entries[user]
            if not self.is_restorable(entry):
                raise ValueError(f"{user} is not among the deleted items")
            login = entry.values["userPrincipalName"].removeprefix(user.replace("-", ""))
            entry.deleted_at = None
            del self._deleted[user]
            entry.values["deletedDateTime"] = None
            self._rename(entry, login)
            self._log(entry, CREATED)
            self._ordered.pop(USER.name, None)

    def purge_user(self, user: str) -> None:
        """Gone for good, whether or not it was among the deleted items."""
        with self.lock:
            entry = self._entries[user]
            if entry.deleted_at is None:
                self._delete(entry)
            self._purge(entry)

    def is_restorable(self, entry: Entry) -> bool:
        at = entry.deleted_at
        return at is not None and not entry.purged and self.clock() - at < RESTORABLE_SECONDS

    # -- groups and other objects ------------------------------------------------------------------------

    def add_group(self, name: str, members: Iterable[str] = (), **properties: Any) -> str:
        """A security group, unless the properties say otherwise. Members may be of any type."""
        with self.lock:
            always = {
                "displayName": name,
                "createdDateTime": iso(self.clock()),
                "groupTypes": [],
                "mailEnabled": False,
                "mailNickname": name.casefold().replace(" ", "-"),
                "securityEnabled": True,
            }
            entry = self._add(GROUP, always | properties)
            for member in members:
                self.add_member(entry.id, member)
            return entry.id

    def update_group(self, group: str, **properties: Any) -> None:
        self._update(self._live(group, GROUP), properties)

    def delete_group(self, group: str) -> None:
        """A security group is gone at once; a Microsoft 365 group can be restored."""
        with self.lock:
            entry = self._live(group, GROUP)
            self._delete(entry)
            if "Unified" not in entry.values["groupTypes"]:
                self._purge(entry)

    def add_member(self, group: str, member: str) -> None:
        with self.lock:
            entry = self._live(group, GROUP)
            if member not in self._entries:
                raise KeyError(member)
            if member not in entry.members:
                entry.members[member] = None
                self._held_by.setdefault(member, {})[group] = None
                self._log(entry, ("members",), added=member)

    def remove_member(self, group: str, member: str) -> None:
        with self.lock:
            entry = self._live(group, GROUP)
            del entry.members[member]
            del self._held_by[member][group]
            self._log(entry, ("members",), removed=member)

    def add_device(self, name: str) -> str:
        device = {"displayName": name, "deviceId": self.id_of(f"device/{name}"), "accountEnabled": True}
        return self._add(DEVICE, device).id

    def add_service_principal(self, name: str, app_id: str = "") -> str:
        app = {"displayName": name, "appId": app_id or self.id_of(f"app/{name}"), "accountEnabled": True}
        return self._add(SERVICE_PRINCIPAL, app | {"servicePrincipalType": "Application"}).id

    def add_contact(self, name: str, mail: str | None = None) -> str:
        return self._add(CONTACT, {"displayName": name, "mail": mail}).id

    # -- reading -----------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Grows with every change."""
        return len(self.log)

    def id_of(self, what: str) -> str:
        """Always the same for the same thing and seed."""
        digits = blake2b(f"{self.seed}/{what}".encode(), digest_size=15).hexdigest()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-8{digits[15:18]}-{digits[18:]}"

    def user(self, key: str) -> dict[str, Any]:
        """The properties set so far, by id or login."""
        return dict(self._live(self.find(key, USER).id, USER).values)

    def users(self) -> list[str]:
        """The ids of all that are not deleted, oldest first."""
        return [entry.id for entry in self.live(USER)]

    def groups(self) -> dict[str, str]:
        """Ids by name."""
        return {entry.values["displayName"]: entry.id for entry in self.live(GROUP)}

    def find(self, key: str, resource: Resource) -> Entry:
        """By id, or a person by login. Raises KeyError for what is absent or deleted."""
        entry_id = self._logins.get(key.lower(), key.lower()) if resource is USER else key.lower()
        return self._live(entry_id, resource)

    def get(self, entry_id: str) -> Entry | None:
        """Whatever has this id, deleted or not."""
        return self._entries.get(entry_id)

    def live(self, resource: Resource, after: int = -1) -> list[Entry]:
        """All of one type that are not deleted, in the order of their numbers, above `after`."""
        with self.lock:
            ordered = self._ordered.get(resource.name)
            if ordered is None:
                every = self._entries.values()
                ordered = [one for one in every if one.resource is resource and one.deleted_at is None]
                self._ordered[resource.name] = ordered
            if after < 0:
                return ordered
            return ordered[bisect_right(ordered, after, key=number_of) :]

    def deleted(self, resource: Resource) -> Iterator[Entry]:
        """Those that can be restored."""
        deleted = sorted(self._deleted.values(), key=number_of)
        return (one for one in deleted if one.resource is resource and self.is_restorable(one))

    def purge_expired(self) -> None:
        """What was deleted thirty days ago goes for good."""
        with self.lock:
            for entry in [one for one in self._deleted.values() if not self.is_restorable(one)]:
                self._purge(entry)

    def members_of(self, group: Entry) -> list[Entry]:
        """Direct members that are not deleted."""
        found = (self._entries[member] for member in group.members)
        return [entry for entry in found if entry.deleted_at is None]

    def groups_of(self, entry: Entry) -> list[Entry]:
        """The groups that hold it directly."""
        found = (self._entries[group] for group in self._held_by.get(entry.id, ()))
        return [group for group in found if group.deleted_at is None]

    # -- inside ------------------------------------------------------------------------------------------

    def _add(self, resource: Resource, values: dict[str, Any]) -> Entry:
        with self.lock:
            prepare(resource, values, {})
            entry = self._entry(resource, values)
            values["id"] = entry.id
            self._entries[entry.id] = entry
            if resource is USER:
                self._logins[values["userPrincipalName"].lower()] = entry.id
            if (ordered := self._ordered.get(resource.name)) is not None:
                ordered.append(entry)
            self._log(entry, CREATED)
            return entry

    def _entry(self, resource: Resource, values: dict[str, Any]) -> Entry:
        number = len(self._entries)
        return Entry(self.id_of(f"{resource.name}/{number}"), resource, number, values, len(self.log))

    def _update(self, entry: Entry, properties: dict[str, Any]) -> None:
        with self.lock:
            prepare(entry.resource, properties, entry.values)
            changed = {name: new for name, new in properties.items() if entry.values.get(name) != new}
            if login := changed.pop("userPrincipalName", None):
                self._rename(entry, login)
                self._log(entry, ("userPrincipalName",))
            if changed:
                entry.values.update(changed)
                self._log(entry, tuple(changed))

    def _rename(self, entry: Entry, login: str) -> None:
        if self._logins.get(login.lower(), entry.id) != entry.id:
            raise ValueError(f"{login} is taken: userPrincipalName is unique in a tenant")
        self._logins.pop(entry.values["userPrincipalName"].lower(), None)
        entry.values["userPrincipalName"] = login
        self._logins[login.lower()] = entry.id

    def _delete(self, entry: Entry) -> None:
        with self.lock:
            entry.deleted_at = self.clock()
            self._deleted[entry.id] = entry
            entry.values["deletedDateTime"] = iso(entry.deleted_at)
            if entry.resource is USER:  # the login is free again, for somebody else
                login = entry.values["userPrincipalName"]
                del self._logins[login.lower()]
                entry.values["userPrincipalName"] = entry.id.replace("-", "") + login
            self._log(entry, ())
            self._ordered.pop(entry.resource.name, None)

    def _purge(self, entry: Entry) -> None:
        """Only now do its groups lose it: who is restored is still in them."""
        entry.purged = True
        self._deleted.pop(entry.id, None)
        self._log(entry, ())
        for group in self._held_by.pop(entry.id, {}):
            holder = self._entries[group]
            del holder.members[entry.id]
            if holder.deleted_at is None:
                self._log(holder, ("members",), removed=entry.id)

    def _live(self, entry_id: str, resource: Resource) -> Entry:
        entry = self._entries[entry_id]
        if entry.resource is not resource or entry.deleted_at is not None:
            raise KeyError(entry_id)
        return entry

    def _log(self, entry: Entry, names: tuple[str, ...], *, added: str = "", removed: str = "") -> None:
        self.log.append(Change(entry.id, entry.resource.name, names, added, removed))
