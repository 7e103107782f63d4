"""The image's packages: each at one version, known by its hashes, and still those pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.office import ROOT

LOCK = (ROOT / "deploy/container/requirements.lock").read_text()
LOCKED = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK, re.MULTILINE))
OURS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = OURS["project"]["optional-dependencies"]
NOT_IN_IMAGES = {"dev", "kerberos"}
WANTED = [
    *OURS["build-system"]["requires"],
    *OURS["project"]["dependencies"],
    *(text for extra in EXTRAS.keys() - NOT_IN_IMAGES for text in EXTRAS[extra]),
]


@pytest.mark.parametrize("text", sorted(WANTED))
def test_what_syncd_requires_is_locked_at_a_version_it_takes(text: str) -> None:
    wanted = Requirement(text)
    locked = LOCKED.get(canonicalize_name(wanted.name))
    assert locked is not None, "run: script/image-lock"
    assert wanted.specifier.contains(Version(locked)), "run: script/image-lock"


def test_every_extra_an_image_can_have_is_locked() -> None:
    script = (ROOT / "script/image-lock").read_text()
    assert set(re.findall(r"--extra (\w+)", script)) == EXTRAS.keys() - NOT_IN_IMAGES


def test_every_package_has_hashes_and_none_has_an_address() -> None:
    packages = re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE))
    assert len(packages) == len(LOCKED)
    assert [each for each in packages if not re.search(r"\n    --hash=sha256:[0-9a-f]{64}", each)] == []
    assert "://" not in LOCK
    assert not re.search("^-", LOCK, re.MULTILINE)


def test_an_image_is_made_of_nothing_else() -> None:
    recipe = (ROOT / "deploy/container/Containerfile").read_text().replace("\\\n", "")
    download, *others = re.findall(r"(?:RUN|&&) (pip [^&\n]+)", recipe)
    assert re.search(r"^pip download .*--require-hashes .*--requirement requirements\.lock", download)
    assert len(others) == 2
    assert all("--no-index --find-links /wheels" in step for step in others)
