"""The README's commands do what it says; docs name every command, key and exit code, and no other."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from shutil import copy
from typing import Any

import click
import pytest

from syncd import errors
from syncd.cli.program import COMMANDS, program
from syncd.settings.schema import json_schema

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
STANDARD = {"-h", "--help"}

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A folder with the demonstration's people, and its configuration under both names that are used."""
    copy(ROOT / "config/people.csv", tmp_path)
    copy(ROOT / "config/demo.yaml", tmp_path / "syncd.yaml")
    copy(ROOT / "config/demo.yaml", tmp_path)
    return tmp_path


def test_the_commands_of_the_five_minutes_lead_to_a_finished_sync(company: Path) -> None:
    block = next(text for kind, text in _BLOCK.findall(_text(README)) if "syncd init" in text)
    lines = [line.partition("#")[0].strip() for line in block.splitlines()]
    codes = {}
    for line in (line for line in lines if line.startswith("syncd ") and line != "syncd init"):
        command = _serve if line == "syncd serve" else _run
        codes[line] = command(company, shlex.split(line)[1:]).returncode
    assert codes.pop("syncd plan") == 3, "the README says that a first sync is held"
    assert set(codes.values()) == {0}, codes
    assert {"syncd check", "syncd apply 1", "syncd sync"} <= codes.keys()


def test_init_writes_a_configuration_the_next_commands_can_use(company: Path) -> None:
    answers = ["-y", "--company", "Contoso", "--directory", "file", "--group", "Staff", "--force"]
    assert _run(company, ["init", *answers]).returncode == 0
    assert _run(company, ["config", "check"]).returncode == 0
    assert _run(company, ["check"]).returncode == 0


def test_the_demonstration_goes_as_its_script_expects(company: Path) -> None:
    shown = re.findall(r'^show (?:"([\d ]+)"|(\d+)) (.+)$', _text(ROOT / "script/demo"), re.MULTILINE)
    assert len(shown) >= 4
    for several, one, words in shown:
        found = _run(company, ["-c", "demo.yaml", *shlex.split(words)])
        assert str(found.returncode) in (several or one).split(), words + found.stderr


def test_the_output_in_the_readme_is_what_the_demonstration_prints(company: Path) -> None:
    for words in ("licenses request 20", "licenses assign 1"):
        _run(company, ["-c", "demo.yaml", *words.split()])
    printed = _DATE.sub("DATE", _run(company, ["-c", "demo.yaml", "plan"]).stdout).splitlines()
    block = next(text for kind, text in _BLOCK.findall(_text(README)) if kind == "text")
    wanted = [line for line in _DATE.sub("DATE", block).splitlines() if line and line.strip() != "…"]
    assert [line for line in wanted if line not in printed] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_BLOCK.sub("", _text(page))):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_and_option_in_it_exists(page: Path) -> None:
    wrong = [words for words in _commands_in(_text(page)) if not _exists(words)]
    options = set().union(*(_options(command) for _, command in _every_command()))
    spans = {word.partition("=")[0] for span in _SPAN.findall(_text(page)) for word in span.split()}
    wrong += [word for word in spans if re.fullmatch(r"--[a-z-]+", word) and word not in options | {"--dev"}]
    assert wrong == []


def test_every_command_is_in_the_docs() -> None:
    told = "\n".join(_text(page) for page in PAGES)
    silent = [path for path, _ in _every_command() if f"syncd {path}" not in told]
    assert silent == []


@pytest.mark.parametrize("page", [README, ROOT / "docs/troubleshooting.md"], ids=lambda page: page.stem)
def test_every_exit_code_is_explained(page: Path) -> None:
    explained = {
        int(code)
        for row in re.findall(r"^\| ([\d, ]+) \|", _text(page), re.MULTILINE)
        for code in row.split(",")
    }
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    raised = {kind.exit_code for kind in classes if issubclass(kind, errors.SyncdError)}
    assert explained == {0, 5, 130, 143} | raised | _codes_of_a_run()


def test_every_configuration_key_is_explained() -> None:
    page = _text(ROOT / "docs/configuration.md")
    assert [key for key in sorted(_keys(json_schema())) if f"| `{key}` |" not in page] == []


def test_the_tables_of_the_configuration_are_current() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import reference
    finally:
        sys.path.pop(0)
    page = _text(reference.FILE)
    assert reference.current(page) == page, "run: python docs/reference.py"


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


_PROGRAM = [sys.executable, "-m", "syncd"]
_ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"}


def _run(folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_PROGRAM, *words],
        cwd=folder,
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _serve(folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    """A command that goes on until it is told to end: after its first run."""
    with subprocess.Popen(
        [*_PROGRAM, *words], cwd=folder, env=_ENVIRONMENT, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        told = next((line for line in process.stderr if '"run_finished"' in line), "")
        process.terminate()
        return subprocess.CompletedProcess(words, process.wait(60), "", told)


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", _text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _commands_in(text: str) -> Iterator[str]:
    for kind, block in _BLOCK.findall(text):
        if kind == "sh":
            yield from (line.partition("#")[0] for line in block.splitlines() if line.startswith("syncd "))
    yield from (span for span in _SPAN.findall(_BLOCK.sub("", text)) if span.startswith("syncd "))


def _exists(words: str) -> bool:
    """Whether there is such a command, with such options."""
    command: click.Command = program
    rest = iter(shlex.split(words.replace("…", ""))[1:])
    for word in rest:
        if word.startswith("-"):
            if word not in _options(command):
                return False
            if word in _options(command, valued=True):
                next(rest, "")
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(program), word)
            if found is None:
                return False
            command = found
    return True


def _options(command: click.Command, *, valued: bool = False) -> set[str]:
    """The options a command takes; `valued`: only those that are followed by a value."""
    found = [param for param in command.params if isinstance(param, click.Option)]
    names = {name for param in found for name in param.opts if not (valued and param.is_flag)}
    return names if valued else names | STANDARD


def _every_command() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(program)
    yield "", program
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        if not isinstance(command, click.Group):
            yield name, command
            continue
        for inner, leaf in command.commands.items():
            yield f"{name} {inner}", leaf


def _codes_of_a_run() -> set[int]:
    """The numbers `RunFacts.exit_code` returns."""
    tree = ast.parse(_text(ROOT / "syncd/facts.py"))
    (method,) = (
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "exit_code"
    )
    return {
        node.value for node in ast.walk(method) if isinstance(node, ast.Constant) and type(node.value) is int
    }


def _keys(node: Any) -> set[str]:
    """Every key that may stand somewhere in the configuration."""
    if isinstance(node, list):
        return set().union(*map(_keys, node))
    if not isinstance(node, dict):
        return set()
    properties = node.get("properties", {})
    return set(properties) | set().union(*map(_keys, [*properties.values(), *node.values()]))
