"""Pure: what a row of any file means: its groups, whether it is disabled, what is missing from a header."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from connectors.directories.files.options import DisabledWhen, FileOptions
from syncd.errors import ConfigError
from syncd.model import GroupRef

Values = Mapping[str, tuple[str, ...]]


class AskedGroups:
    """The groups a read asked for, matched by name in any case; remembers which were met.

    `fold` gives names that mean the same group the same spelling.
    """

    def __init__(
        self, asked: Iterable[GroupRef], separator: str = ";", *, fold: Callable[[str], str] = str.casefold
    ) -> None:
        self._separator = separator
        self._fold = fold
        self._by_name: dict[str, list[GroupRef]] = {}
        for group in asked:
            self._by_name.setdefault(fold(group.name.strip()), []).append(group)
        self._met: dict[str, str] = {}
        self.of_cell: Callable[[str], frozenset[GroupRef]] = lru_cache(maxsize=4096)(self._of_cell)

    def of_names(self, names: Iterable[str]) -> frozenset[GroupRef]:
        """Those asked for among these groups, nested or not."""
        found: set[GroupRef] = set()
        for name in names:
            folded = self._fold(name)
            self._met.setdefault(folded, name)
            found.update(self._by_name.get(folded, ()))
        return frozenset(found)

    def require_met(self, path: object) -> None:
        """Raise `ConfigError` for a group nobody is in: in a file it cannot be told from a typing error."""
        for folded, (group, *_) in sorted(self._by_name.items()):
            if folded not in self._met:
                raise ConfigError(
                    f"{path}: nobody is in the group {group.name!r}{nearest(folded, self._met)}",
                    next_step="correct the name in the configuration, or put somebody into the group",
                )

    def _of_cell(self, cell: str) -> frozenset[GroupRef]:
        return self.of_names(filter(None, map(str.strip, cell.split(self._separator))))


def disabled_because(values: Values, rule: DisabledWhen | None) -> str:
    """Why this person is disabled; empty when they are not."""
    if rule is None:
        return ""
    meaning = {value.strip().casefold() for value in rule.equals}
    found = next((value for value in values.get(rule.column, ()) if value.casefold() in meaning), "")
    return f"{rule.column} is {found}" if found else ""


def require_columns(options: FileOptions, wanted: Iterable[str], columns: Collection[str]) -> None:
    """Raise one `ConfigError` for all the columns the options or the mapping name and the file lacks.

    A default of the mapping may be absent, but for the e-mail address: nobody could be used without.
    """
    needed = {f"id: {options.id}": options.id}
    for option, section in (("disabled_when", options.disabled_when), ("groups", options.groups)):
        if section is not None:
            needed[f"{option}: {section.column}"] = section.column
    if options.link is not None:
        needed[f"link: {options.link}"] = options.link
    defaults = set(options.mapping_defaults.values()) - {options.mapping_defaults["email"]}
    needed |= {name: name for name in sorted(wanted) if name not in defaults}
    missing = {label: name for label, name in needed.items() if name and not _is_there(name, columns)}
    if missing:
        named = ", ".join(label + nearest(name, tuple(columns)) for label, name in missing.items())
        raise ConfigError(
            f"{options.path} has no column {named}. It has: {', '.join(columns)}",
            next_step=_advice(columns),
        )


def require_attributes(options: FileOptions, wanted: Collection[str], seen: Collection[str]) -> None:
    """LDIF has no header, so an attribute may be absent because nobody has a value; but not the e-mail."""
    email = options.mapping_defaults["email"]
    if email in wanted and email not in seen:
        raise ConfigError(
            f"{options.path}: nobody has the attribute mail, which e-mail addresses come from",
            next_step="export it too, or name another attribute in mapping: { email: … }",
        )


def _is_there(name: str, columns: Collection[str]) -> bool:
    """A column, or `reference.column`: a column that names another person, and one of theirs."""
    reference, dot, attribute = name.partition(".")
    return name in columns or bool(dot and reference in columns and attribute in columns)


def _advice(columns: Collection[str]) -> str:
    if len(columns) == 1 and any(mark in next(iter(columns)) for mark in ",;\t"):
        return "set delimiter: auto, for the columns are not separated by the one configured"
    return "name the column in mapping: or the directory's options, or correct the header"


def nearest(name: str, known: Mapping[str, str] | Collection[str]) -> str:
    """ " (did you mean …?)" where there is something like it."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    if not found:
        return ""
    return f" (did you mean {known[found[0]] if isinstance(known, Mapping) else found[0]!r}?)"
