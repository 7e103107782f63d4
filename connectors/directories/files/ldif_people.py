"""The people of an LDIF file: entries by objectGUID or entryUUID, with memberOf and their managers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b

from connectors.directories.files.first_lines import FirstLines
from connectors.directories.files.ldif_entries import Entry, LdifEntries
from connectors.directories.files.ldif_names import PERMANENT, common_name, is_person, known_as, text_of
from connectors.directories.files.ldif_neighbours import Neighbours
from connectors.directories.files.ldif_person import STATE, LdifSighting, Reading
from connectors.directories.files.options import FileOptions
from connectors.directories.files.translate import AskedGroups, require_attributes
from connectors.directories.ldap_wire.dn import canonical
from syncd.model import GroupRef
from syncd.ports import ReadRequest
from syncd.text.text_file import TextFile

_LINKS = (("objectguid", "guid"), ("ms-ds-consistencyguid", "guid"), ("objectsid", "sid"))


class LdifPeople:
    """The people of one LDIF file, for one read."""

    def __init__(self, name: str, options: FileOptions, request: ReadRequest, file: TextFile) -> None:
        self._options = options
        self._request = request
        self._file = file
        self._entries = LdifEntries(file)
        self._reading = Reading(name, request.attributes, options.disabled_when, request.now)
        self._groups = AskedGroups(request.groups, fold=canonical)
        self._groups_of = lru_cache(maxsize=4096)(self._groups_in)
        self._group_attribute = options.groups.column if options.groups else "memberof"
        rule = {options.disabled_when.column} if options.disabled_when else set()
        names = sorted({*request.attributes, *STATE} | rule)
        self._names = {name: [_steps(candidate) for candidate in known_as(name)] for name in names}
        self._references = {step for steps in self._names.values() for step in steps if step[1]}
        self._neighbours = Neighbours(self._entries, self._references)

    def sightings(self) -> Iterator[LdifSighting]:
        """Everybody, each id once. Raises `ConfigError` for a second id, or a group nobody is in."""
        if self._references or self._request.groups:
            self._neighbours.collect()
        seal, lines, seen = self._seal(), FirstLines(self._file), set[str]()
        for entry in self._entries.read(self._needed()):
            if not is_person(entry.values.get("objectclass", [])):
                continue
            sighting = self._sighting(entry, seal.copy())
            lines.note(sighting.id, entry.line)
            seen.update(sighting.values)
            yield sighting
        if lines.people:
            self._groups.require_met(self._file.path)
            require_attributes(self._options, self._request.attributes, seen)

    def _sighting(self, entry: Entry, seal: blake2b) -> LdifSighting:
        troubles: list[str] = []
        found = {name: self._texts(entry, name, troubles) for name in self._names}
        values = {name: texts for name, texts in found.items() if texts}
        groups = self._groups_of(tuple(entry.values.get(self._group_attribute, ())))
        links = tuple(dict.fromkeys(self._links(entry, troubles)))
        id = self._id(entry, troubles)
        trouble = "; ".join(troubles)
        facts = (entry.dn, id, values, sorted(groups), links, trouble)
        seal.update(repr(facts).encode("utf-8", "surrogatepass"))
        return LdifSighting(seal.digest(), entry.dn, id, values, groups, links, trouble, self._reading)

    def _texts(self, entry: Entry, name: str, troubles: list[str]) -> tuple[str, ...]:
        """The values of the first attribute this name may stand for that has any."""
        for source, target in self._names.get(name) or ((name, ""),):
            raw = entry.values.get(source)
            if raw and target:
                raw = [value for reference in raw for value in self._neighbours.values_at(reference, target)]
            if not raw:
                continue
            try:
                if texts := tuple(filter(None, [text_of(target or source, value) for value in raw])):
                    return texts
            except ValueError:
                troubles.append(f"{target or source} is not text")
        return ()

    def _id(self, entry: Entry, troubles: list[str]) -> str:
        for name in (self._options.id,) if self._options.id else PERMANENT:
            if texts := self._texts(entry, name, troubles):
                return texts[0]
        troubles.append(f"there is no {self._options.id or 'objectGUID or entryUUID'} to tell who this is")
        return ""

    def _links(self, entry: Entry, troubles: list[str]) -> Iterator[str]:
        """As the connector for Active Directory links, so that a file and a domain meet in one person."""
        for name, kind in _LINKS:
            yield from (f"{kind}:{text}" for text in self._texts(entry, name, troubles))
        if self._options.link:
            shared = self._texts(entry, self._options.link, troubles)
            yield from (f"value:{text.lower()}" for text in shared)

    def _groups_in(self, direct: tuple[bytes, ...]) -> frozenset[GroupRef]:
        """Those asked for among these groups, by DN or common name; nested ones where the file has them."""
        nested = self._groups.of_names(_called(self._neighbours.above(direct)))
        return self._groups.of_names(_called(direct)) | {group for group in nested if group.nested}

    def _needed(self) -> set[str]:
        """Every attribute that is looked at; the rest is not even decoded."""
        named = {source for steps in self._names.values() for source, _ in steps}
        options = {self._options.id or "", self._options.link or ""}
        if self._request.groups:
            options.add(self._group_attribute)
        return named | options | {"objectclass", *PERMANENT, *(name for name, _ in _LINKS)}

    def _seal(self) -> blake2b:
        """A hash of all that a description depends on besides the entry; each continues a copy of it."""
        meaning = self._options.model_dump_json(include={"id", "disabled_when", "groups", "link"})
        facts = (self._reading.directory, sorted(self._names), sorted(self._request.groups), meaning)
        return blake2b(repr(facts).encode(), digest_size=16, key=self._request.salt)


def _steps(name: str) -> tuple[str, str]:
    """("manager", "mail") for `manager.mail`; ("mail", "") for `mail`."""
    source, _, target = name.partition(".")
    return source, target


def _called(groups: Iterable[bytes]) -> Iterator[str]:
    """Each group as it may be named in the configuration: the common name, and the DN."""
    for group in groups:
        dn = group.decode("utf-8", "replace")
        yield common_name(dn)
        yield dn
