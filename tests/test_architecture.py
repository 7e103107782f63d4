"""Who may import whom, and how large things may get. The tables are the rules; the code below applies them.

errors, model <- licensing <- plan <- ports, register_port   pure: the time is an argument
… <- <engine> (syncd/*.py)                            one run, top to bottom
… <- register, settings, notify, telemetry <- app <- words <- explain, daemon <- cli
errors, model, ports, text, settings.types <- connectors    no connector knows another
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest

from tests.architecture import Source, sources, within

WORDS = ("syncd.errors", "syncd.model")
RULES = (*WORDS, "syncd.ports", "syncd.register_port", "syncd.plan", "syncd.licensing")
CONNECTOR = (*WORDS, "syncd.ports", "syncd.text", "syncd.settings.types", "<own>", "<shared>")
ALL_OF_SYNCD = (
    *(*RULES, "<engine>", "syncd.text", "syncd.settings"),
    *("syncd.register", "syncd.notify", "syncd.telemetry", "syncd.app"),
)

# The first row a module is in decides what of this project it may import.
MAY_IMPORT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("syncd.errors", ()),
    ("syncd.model", ()),
    ("syncd.text", (*WORDS, "syncd.text")),
    ("syncd.ports", RULES),
    ("syncd.register_port", RULES),
    ("syncd.licensing", (*WORDS, "syncd.licensing")),
    ("syncd.plan", (*WORDS, "syncd.plan", "syncd.licensing")),
    ("syncd.settings", (*RULES, "syncd.settings", "connectors.catalog")),
    ("syncd.register", (*RULES, "syncd.register")),
    ("syncd.notify", (*RULES, "<engine>", "syncd.settings", "syncd.notify")),
    ("syncd.telemetry", (*RULES, "<engine>", "syncd.register", "syncd.settings", "syncd.telemetry")),
    ("syncd.app", (*ALL_OF_SYNCD, "connectors.catalog")),
    ("syncd.words", (*ALL_OF_SYNCD, "syncd.words")),
    ("syncd.explain", (*ALL_OF_SYNCD, "syncd.words")),
    ("syncd.daemon", (*ALL_OF_SYNCD, "syncd.words", "syncd.daemon")),
    ("syncd.cli", (*ALL_OF_SYNCD, "syncd.words", "syncd.explain", "syncd.daemon", "syncd.cli")),
    ("syncd.__main__", ("syncd.cli",)),
    ("<engine>", (*RULES, "<engine>")),
    ("connectors.catalog", WORDS),
    ("connectors", CONNECTOR),
    ("syncd", ()),
)

# Every library has one home. A new one gets its row here.
LDAP = (
    "connectors.directories.ldap",
    "connectors.directories.ldap_*",
    "connectors.directories.active_directory",
)
LIBRARIES: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("syncd.register",),
    "alembic": ("syncd.register",),
    "psycopg": ("syncd.register",),
    "orjson": ("syncd.register", "connectors.directories.entra_id"),
    "ldap3": LDAP,
    "gssapi": LDAP,
    "click": ("syncd.cli",),
    "wcwidth": ("syncd.cli",),
    "matplotlib": ("syncd.cli",),
    "yaml": ("syncd.settings",),
    "pydantic": ("syncd.settings", "syncd.daemon", "connectors"),
    "pydantic_core": ("syncd.settings", "connectors"),
    "tenacity": ("connectors",),
    "requests": ("connectors", "syncd.notify"),
    "msal": ("connectors.directories.entra_id",),
    "cryptography": ("connectors.directories.entra_id", "syncd.certificate"),
    "structlog": (
        *("<engine>", "syncd.app", "syncd.cli", "syncd.daemon", "syncd.notify", "syncd.telemetry"),
        "connectors",
    ),
    "apscheduler": ("syncd.daemon",),
    "apprise": ("syncd.notify",),
    "jinja2": ("syncd.notify", "syncd.daemon"),
    "markupsafe": ("syncd.daemon",),
    "opentelemetry": ("syncd.telemetry",),
    "prometheus_client": ("syncd.telemetry", "syncd.daemon"),
    "fastapi": ("syncd.daemon",),
    "starlette": ("syncd.daemon",),
    "uvicorn": ("syncd.daemon",),
}

# The pure parts decide; they neither look at a clock nor touch the world.
PURE = ("syncd.errors", "syncd.model", "syncd.ports", "syncd.register_port", "syncd.plan", "syncd.licensing")
# fmt: off
PURE_LIBRARY = {
    "__future__", "abc", "bisect", "calendar", "collections", "contextlib", "dataclasses", "datetime",
    "difflib", "enum", "fnmatch", "functools", "hashlib", "heapq", "itertools", "math", "operator", "re",
    "string", "types", "typing", "unicodedata", "zoneinfo",
}
# fmt: on
NEVER_CALLED_IN_PURE = ("*.now", "*.utcnow", "*.today", "open", "input")
ONLY_THE_CLI_CALLS = ("print", "input", "exit", "sys.exit")

LONGEST_FILE, LONGEST_FUNCTION = 300, 50
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}

SOURCES = sources("syncd", "connectors")
MODULES = {source.module for source in SOURCES}


def test_imports_point_one_way() -> None:
    _assert_none(breach for source in SOURCES for breach in _wrong_directions(source))


def test_each_library_stays_in_its_home() -> None:
    _assert_none(breach for source in SOURCES for breach in _strayed_libraries(source))


def test_the_pure_parts_see_no_clock_and_no_world() -> None:
    _assert_none(breach for source in SOURCES for breach in _impurities(source))


def test_only_the_command_line_prints_and_exits() -> None:
    _assert_none(
        f"{source.path}:{line}: {name}() belongs to syncd/cli"
        for source in SOURCES
        if not within(source.module, "syncd.cli") and source.module != "syncd.__main__"
        for line, name in source.calls
        if name in ONLY_THE_CLI_CALLS
    )


def test_files_and_functions_stay_small() -> None:
    lengths = ((source, len(source.text.splitlines())) for source in SOURCES)
    _assert_none(
        f"{source.path}: {n} lines, {LONGEST_FILE} allowed" for source, n in lengths if n > LONGEST_FILE
    )
    _assert_none(
        f"{source.path}:{line}: {name} has {length} lines, {LONGEST_FUNCTION} allowed"
        for source in SOURCES
        for line, name, length in source.functions
        if length > LONGEST_FUNCTION and ".migrations.versions." not in source.module  # history, in one piece
    )


def test_names_say_what_is_inside() -> None:
    _assert_none(
        f"{source.path}: {part!r} says nothing of what is inside"
        for source in SOURCES
        for part in source.module.split(".")
        if part in SAYS_NOTHING
    )


@pytest.mark.parametrize(
    ("module", "line", "rule"),
    [
        ("syncd.model", "from syncd import errors", "syncd.model may not import syncd.errors"),
        ("syncd.licensing.terms", "import syncd.plan", "syncd.licensing may not import syncd.plan"),
        ("syncd.run", "from syncd.register import people", "<engine> may not import syncd.register"),
        ("syncd.run", "from .cli import main", "<engine> may not import syncd.cli"),
        ("syncd.register.runs", "from connectors import catalog", "syncd.register may not import connectors"),
        (
            "connectors.platforms.scim.face",
            "import connectors.directories.files",
            "may not import connectors",
        ),
        ("connectors.platforms.scim.face", "import ldap3", "ldap3 belongs to"),
        ("connectors.retry", "import left_pad", "left_pad has no home"),
        ("syncd.plan.seats", "    import time", "pure"),
        ("syncd.plan.seats", "x = datetime.now(UTC)", "pure"),
    ],
)
def test_a_breach_is_named_with_its_place(module: str, line: str, rule: str) -> None:
    text = f"if True:\n{line}\n" if line.startswith(" ") else f"\n{line}\n"
    source = Source(f"{module.replace('.', '/')}.py", module, text)
    (breach, *_) = [*_wrong_directions(source), *_strayed_libraries(source), *_impurities(source)]
    assert breach.startswith(f"{source.path}:2: ")
    assert rule in breach


def _wrong_directions(source: Source) -> Iterator[str]:
    row, allowed = next(row for row in MAY_IMPORT if _in_place(source.module, row[0], source.module))
    for line, name in source.imports:
        ours = within(name, "syncd") or within(name, "connectors")
        if ours and not any(_in_place(name, place, source.module) for place in allowed):
            only = ", ".join(allowed) or "nothing of ours"
            yield f"{source.path}:{line}: {row} may not import {name} (only {only})"


def _strayed_libraries(source: Source) -> Iterator[str]:
    for line, name in source.imports:
        library = name.partition(".")[0]
        if library in sys.stdlib_module_names or library in ("syncd", "connectors"):
            continue
        homes = LIBRARIES.get(library)
        if homes is None:
            yield f"{source.path}:{line}: {library} has no home; give it a row in {__name__}.LIBRARIES"
        elif not any(_in_place(source.module, home, source.module) for home in homes):
            yield f"{source.path}:{line}: {library} belongs to {', '.join(homes)}"


def _impurities(source: Source) -> Iterator[str]:
    if not any(within(source.module, pure) for pure in PURE):
        return
    for line, name in source.imports:
        library = name.partition(".")[0]
        if library != "syncd" and library not in PURE_LIBRARY:
            yield f"{source.path}:{line}: {source.module} is pure and may not import {library}"
    for line, name in source.calls:
        if any(fnmatchcase(name, pattern) for pattern in NEVER_CALLED_IN_PURE):
            yield f"{source.path}:{line}: {source.module} is pure and may not call {name}"


def _in_place(module: str, place: str, importer: str) -> bool:
    """Whether a module, or a name in one, is at a place of the tables, as seen by `importer`."""
    if place == "<engine>":
        return _is_engine(module)
    if place == "<own>":
        return within(module, ".".join(importer.split(".")[:3]))
    if place == "<shared>":
        return _is_shared(module)
    return any(fnmatchcase(".".join(module.split(".")[:depth]), place) for depth in range(1, 9))


def _is_engine(module: str) -> bool:
    """A module that lies directly in syncd/ and is none of those with a row of their own."""
    parts = module.split(".")
    own_row = any(within(module, row) for row, _ in MAY_IMPORT if row not in ("syncd", "<engine>"))
    top = ".".join(parts[:2])
    is_package = any(name.startswith(f"{top}.") for name in MODULES)
    return parts[0] == "syncd" and len(parts) > 1 and not own_row and not is_package


def _is_shared(module: str) -> bool:
    """What several connectors use: ldap_*/, and modules directly in connectors/, directories/, platforms/."""
    parts = module.split(".")
    if parts[0] != "connectors" or within(module, "connectors.catalog"):
        return False
    if len(parts) > 2 and parts[1] == "directories" and parts[2].startswith("ldap_"):
        return True
    depth = 3 if len(parts) > 2 and parts[1] in ("directories", "platforms") else 2
    folder = ".".join(parts[:depth])
    return folder in MODULES and not any(name.startswith(f"{folder}.") for name in MODULES)


def _assert_none(breaches: Iterator[str]) -> None:
    found = sorted(set(breaches))
    assert not found, "\n" + "\n".join(found)
