"""An office: a company in a folder of its own, with a CSV file, a database, and somebody at the keyboard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from syncd.cli.program import program

ROOT = Path(__file__).parents[1]
CONFIG = """\
company: Contoso
timezone: Europe/London
directories:
  - name: people
    type: file
    path: people.csv
    id: id
    groups: { column: groups }
    disabled_when: { column: status, equals: [left] }
scope:
  exclude: [{ attribute: status, equals: [service] }]
guard: { max_creations: none, max_suspensions: none, max_updates: none, min_directory_size: none }
"""
COLUMNS = ("id", "email", "first_name", "last_name", "department", "status", "groups")
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Office:
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "syncd.yaml"

    @property
    def database(self) -> Path:
        return self.folder / "syncd.db"

    def configure(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    def employ(self, *rows: Row) -> None:
        """The people of the file, from now on."""
        lines = [",".join(COLUMNS)]
        lines += [",".join(row.get(column, "") for column in COLUMNS) for row in rows]
        (self.folder / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def crowd(self, size: int) -> None:
        self.employ(*(person(f"p{number:05}") for number in range(size)))

    def order(self, quantity: int) -> None:
        number = self.json("licenses", "request", str(quantity))["id"]
        self.say("licenses", "assign", str(number), code=0)

    def say(self, *words: str, code: int | None = None, **options: Any) -> Result:
        """Give a command in this process; its exit code has to be `code`, where that is said."""
        found = CliRunner().invoke(program, ["-c", str(self.config), *words], prog_name="syncd", **options)
        assert code in (None, found.exit_code), f"{found.exit_code}: {found.output}"
        return found

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.say(*words, "--json", code=code).stdout)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Give a command in a process of its own, as a shell does."""
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        command = [sys.executable, "-m", "syncd", "-c", str(self.config), *words]
        return subprocess.Popen(command, text=True, env=environment(), cwd=self.folder, **streams)

    def python(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script in a process of its own, which must succeed."""
        command = [sys.executable, "-c", script]
        return subprocess.run(
            command, text=True, env=environment(), cwd=self.folder, capture_output=True, check=True
        )

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, **options)
        output, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, output, errors)


def environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCD")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **extra}


def person(handle: str, **facts: str) -> dict[str, str]:
    """`handle` Doe, with the address <handle>@example.com, unless said otherwise."""
    known = {"id": handle, "email": f"{handle}@example.com", "first_name": handle.title(), "last_name": "Doe"}
    return {**known, "status": "active", **facts}


def events(stderr: str, name: str) -> Sequence[Any]:
    """The logged events of this name."""
    logged = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    return [event for event in logged if event["event"] == name]
