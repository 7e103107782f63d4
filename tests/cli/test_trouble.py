"""What goes wrong at 3 a.m., in processes of their own: words, an exit code, no traceback, nothing lost."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from syncd.errors import DatabaseDown
from tests.nobody import nobody_special
from tests.office import CONFIG, Office, environment, events, person

CROWD = 20_000


def _ready(office: Office) -> None:
    office.order(3)
    office.say("sync", code=0)


def test_an_interrupted_apply_says_how_far_it_came_and_the_next_sync_finishes(office: Office) -> None:
    office.crowd(CROWD)
    office.order(CROWD)
    process = office.start("sync")
    _when(process, lambda: _learners(office) > 0)
    process.send_signal(signal.SIGINT)
    _output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert f"of {CROWD:,} changes" in errors
    assert "the next sync finishes it" in errors
    assert "Traceback" not in errors
    assert 0 < _learners(office) < CROWD
    assert office.json("runs", "list")[0]["state"] == "interrupted"
    shown = office.say("runs", "show", "1", "--kind", "update", code=0).stdout
    assert "somebody asked it to stop: by Ctrl-C, or SIGTERM" in shown
    assert "→ the next sync finishes it" in shown
    finished = office.run("sync")
    assert finished.returncode == 0, finished.stderr
    assert "took over from run 1" in finished.stdout
    assert _learners(office) == CROWD
    assert "nothing to do" in office.say("sync", code=0).stdout


def test_an_interrupted_plan_is_finished_by_applying_it_again(office: Office) -> None:
    office.crowd(CROWD)
    office.order(CROWD)
    office.say("plan", code=0)
    process = office.start("apply", "1")
    _when(process, lambda: _learners(office) > 0)
    process.send_signal(signal.SIGINT)
    _output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "apply 1` does what is left of plan 1, and so does the next sync" in errors
    finished = office.run("apply", "1")
    assert finished.returncode == 0, finished.stderr
    assert "took over from runs 1, 2" in finished.stdout
    assert _learners(office) == CROWD


def test_a_second_ctrl_c_ends_it_at_once_and_nothing_is_lost(office: Office) -> None:
    office.crowd(CROWD)
    office.order(CROWD)
    process = office.start("sync")
    _when(process, lambda: _learners(office) > 0)
    process.send_signal(signal.SIGINT)
    time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _output, errors = process.communicate(timeout=8)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert not events(errors, "run_record_not_written")
    assert office.json("runs", "list")[0]["state"] == "interrupted"
    assert office.run("sync").returncode == 0
    assert _learners(office) == CROWD


def test_sigterm_ends_a_run_as_tidily(office: Office) -> None:
    office.crowd(CROWD)
    process = office.start("sync")
    _when(process, lambda: bool(_runs(office)))
    process.terminate()
    _output, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert _runs(office) in (["failed"], ["interrupted"])


def test_a_full_disk_is_told_and_nothing_is_lost(office: Office) -> None:
    _ready(office)
    office.crowd(CROWD)
    limit = office.database.stat().st_size + 300_000

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    found = office.run("sync", preexec_fn=small_disk)
    assert found.returncode == 4, found.stderr
    assert "Traceback" not in found.stderr
    assert "syncd: the database" in found.stderr
    assert office.run("sync").returncode == 5
    assert len(office.json("learners", "list", "--license", "live")) == 3


def test_a_read_only_database_is_told(office: Office) -> None:
    _ready(office)
    for path in (office.folder, *office.folder.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with nobody_special(office.folder):
        found = office.say("sync", code=4)
    assert "Traceback" not in found.stderr
    assert "write access" in found.stderr


def test_a_database_somebody_else_holds_is_told(office: Office) -> None:
    _ready(office)
    other = sqlite3.connect(office.database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    found = office.run("licenses", "request", "5")
    other.close()
    assert found.returncode == 4, found.stderr
    assert "is locked by another program" in found.stderr


def test_a_database_of_a_newer_syncd_is_left_alone(office: Office) -> None:
    _ready(office)
    with sqlite3.connect(office.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    found = office.run("sync")
    assert found.returncode == 2
    assert "is from a newer syncd (schema 9999)" in found.stderr


def test_a_file_that_is_no_database_is_told(office: Office) -> None:
    office.database.write_text("this is no database, and far too long to be taken for an empty one\n" * 20)
    found = office.run("learners", "list")
    assert found.returncode == 4
    assert "is not a database" in found.stderr


def test_a_directory_that_cannot_be_read_is_told_and_nobody_has_left(office: Office) -> None:
    _ready(office)
    (office.folder / "people.csv").unlink()
    found = office.say("sync")
    assert found.exit_code in (2, 4)
    assert "people.csv" in found.stderr
    assert len(office.json("learners", "list", "--license", "live")) == 3


def test_a_reader_that_goes_away_is_no_trouble(office: Office) -> None:
    office.crowd(5_000)
    process = office.start("plan")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    _output, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert "unexpected" not in errors


def test_an_output_that_cannot_be_written_is_told(office: Office) -> None:
    office.order(3)
    with Path("/dev/full").open("w") as full:
        found = office.run("plan", stdout=full)
    assert found.returncode == 4, found.stderr
    assert "No space left on device" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_mistake_of_ours_is_short_for_people_and_full_in_the_log(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ann@example.com")

    monkeypatch.setattr("syncd.register.runs.Runs.latest", broken)
    found = office.say("runs", "list", code=1)
    assert "syncd: unexpected error (ZeroDivisionError); this is a mistake in syncd" in found.stderr
    (event,) = events(found.stderr, "command_failed")
    assert "ZeroDivisionError" in event["exception"]
    assert "ann@" not in found.stderr


@pytest.mark.parametrize("command", [("runs", "list"), ("init", "--yes", "new.yaml")])
def test_what_a_mistake_says_of_a_secret_is_shown_nowhere(
    office: Office, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Also of a command that ends before it has read how to log."""

    said = "password=hunter2"

    def broken(*_: object, **__: object) -> None:
        raise ValueError(said)

    monkeypatch.setattr("syncd.register.runs.Runs.latest", broken)
    monkeypatch.setattr("syncd.cli.init._answers", broken)
    structlog.reset_defaults()
    found = office.say(*command, code=1)
    assert "hunter2" not in found.output
    (event,) = events(found.stderr, "command_failed")
    assert "ValueError: password=***" in event["exception"]


def test_what_a_library_says_of_a_secret_is_masked_in_the_complaint(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, **__: object) -> None:
        raise DatabaseDown("cannot be reached: password=hunter2", next_step="password: must not be empty")

    monkeypatch.setattr("syncd.register.runs.Runs.latest", down)
    found = office.say("runs", "list", code=4)
    assert "syncd: cannot be reached: password=***" in found.stderr
    assert "→ password: must not be empty" in found.stderr
    assert "hunter2" not in found.output


def test_help_loads_no_heavy_library(office: Office) -> None:
    script = (
        "import sys\nfrom syncd.cli.program import program\n"
        "program(['--help'], standalone_mode=False)\n"
        "print(sorted({'sqlalchemy', 'pydantic', 'rich', 'structlog', 'ldap3'} & set(sys.modules)))"
    )
    assert office.python(script).stdout.splitlines()[-1] == "[]"


def test_a_mistyped_command_is_guessed(office: Office) -> None:
    result = office.say("snyc", code=2)
    assert "Did you mean 'sync'?" in result.stderr


def test_no_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "syncd", "plan"],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=tmp_path,
    )
    assert found.returncode == 2
    assert "there is no configuration" in found.stderr
    assert "`syncd init`" in found.stderr


def test_a_password_is_never_shown(office: Office) -> None:
    database = "database: postgresql://syncd:hunter2@127.0.0.1:1/syncd\n"
    office.configure(CONFIG.replace("directories:", f"{database}directories:"))
    for words in (["sync"], ["check"], ["config", "check"], ["--log-level", "debug", "sync"]):
        found = office.run(*words)
        assert found.returncode in (2, 4), found.stderr
        assert "hunter2" not in found.stdout + found.stderr


def test_piped_output_has_no_colour_and_logs_are_json_on_stderr(office: Office) -> None:
    office.order(3)
    office.employ(person("ann"), person("bob"))
    found = office.run("sync")
    assert found.returncode == 0
    assert "\x1b" not in found.stdout + found.stderr
    (finished,) = events(found.stderr, "run_finished")
    assert (finished["state"], finished["count_create"], finished["level"]) == ("done", 2, "info")
    assert finished["timestamp"].endswith("Z")
    assert "ann@" not in found.stderr
    assert "Ann" not in found.stderr


def _when(process: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    """Wait for something the process does, as long as it lives."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _learners(office: Office) -> int:
    return int(next(iter(_rows(office, "SELECT count(*) FROM learners")), 0))


def _runs(office: Office) -> list[str]:
    return _rows(office, "SELECT state FROM runs ORDER BY id")


def _rows(office: Office, statement: str) -> list:  # type: ignore[type-arg]
    if not office.database.exists():
        return []
    connection = sqlite3.connect(f"file:{office.database}?mode=ro", uri=True, timeout=10)
    try:
        return [row[0] for row in connection.execute(statement)]
    except sqlite3.OperationalError:  # the tables are not there yet
        return []
    finally:
        connection.close()
