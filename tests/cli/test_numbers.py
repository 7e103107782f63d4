"""`syncd sync --metrics-file`: the daemon's numbers under the daemon's names, for sites without one."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncd import settings
from syncd.app import opened
from syncd.telemetry import textfile
from syncd.telemetry.families import LastRun
from tests.office import CONFIG, Office, person

Numbers = dict[tuple[str, tuple[str, ...]], float]


def numbers(path: Path) -> Numbers:
    """Every sample in the file, by its name and the values of its labels."""
    families = text_string_to_metric_families(path.read_text())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, tuple(sample.labels.values())): sample.value for sample in samples}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "syncd.prom"


def test_a_sync_leaves_its_numbers(office: Office, file: Path) -> None:
    office.order(2)
    office.employ(person("ann"), person("bob"), person("cem"), person("dan", email=""))
    office.say("sync", "--metrics-file", str(file), code=5)
    found = numbers(file)
    assert found["syncd_licenses", ("allocated", "premium")] == 2
    assert found["syncd_waiting", ("premium",)] == 1
    assert found["syncd_last_run_changes", ("create",)] == 2
    assert found["syncd_last_run_skipped", ("no_address",)] == 1
    assert found["syncd_directory_people", ("people",)] == 4
    assert found["syncd_last_run_failed", ()] == 0
    assert ("syncd_forecast_shortfall_licenses", ()) in found
    assert found["syncd_last_success_timestamp_seconds", ()] > 1_700_000_000
    assert found["syncd_schedule_pause_seconds", ()] == 900
    assert not any(name.startswith("syncd_leading") or name.endswith("_total") for name, _ in found)


def test_everybody_may_read_the_file_whatever_the_umask(office: Office, file: Path) -> None:
    before = os.umask(0o077)
    try:
        office.say("sync", env={"SYNCD_METRICS_FILE": str(file)})
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o644
    assert "@" not in file.read_text()
    assert [path.name for path in file.parent.iterdir() if "prom" in path.name] == ["syncd.prom"]


def test_a_sync_that_fails_says_so_and_one_that_is_held_too(office: Office, file: Path) -> None:
    people = office.folder / "people.csv"
    people.rename(office.folder / "away.csv")
    office.say("sync", "--metrics-file", str(file), code=4)
    assert numbers(file)["syncd_last_run_failed", ()] == 1
    assert numbers(file)["syncd_last_success_timestamp_seconds", ()] == 0
    (office.folder / "away.csv").rename(people)
    office.configure(CONFIG.replace("max_creations: none", "max_creations: 1, floor: 1"))
    office.say("sync", "--metrics-file", str(file), code=3)
    assert numbers(file)["syncd_last_run_failed", ()] == 0
    assert numbers(file)["syncd_plans_held", ()] == 1


def test_a_sync_that_did_not_begin_and_a_look_leave_the_file_alone(office: Office, file: Path) -> None:
    with opened(settings.load(office.config)) as app, app.register.one_at_a_time():
        office.say("sync", "--wait", "0", "--metrics-file", str(file), code=6)
    office.say("sync", "--dry-run", "--metrics-file", str(file))
    assert not file.exists()


def test_a_file_that_cannot_be_written_fails_no_sync(office: Office, tmp_path: Path) -> None:
    office.order(3)
    found = office.say("sync", "--metrics-file", str(tmp_path / "nowhere/syncd.prom"), code=0)
    assert "nowhere/syncd.prom: No such file or directory" in found.stderr
    assert "the sync itself is not concerned" in found.stderr
    assert "Run 1 for Contoso: done" in found.stdout


def test_whoever_reads_it_never_sees_half_a_file(file: Path) -> None:
    textfile.write(file, LastRun(), None, 900)
    whole, over, halves = file.read_bytes(), threading.Event(), []

    def read() -> None:
        while not over.is_set():
            if (seen := file.read_bytes()) != whole:
                halves.append(seen)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(300):
        textfile.write(file, LastRun(), None, 900)
    over.set()
    reader.join()
    assert halves == []
    assert numbers(file)["syncd_database_up", ()] == 0


def test_the_alerts_understand_it(office: Office, file: Path, promtool: str) -> None:
    office.say("sync", "--metrics-file", str(file))
    found = subprocess.run(
        [promtool, "check", "metrics"], input=file.read_text(), capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
