"""A directory in memory: what the engine's tests read, with the faults a real one has on bad days."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from random import Random
from typing import TypeVar

from syncd.errors import ConfigError, CursorLost, Incomplete, Skipped, SyncdError
from syncd.model import PROFILE_FIELDS, DirectoryUser, Finding, GroupRef, Identity
from syncd.ports import Changed, ReadRequest
from tests.contracts.town import Person

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A person as the memory holds them. `groups` are direct memberships; `manager` is an id."""

    id: str
    attributes: Mapping[str, str]
    enabled: bool = True
    disabled_because: str = "disabled in the directory"
    changes_at: int | None = None
    links: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    manager: str = ""
    unreadable: str = ""  # the reason `open()` gives instead of a user …
    nameless: bool = False  # … and whether it cannot even tell who this is


@dataclass(frozen=True, slots=True)
class MemorySighting:
    """A sealed entry; `open()` gives the user, or raises `Skipped`."""

    fingerprint: bytes
    user: DirectoryUser
    unreadable: str = ""
    nameless: bool = False

    def open(self) -> DirectoryUser:
        if self.unreadable:
            raise Skipped(
                f"{self.user.where}: {self.unreadable}",
                next_step="correct it in the directory",
                identity=None if self.nameless else self.user.identity,
            )
        return self.user


class MemoryDirectory:
    """People by id. Attributes are called as the profile's fields; `manager.<attribute>` is followed.

    Faults: `break_after(n)` gives n people and raises; `refuse(error)` raises at once; both until
    `mend()`. `forget()` loses every cursor that was given. `reads` counts the whole reads that were begun,
    `follows` those of changes.

    Changes are found by comparing with what was there when the cursor was given, and told the way a
    busy server would: with `chatter`, states in between, people who have not changed, and some twice.
    """

    def __init__(self, name: str = "memory", *, page_size: int = 1000) -> None:
        self.name = name
        self.page_size = page_size
        self.entries: dict[str, Entry] = {}
        self.nested: dict[str, set[str]] = {}  # group -> the groups that are members of it
        self.known_groups: set[str] = set()
        self.reads = self.follows = 0
        self.chatter: Random | None = None
        self._past: dict[str, _Past] = {}
        self._marks = 0
        self._breaks_after: int | None = None
        self._refusal: SyncdError | None = None

    # -- who is here

    def add(
        self, id: str, *, groups: Sequence[str] = (), links: Sequence[str] = (), **attributes: str
    ) -> None:
        """Put a person in, or replace them. Attributes without a value are absent."""
        present = {name: value for name, value in attributes.items() if value}
        self.known_groups.update(groups)
        self.entries[id] = Entry(id, present, groups=frozenset(groups), links=tuple(links))

    def change(self, id: str, **attributes: str) -> None:
        entry = self.entries[id]
        merged = {**entry.attributes, **attributes}
        self.entries[id] = replace(entry, attributes={name: value for name, value in merged.items() if value})

    def disable(self, id: str, because: str = "disabled in the directory") -> None:
        self.entries[id] = replace(self.entries[id], enabled=False, disabled_because=because)

    def enable(self, id: str) -> None:
        self.entries[id] = replace(self.entries[id], enabled=True)

    def expire(self, id: str, at: int) -> None:
        """The account ends at this time: disabled by the clock alone, as AD's accountExpires."""
        self.entries[id] = replace(self.entries[id], changes_at=at)

    def spoil(self, id: str, reason: str = "a value cannot be decoded", *, nameless: bool = False) -> None:
        """Seen, and cannot be opened; `nameless`: nor can it be told who this is."""
        self.entries[id] = replace(self.entries[id], unreadable=reason, nameless=nameless)

    def remove(self, id: str) -> None:
        del self.entries[id]

    def join(self, id: str, group: str) -> None:
        self.known_groups.add(group)
        self.entries[id] = replace(self.entries[id], groups=self.entries[id].groups | {group})

    def leave(self, id: str, group: str) -> None:
        self.entries[id] = replace(self.entries[id], groups=self.entries[id].groups - {group})

    def nest(self, inner: str, outer: str) -> None:
        self.known_groups.update((inner, outer))
        self.nested.setdefault(outer, set()).add(inner)

    def report(self, id: str, *, to: str) -> None:
        self.entries[id] = replace(self.entries[id], manager=to)

    # -- what goes wrong

    def break_after(self, people: int) -> None:
        """The connection drops after that many people: pages before it have been given."""
        self._breaks_after = people

    def refuse(self, error: SyncdError) -> None:
        """Reading does not even begin."""
        self._refusal = error

    def mend(self) -> None:
        self._breaks_after = self._refusal = None

    def forget(self) -> None:
        """As after a server was restored: what changed before can no longer be told."""
        self._past.clear()

    # -- the port

    def read(self, request: ReadRequest) -> Iterator[Sequence[MemorySighting]]:
        self.reads += 1
        self._begin(request)
        for page in self._pages(list(self.entries.values())):
            yield [self._sighting(entry, request) for entry in page]

    def mark(self, request: ReadRequest) -> str:
        self._begin(request)
        return self._mark()

    def changes(self, request: ReadRequest, cursor: str) -> Iterator[Changed]:
        self.follows += 1
        self._begin(request)
        past = self._past.get(cursor)
        if past is None:
            raise CursorLost(f"{self.name}: nobody knows what has changed since {cursor!r}")
        before, now = past.sightings(self, request), self._sightings(request)
        after = self._mark()
        if self.chatter is not None:
            yield from self._chatter(self.chatter, before, now)
        changed = [id for id in now if id not in before or before[id].fingerprint != now[id].fingerprint]
        if any(now[id].nameless for id in changed):
            raise CursorLost("somebody cannot be told from others")
        for page in self._pages(changed):
            yield Changed({id: now[id] for id in page})
        yield Changed(gone=sorted(before.keys() - now.keys()), cursor=after)

    def again(self, request: ReadRequest, ids: Collection[str]) -> Iterator[Changed]:
        self._begin(request)
        now = self._sightings(request)
        for page in self._pages(sorted(ids)):
            yield Changed({id: now[id] for id in page if id in now}, [id for id in page if id not in now])

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        if self._refusal is not None:
            yield Finding(self.name, False, self._refusal.message, self._refusal.next_step)
            return
        self._know(request.groups)
        yield Finding(self.name, True, f"{len(self.entries)} people")

    def _begin(self, request: ReadRequest) -> None:
        if self._refusal is not None:
            raise self._refusal
        self._know(request.groups)

    def _pages(self, everything: Sequence[T]) -> Iterator[Sequence[T]]:
        reached = everything[: self._breaks_after]
        for start in range(0, len(reached), self.page_size):
            yield reached[start : start + self.page_size]
        if self._breaks_after is not None:
            raise Incomplete(
                f"{self.name}: connection lost after {len(reached)} people", next_step="run again"
            )

    def _mark(self) -> str:
        self._marks += 1
        cursor = f"state {self._marks}"
        self._past[cursor] = _Past(
            dict(self.entries), {group: set(inner) for group, inner in self.nested.items()}
        )
        return cursor

    def _sightings(self, request: ReadRequest) -> dict[str, MemorySighting]:
        return {entry.id: self._sighting(entry, request) for entry in self.entries.values()}

    def _chatter(
        self, random: Random, before: Mapping[str, MemorySighting], now: Mapping[str, MemorySighting]
    ) -> Iterator[Changed]:
        """Old news, in any order: whoever is in it is told of again as they are now."""

        def page(people: Mapping[str, MemorySighting], told: Sequence[str]) -> Changed:
            gone = [id for id in told if id not in people]
            return Changed({id: people[id] for id in told if id in people}, gone)

        everybody = sorted(before.keys() | now.keys())
        for _ in range(random.randrange(4)):
            told = random.sample(everybody, min(2, len(everybody)))
            yield page(before, told)
            if random.random() < 0.5:
                yield Changed(gone=told)
            yield page(now, told)

    def _know(self, groups: frozenset[GroupRef]) -> None:
        for group in sorted(groups):
            if group.name not in self.known_groups:
                raise ConfigError(
                    f"{self.name}: there is no group {group.name!r}", next_step="check the spelling"
                )

    def _sighting(self, entry: Entry, request: ReadRequest) -> MemorySighting:
        expired = entry.changes_at is not None and entry.changes_at <= request.now
        user = DirectoryUser(
            identity=Identity(self.name, entry.id),
            where=f"{self.name}:{entry.id}",
            enabled=entry.enabled and not expired,
            disabled_because=entry.disabled_because if not entry.enabled else "expired" if expired else "",
            changes_at=None if expired else entry.changes_at,
            links=entry.links,
            groups=frozenset(group for group in request.groups if self._is_in(entry, group)),
            attributes=self._attributes(entry, request.attributes),
        )
        sealed = (entry.id, entry.enabled, entry.disabled_because, entry.changes_at, entry.links)
        facts = (*sealed, entry.unreadable, sorted(user.groups), sorted(user.attributes.items()))
        seal = blake2b(repr(facts).encode(), digest_size=16, key=request.salt)
        return MemorySighting(seal.digest(), user, entry.unreadable, entry.nameless)

    def _attributes(self, entry: Entry, wanted: frozenset[str]) -> dict[str, tuple[str, ...]]:
        values = {name: entry.attributes.get(name, "") for name in wanted}
        for name in wanted:
            reference, dot, attribute = name.partition(".")
            if dot and reference == "manager" and entry.manager in self.entries:
                values[name] = self.entries[entry.manager].attributes.get(attribute, "")
        return {name: (value,) for name, value in sorted(values.items()) if value}

    def _is_in(self, entry: Entry, group: GroupRef) -> bool:
        counted = {group.name}
        fresh = [group.name] if group.nested else []
        while fresh:
            inner = self.nested.get(fresh.pop(), set()) - counted
            counted |= inner
            fresh += inner
        return not counted.isdisjoint(entry.groups)


@dataclass(frozen=True, slots=True)
class _Past:
    """What a directory was when it gave a cursor."""

    entries: dict[str, Entry]
    nested: dict[str, set[str]]

    def sightings(self, directory: MemoryDirectory, request: ReadRequest) -> dict[str, MemorySighting]:
        past = MemoryDirectory(directory.name)
        past.entries, past.nested = self.entries, self.nested
        return past._sightings(request)


class MemoryTown:
    """A `MemoryDirectory` behind the verbs of the contract."""

    attributes: Mapping[str, str] = {field: field for field in PROFILE_FIELDS} | {
        "manager_email": "manager.email"
    }

    def __init__(self) -> None:
        self.memory = MemoryDirectory()

    def directory(self) -> MemoryDirectory:
        return self.memory

    def add(self, *people: Person) -> None:
        for one in people:
            self.memory.add(
                f"id-{one.handle}",
                email=one.email,
                first_name=one.first_name,
                last_name=one.last_name,
                department=one.department,
            )

    def rename(self, handle: str, *, last_name: str, email: str) -> None:
        self.memory.change(f"id-{handle}", last_name=last_name, email=email)

    def change(self, handle: str, *, department: str) -> None:
        self.memory.change(f"id-{handle}", department=department)

    def move(self, handle: str) -> None:
        self.memory.entries[f"id-{handle}"] = self.memory.entries.pop(f"id-{handle}")

    def disable(self, handle: str) -> None:
        self.memory.disable(f"id-{handle}")

    def delete(self, handle: str) -> None:
        self.memory.remove(f"id-{handle}")

    def join(self, handle: str, group: str) -> None:
        self.memory.join(f"id-{handle}", group)

    def leave(self, handle: str, group: str) -> None:
        self.memory.leave(f"id-{handle}", group)

    def nest(self, inner: str, outer: str) -> None:
        self.memory.nest(inner, outer)

    def report(self, handle: str, *, to: str) -> None:
        self.memory.report(f"id-{handle}", to=f"id-{to}")
