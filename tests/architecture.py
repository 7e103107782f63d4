"""Reads the imports, calls and sizes of our sources, for `test_architecture` to judge. Runs none of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Import(NamedTuple):
    line: int
    module: str


class Source(NamedTuple):
    """One file: its path from the root, its dotted name, and what it says."""

    path: str
    module: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def imports(self) -> Iterator[Import]:
        """Every import, also those in functions and for type checkers; `from a import b` as a.b."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._absolute(node)
                yield from (Import(node.lineno, f"{origin}.{alias.name}") for alias in node.names)

    @property
    def calls(self) -> Iterator[Import]:
        """Every call of a plain or dotted name, as written: `print`, `datetime.now`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                yield Import(node.lineno, ast.unparse(node.func))

    @property
    def functions(self) -> Iterator[tuple[int, str, int]]:
        """Line, name and length of every function."""
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node.lineno, node.name, (node.end_lineno or node.lineno) - node.lineno + 1

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parents = self.module.split(".") + (["__init__"] if self.path.endswith("__init__.py") else [])
        return ".".join([*parents[: -node.level], *([node.module] if node.module else [])])


def sources(*packages: str) -> list[Source]:
    paths = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [_source(path.relative_to(ROOT), path.read_text(encoding="utf-8")) for path in paths]


def within(module: str, package: str) -> bool:
    """Whether `module` is `package`, or in it, or a name in it."""
    return module == package or module.startswith(f"{package}.")


def _source(path: Path, text: str) -> Source:
    parts = path.with_suffix("").parts
    return Source(str(path), ".".join(parts[:-1] if parts[-1] == "__init__" else parts), text)
