"""The systemd units, judged by systemd itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy/systemd"
SERVICES = ["syncd.service", "syncd-sync.service"]
_PROGRAM = "/opt/syncd/bin/syncd"


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def sandbox(service: str) -> list[str]:
    """The lines of a service from its secrets on."""
    text = (UNITS / service).read_text()
    return text[text.index("# Secrets:") :].partition("[Install]")[0].strip().splitlines()


@pytest.mark.usefixtures("systemd")
@pytest.mark.parametrize("unit", [*SERVICES, "syncd-sync.timer"])
def test_systemd_knows_every_line(unit: str, tmp_path: Path) -> None:
    """`verify` exits with 0 whatever it finds: what counts is that it finds nothing to say."""
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace(_PROGRAM, "/bin/true"))
    found = analyze("verify", str(tmp_path / unit))
    assert (found.stderr, found.returncode) == ("", 0)


@pytest.mark.usefixtures("systemd")
@pytest.mark.parametrize("service", SERVICES)
def test_the_service_is_exposed_no_more_than_1_5_of_10(service: str) -> None:
    found = analyze("security", "--offline=true", "--threshold=15", str(UNITS / service))
    assert found.returncode == 0, found.stdout


@pytest.mark.usefixtures("systemd")
def test_the_timer_fires_every_quarter_of_an_hour() -> None:
    (line,) = [
        line
        for line in (UNITS / "syncd-sync.timer").read_text().splitlines()
        if line.startswith("OnCalendar=")
    ]
    found = analyze("calendar", line.removeprefix("OnCalendar="))
    assert found.returncode == 0
    assert "Normalized form: *-*-* *:00/15:00" in found.stdout


def test_both_services_are_shut_in_alike() -> None:
    assert sandbox(SERVICES[0]) == sandbox(SERVICES[1])
