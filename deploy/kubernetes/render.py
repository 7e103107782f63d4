"""What is made of the chart and the configuration: values.schema.json, and manifests without Helm.

python deploy/kubernetes/render.py    # as script/manifests does; needs helm
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from syncd.settings.schema import json_schema

HERE = Path(__file__).parent
CHART = HERE / "chart"
SCHEMA = CHART / "values.schema.json"
MANIFESTS = {
    "daemon-postgresql.yaml": "postgresql-values.yaml",
    "daemon-sqlite.yaml": "sqlite-values.yaml",
    "cronjob.yaml": "cronjob-values.yaml",
}
_OF_HELM = re.compile(
    r"^(# Source: .*|(\s+annotations:\n)?\s+helm\.sh/.*|\s+app\.kubernetes\.io/managed-by: Helm)\n",
    re.MULTILINE,
)


def schema() -> str:
    """The schema of the values: the chart's own part as it is, and in `config` what syncd itself accepts."""
    values = json.loads(SCHEMA.read_text(encoding="utf-8"))
    config = json_schema()
    definitions = config.pop("$defs")
    del config["$schema"]
    config["required"] += [
        "database"
    ]  # syncd would make one beside its configuration, which is read-only here
    values["properties"]["config"] = config
    return json.dumps({**values, "$defs": definitions}, indent=2, ensure_ascii=False) + "\n"


def manifest(name: str, helm: str) -> str:
    """One file of manifests/: the chart with an example's values, and nothing that speaks of Helm."""
    values = CHART / "ci" / MANIFESTS[name]
    command = [helm, "template", "syncd", str(CHART), "--namespace", "syncd", "--values", str(values)]
    rendered = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    about = values.read_text(encoding="utf-8").splitlines()[0]
    head = f"{about}\n# Made by script/manifests of deploy/kubernetes/chart; change what names contoso.com.\n"
    return head + _OF_HELM.sub("", rendered)


def main() -> None:
    SCHEMA.write_text(schema(), encoding="utf-8")
    for name in MANIFESTS:
        (HERE / "manifests" / name).write_text(manifest(name, sys.argv[1]), encoding="utf-8")


if __name__ == "__main__":
    main()
