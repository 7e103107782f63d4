"""The image: its recipe judged by a linter, and its steps done here, since nothing here can build it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from packaging.requirements import Requirement

from syncd import __version__
from tests.office import CONFIG, ROOT, Office, person

RECIPE = ROOT / "deploy/container/Containerfile"
STRANGER = 61_234  # a user without a name, as some clusters give one to each project


def final_stage() -> str:
    return RECIPE.read_text().rpartition("FROM ")[2]


def test_the_linter_finds_nothing_to_say(hadolint: str) -> None:
    found = subprocess.run([hadolint, str(RECIPE)], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_it_runs_as_a_number_that_is_not_root() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", final_stage(), re.MULTILINE)
    assert min(map(int, user)) > 0
    assert (user[0], user[1]) == ("10001", "10001"), "the chart runs it as this user, too"
    assert "user: 10001" in (ROOT / "deploy/kubernetes/chart/values.yaml").read_text()


def test_its_base_is_a_release_and_nothing_is_taken_from_the_network_but_packages() -> None:
    text = RECIPE.read_text()
    assert re.search(r"^ARG BASE=docker\.io/library/python:3\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)
    assert not re.search(r"^ADD |curl|wget|git clone", text, re.MULTILINE)


def test_whatever_it_copies_is_let_through_and_nothing_else() -> None:
    copied = {
        word
        for line in re.findall(r"^COPY (?!--)(.+)$", RECIPE.read_text(), re.MULTILINE)
        for word in line.split()[:-1]
    }
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert copied == {rule[1:] for rule in rules if rule.startswith("!")}
    assert "*" in rules


@pytest.fixture(scope="module")
def installed() -> Iterator[Path]:
    """What the build makes: a wheel of what the recipe copies, in a folder that belongs to somebody else.

    The libraries are copies of this environment's, which may lie where only root can read: those that the
    package names, as pip would fetch them.
    """
    with TemporaryDirectory(prefix="syncd-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        source = folder / "src"
        source.mkdir()
        for part in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / part, source)
        for part in ("syncd", "connectors"):
            shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        wheels = folder / "wheels"
        _do(*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), str(source))
        _do(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
        python = folder / "venv/bin/python"
        _do(*pip, "--python", str(python), "install", "--no-deps", *map(str, wheels.glob("syncd-*.whl")))
        (site,) = (folder / "venv/lib").glob("python*/site-packages")
        for library in _needed_by("syncd"):
            for file in library.files or ():
                if ".." not in file.parts and file.suffix != ".pyc":
                    (site / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(str(file.locate()), site / file)
        shutil.rmtree(source)
        for path in (folder / "venv").rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o555)
        yield folder / "venv/bin/syncd"


def _needed_by(package: str) -> Iterator[Distribution]:
    names, seen = [package], {package}
    while names:
        for needed in map(Requirement, distribution(names.pop()).requires or ()):
            asked = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if asked and needed.name not in seen:
                names.append(needed.name)
                seen.add(needed.name)
                yield distribution(needed.name)


def test_what_it_installs_runs_for_a_stranger_who_can_write_nothing_of_it(installed: Path) -> None:
    with TemporaryDirectory(prefix="syncd-") as name:
        office = Office(Path(name))
        office.configure(CONFIG)
        office.employ(person("ann"), person("bob"))
        if os.geteuid() == 0:
            for path in (office.folder, office.config, office.folder / "people.csv"):
                os.chown(path, STRANGER, STRANGER)
        assert _as_stranger(installed, office, "--version").stdout == f"syncd {__version__}\n"
        done = _as_stranger(installed, office, "sync")
        assert done.returncode == 5, done.stderr
        (run,) = office.json("runs", "list")
        assert run["requested_by"].startswith("uid-" if os.geteuid() == 0 else "")


def _as_stranger(program: Path, office: Office, *words: str) -> subprocess.CompletedProcess[str]:
    other = [
        "setpriv",
        f"--reuid={STRANGER}",
        f"--regid={STRANGER}",
        "--clear-groups",
        "--no-new-privs",
        "--",
    ]
    prefix = other if os.geteuid() == 0 else []
    return subprocess.run(
        [*prefix, str(program), "-c", str(office.config), *words],
        cwd=office.folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def _do(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
