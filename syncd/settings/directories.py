"""Directories: each entry of the list, validated by its connector's own options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.catalog import DIRECTORIES
from connectors.catalog import load as load_class
from syncd.plan.mapping import FieldRule
from syncd.settings.connectors import section, unknown_type
from syncd.settings.document import Document, Loc
from syncd.settings.fields import MappingSection, connector_mapping
from syncd.settings.problems import Problem
from syncd.settings.sections import DirectorySection
from syncd.settings.types import DirectoryOptions

_OWN = tuple(DirectorySection.model_fields)


@dataclass(frozen=True, slots=True)
class Entry:
    """A valid entry of the list. `loc` is where it stands in the file."""

    loc: Loc
    name: str
    type: str
    options: DirectoryOptions
    mapping: MappingSection

    def field_rules(self, common: MappingSection) -> dict[str, FieldRule]:
        """The connector's mapping, under the common one, under this directory's own."""
        return self.mapping.over(common.over(connector_mapping(self.options.mapping_defaults)))


def read_entries(document: Document, folder: Path) -> tuple[list[Entry], list[Problem]]:
    """Every directory that is valid, and what is wrong with the others."""
    listed = document.data.get("directories")
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, raw in enumerate(listed if isinstance(listed, list) else ()):
        loc = ("directories", number)
        found, wrong = _read(document, loc, raw, folder)
        entries += [found] if found else []
        problems += wrong
    return entries, [*problems, *_repeated(document, directory_names(document))]


def directory_names(document: Document) -> list[tuple[Loc, str]]:
    """The names the file gives to directories, be the rest of them right or wrong."""
    listed = document.data.get("directories")
    named = [
        (("directories", number, "name"), raw.get("name"))
        for number, raw in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(raw, dict)
    ]
    return [(loc, name) for loc, name in named if isinstance(name, str)]


def _read(document: Document, loc: Loc, raw: Any, folder: Path) -> tuple[Entry | None, list[Problem]]:
    if not isinstance(raw, dict):
        return None, [document.problem(loc, "must be a section that begins with `name:` and `type:`")]
    own = {key: value for key, value in raw.items() if key in _OWN}
    rest = {key: value for key, value in raw.items() if key not in _OWN}
    head, problems = section(document, DirectorySection, own, loc, folder, also=_OWN)
    connector = DIRECTORIES.get(raw["type"]) if isinstance(raw.get("type"), str) else None
    if connector is None:
        return None, [*problems, *unknown_type(document, loc, raw.get("type"), DIRECTORIES)]
    options, wrong = section(document, load_class(connector.options), rest, loc, folder, also=_OWN)
    problems += wrong
    if head is None or options is None:
        return None, problems
    return Entry(loc, head.name, head.type, options, head.mapping), problems


def _repeated(document: Document, names: list[tuple[Loc, str]]) -> Iterator[Problem]:
    first: dict[str, Loc] = {}
    for loc, name in names:
        before = first.setdefault(name.casefold(), loc)
        if before is not loc:
            line = document.line(before)
            yield document.problem(
                loc, f"is the name of another directory already (line {line}); choose another"
            )
