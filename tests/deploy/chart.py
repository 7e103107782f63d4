"""The Helm chart, rendered by Helm itself, and what is in it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/kubernetes/chart"
EXAMPLES = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").iterdir())
Object = Mapping[str, Any]


class Chart:
    """The chart with the values of one of its examples. `changes` are as for Helm's --set."""

    def __init__(self, helm: str, example: str) -> None:
        self._helm = helm
        self._values = CHART / f"ci/{example}-values.yaml"

    def helm(self, *words: str, changes: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        changed = [word for change in changes for word in ("--set-json", change)]
        action, *more = words
        command = [self._helm, action, "--values", str(self._values), *more, str(CHART), *changed]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def text(self, *changes: str) -> str:
        done = self.helm("template", "syncd", "--namespace", "people", changes=changes)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def objects(self, *changes: str) -> list[Object]:
        return [found for found in yaml.safe_load_all(self.text(*changes)) if found]

    def one(self, kind: str, *changes: str) -> Object:
        (found,) = [each for each in self.objects(*changes) if each["kind"] == kind]
        return found

    def refusal(self, *changes: str) -> str:
        """What Helm says of values it refuses."""
        done = self.helm("template", "syncd", changes=changes)
        assert done.returncode != 0, "was accepted"
        return done.stderr


def pods(objects: Sequence[Object]) -> Iterator[Object]:
    """The pod templates of these objects."""
    for found in objects:
        if found["kind"] == "Deployment":
            yield found["spec"]["template"]
        if found["kind"] == "CronJob":
            yield found["spec"]["jobTemplate"]["spec"]["template"]


def configuration(objects: Sequence[Object]) -> dict[str, Any]:
    """The syncd.yaml of these objects."""
    (found,) = [each for each in objects if "syncd.yaml" in each.get("data", {})]
    config = yaml.safe_load(found["data"]["syncd.yaml"])
    assert isinstance(config, dict)
    return config
