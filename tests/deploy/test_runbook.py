"""The runbook: a section for every alert and every exit code, and the same three things in each of them."""

from __future__ import annotations

import re

import pytest

from syncd import errors
from syncd.daemon.serve import _HUNG
from tests.deploy.test_monitoring import rules
from tests.office import ROOT

PAGE = (ROOT / "docs/runbook.md").read_text()
SECTIONS = dict(re.findall(r"^### ([^\n]+)\n\n(.+?)(?=\n\n##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
CODE = "Exit code "


def test_every_alert_has_its_section() -> None:
    assert {name for name in SECTIONS if name.startswith("Syncd")} == {rule["alert"] for rule in rules()}


def test_every_exit_code_has_its_section() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    raised = {kind.exit_code for kind in kinds if issubclass(kind, errors.SyncdError)}
    explained = {int(name.removeprefix(CODE)) for name in SECTIONS if name.startswith(CODE)}
    assert explained - {137} == {0, 5, 130, 143} | raised | {_HUNG}


@pytest.mark.parametrize("name", [name for name in SECTIONS if name.startswith(("Syncd", CODE))])
def test_a_section_says_what_it_means_where_to_look_and_what_to_do(name: str) -> None:
    assert re.findall(r"^\* \*\*(\w+)\*\*: ", SECTIONS[name], re.MULTILINE) == ["Means", "Look", "Do"]
