"""Load a configuration from text, or get what is wrong with it, line by line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from syncd.settings import ConfigProblems, Settings, load

Loaded = Callable[[str], Settings]
Wrong = Callable[[str], list[str]]

MINIMAL = """\
company: Contoso
directories:
  - { name: hr, type: file, path: people.csv, id: employee_id }
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """`loaded(yaml)`: its settings."""

    def settings(text: str) -> Settings:
        path = tmp_path / "syncd.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return load(path)

    return settings


@pytest.fixture
def also(loaded: Loaded) -> Loaded:
    """`also(yaml)`: the settings of a small valid file with these lines after it."""
    return lambda text: loaded(MINIMAL + dedent(text))


@pytest.fixture
def wrong(loaded: Loaded, tmp_path: Path) -> Wrong:
    """`wrong(yaml)`: each problem as "syncd.yaml:3: …"."""

    def problems(text: str) -> list[str]:
        with pytest.raises(ConfigProblems) as caught:
            loaded(text)
        assert caught.value.exit_code == 2
        assert caught.value.message == "\n".join(map(str, caught.value.problems))
        return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]

    return problems


@pytest.fixture
def also_wrong(wrong: Wrong) -> Wrong:
    """`also_wrong(yaml)`: as `wrong`, of a small valid file with these lines from line 4 on."""
    return lambda text: wrong(MINIMAL + dedent(text))
