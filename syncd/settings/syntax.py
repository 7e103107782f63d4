"""Syntax: what PyYAML stumbles over, in words an admin can act on. Nothing of the text is repeated."""

from __future__ import annotations

from pathlib import Path

import yaml
from yaml.reader import ReaderError

from syncd.settings.problems import Problem

_HINTS = (
    ("found unknown escape character", "has a backslash inside \"…\"; write the value in single quotes: '…'"),
    ("expected escape sequence", "has a backslash inside \"…\"; write the value in single quotes: '…'"),
    (
        "mapping values are not allowed",
        "has a second ':' or is indented too far; quote the value or align the line",
    ),
    (
        "expected <block end>",
        "is not aligned with the lines before it; give keys of one section the same indent",
    ),
    ("could not find expected ':'", "should read `key: value`, with a space after the colon"),
    (
        "found undefined alias",
        "uses an anchor (*name) that is not defined above; quote the text if none is meant",
    ),
    ("found duplicate anchor", "defines an anchor (&name) a second time"),
    ("found unexpected end of stream", "opens a quote that is never closed"),
    ("expected ',' or", "is missing a comma, or the closing bracket of a list or section"),
    ("did not find expected ',' or", "is missing a comma, or the closing bracket of a list or section"),
    ("but found another document", "starts a second document; remove the line '---'"),
    ("cannot start any token", "begins with a character that has a meaning in YAML; put the value in quotes"),
    ("expected the node content", "has nothing where a value should be, or a bracket too many"),
    ("sequence entries are not allowed", "starts a list inside a value; put '- ' on a line of its own"),
    ("expected alphabetic or numeric character", "begins with & or *; put the value in quotes"),
)
_UNKNOWN = "is not valid YAML; look at this line and the one before it"


def syntax_problem(path: Path, text: str, exc: yaml.YAMLError) -> Problem:
    """The first thing the parser could not get past (after it, there is no telling what is meant)."""
    if isinstance(exc, ReaderError):
        line = text.count("\n", 0, exc.position) + 1
        return Problem(path, line, "", "contains a control character; delete it")
    if not isinstance(exc, yaml.MarkedYAMLError) or exc.problem_mark is None:
        return Problem(path, 0, "", _UNKNOWN)
    mark = exc.problem_mark
    unclosed = "end of stream" in (exc.problem or "") and exc.context_mark is not None
    line = (exc.context_mark if unclosed and exc.context_mark else mark).line + 1
    if _indented_by_tab(text, line):
        return Problem(path, line, "", "is indented with a tab; YAML wants spaces")
    return Problem(path, line, "", _hint(f"{exc.context or ''} {exc.problem or ''}"))


def _hint(problem: str) -> str:
    return next((hint for sign, hint in _HINTS if sign in problem), _UNKNOWN)


def _indented_by_tab(text: str, line: int) -> bool:
    lines = text.splitlines()
    if line > len(lines):
        return False
    found = lines[line - 1]
    return "\t" in found[: len(found) - len(found.lstrip())]
