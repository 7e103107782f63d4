"""Document: one YAML file as plain data that still knows on which line each key stands.

YAML 1.2 scalars (`no` and `on` are text, 007 keeps its zeros), anchors and `<<` merges; duplicate keys
are problems, tags are refused, nothing is ever constructed but text, numbers, lists and mappings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from syncd.settings.problems import ConfigProblems, Problem
from syncd.settings.syntax import syntax_problem

Loc = Sequence[str | int]
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """`data` is the content of the file, `problems` what was wrong with it as YAML."""

    path: Path
    data: dict[str, Any]
    root: yaml.MappingNode
    problems: tuple[Problem, ...]

    def line(self, loc: Loc) -> int:
        """The line of a key or list entry; for one that is missing, of what should contain it."""
        node: yaml.Node | None = self.root
        line = _line(self.root)
        for step in loc:
            found = _step(node, step)
            if found is not None:
                line, node = found
        return line

    def where(self, loc: Loc, *, missing: bool = False) -> str:
        """`loc` as an admin would say it: "directories[0].tls.verify".

        Steps the file does not have (pydantic names the branches of a union) are left out, except
        the last one of something `missing`.
        """
        node: yaml.Node | None = self.root
        words: list[str] = []
        for number, step in enumerate(loc):
            found = _step(node, step)
            if found is not None:
                node = found[1]
            elif not (missing and number == len(loc) - 1):
                continue
            words.append(f"[{step}]" if isinstance(step, int) else f".{step}")
        return "".join(words).removeprefix(".")

    def problem(self, loc: Loc, message: str, *, missing: bool = False) -> Problem:
        return Problem(self.path, self.line(loc), self.where(loc, missing=missing), message)


def read_document(path: Path) -> Document:
    """Read and parse a file. Raises `ConfigProblems` when there is nothing to validate in it."""
    text = _text(path)
    root = _compose(path, text)
    if not isinstance(root, yaml.MappingNode):
        message = "the file is empty" if root is None else "the file must consist of `key: value` lines"
        line = 0 if root is None else _line(root)
        raise ConfigProblems([Problem(path, line, "", f"{message}; `syncd init` writes one to start from")])
    reader = _Plain(path)
    try:
        data = reader.value(root, "")
    except RecursionError as exc:
        raise ConfigProblems([Problem(path, 0, "", "the file is nested too deeply")]) from exc
    return Document(path, data, root, tuple(reader.problems))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as exc:
        why = (exc.strerror if isinstance(exc, OSError) else None) or "the path is not valid"
        raise ConfigProblems([Problem(path, 0, "", f"cannot be read: {why}")]) from exc
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise ConfigProblems([Problem(path, line, "", "is not UTF-8 text; save the file as UTF-8")]) from None


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML's parser up to the node graph, with the scalars of YAML 1.2."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)


_SCALARS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
)
for _name, _pattern, _starts in _SCALARS:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})\\Z"), list(_starts))


def _compose(path: Path, text: str) -> yaml.Node | None:
    try:
        return _Loader(text).get_single_node()
    except yaml.YAMLError as exc:
        raise ConfigProblems([syntax_problem(path, text, exc)]) from None
    except RecursionError as exc:
        raise ConfigProblems([Problem(path, 0, "", "the file is nested too deeply")]) from exc
    except (ValueError, OverflowError):  # PyYAML on escapes beyond Unicode
        raise ConfigProblems([Problem(path, 0, "", "has an escape or number YAML does not know")]) from None


class _Plain:
    """Turns nodes into plain data, collecting problems instead of stopping at the first."""

    def __init__(self, path: Path) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._done: dict[int, Any] = {}
        self._open: set[int] = set()

    def value(self, node: yaml.Node, where: str) -> Any:
        """The data of `node`; an aliased node is converted once and shared."""
        if id(node) in self._open:
            return self._complain(node, where, "refers to itself")
        if id(node) not in self._done:
            self._open.add(id(node))
            self._done[id(node)] = self._convert(node, where)
            self._open.remove(id(node))
        return self._done[id(node)]

    def _convert(self, node: yaml.Node, where: str) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.value(item, f"{where}[{number}]") for number, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        return self._complain(node, where, _NO_TAGS)

    def _mapping(self, node: yaml.MappingNode, where: str) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                merged = self._merged(value, where) | merged
            elif not isinstance(key, yaml.ScalarNode) or key.tag == _TAG + "null":
                self._complain(key, where, "has a key that is not text")
            elif key.value in own:
                self._complain(key, _join(where, key.value), "is given twice; keep one of them")
            else:
                own[key.value] = self.value(value, _join(where, key.value))
        return merged | own

    def _merged(self, node: yaml.Node, where: str) -> dict[str, Any]:
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for item in items:
            if isinstance(item, yaml.MappingNode):
                merged = self.value(item, where) | merged
            else:
                self._complain(item, where, "merges (<<) something that is not a section")
        return merged

    def _scalar(self, node: yaml.ScalarNode, where: str) -> Any:
        text: str = node.value
        if "\0" in text or not _encodable(text):
            return self._complain(node, where, "contains a character that is none (NUL or half of a pair)")
        match node.tag.removeprefix(_TAG):
            case "str" | "merge":
                return text
            case "null":
                return None
            case "bool" if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case ("int" | "float") as kind if len(text) < 25:
                return self._number(node, kind, where)
            case "int" | "float":
                return self._complain(node, where, "is too long for a number")
        return self._complain(node, where, _NO_TAGS)

    def _number(self, node: yaml.ScalarNode, kind: str, where: str) -> Any:
        try:
            return int(node.value) if kind == "int" else float(node.value)
        except ValueError:  # an explicit `!!int` before something else
            return self._complain(node, where, _NO_TAGS)

    def _complain(self, node: yaml.Node, where: str, message: str) -> None:
        self.problems.append(Problem(self._path, _line(node), where, message))


_NO_TAGS = "has a YAML tag (a word with '!' before it), which is not used here; put text in quotes"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _step(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    """The line and the node one step down, if there is one."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        item = node.value[step]
        return _line(item), item
    if isinstance(node, yaml.MappingNode):
        return next(_entries(node, str(step), set()), None)
    return None


def _entries(node: yaml.MappingNode, name: str, seen: set[int]) -> Iterator[tuple[int, yaml.Node]]:
    seen.add(id(node))
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == name:
            yield _line(key), value
    for key, value in node.value:
        if key.tag == _TAG + "merge":
            for item in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(item, yaml.MappingNode) and id(item) not in seen:
                    yield from _entries(item, name, seen)
