"""Logs keep secrets and people to themselves, whoever wrote the event."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator

import pytest
import structlog

from syncd import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if type(handler).__module__ != "syncd.logs"]


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("bind_secret", "hunter2"),
        ("Authorization", "Bearer hunter2"),
        ("access_token", "hunter2"),
        ("api_key", "hunter2"),
        ("headers", {"Cookie": "hunter2"}),
        ("url", "postgresql://syncd:hunter2@db/syncd"),
        ("seen", ["ldap://u:hunter2@dc"]),
        ("unicodePwd", "hunter2"),
        ("reason", "the server says: password=hunter2"),
        ("cause", ValueError("password=hunter2")),
    ],
)
def test_a_secret_never_reaches_a_line(name: str, value: object, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="debug", json=True)
    structlog.get_logger().debug("something_happened", **{name: value})
    (line,) = written(capsys)
    assert "hunter2" not in json.dumps(line)
    assert line["event"] == "something_happened"


def test_an_address_is_for_debug_only(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="debug", json=True)
    log = structlog.get_logger()
    log.info(
        "run_failed",
        reason="ann.doe@example.com is in people.csv twice",
        requested_by="root@host.example.com",
    )
    log.debug("person_opened", email="ann.doe@example.com")
    failed, opened = written(capsys)
    assert failed["reason"] == "***@example.com is in people.csv twice"
    assert failed["requested_by"] == "root@host.example.com"
    assert opened["email"] == "ann.doe@example.com"


def test_libraries_speak_through_the_same_defences(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="debug", json=True)
    logging.getLogger("ldap3").debug("BIND with hunter2")
    logging.getLogger("sqlalchemy.pool").warning("lost ann@example.com on postgresql://u:hunter2@db/x")
    (line,) = written(capsys)
    assert (line["event"], line["library"]) == ("library_warned", "sqlalchemy.pool")
    assert "hunter2" not in str(line["message"])
    assert "ann@" not in str(line["message"])


def test_a_library_that_tells_of_an_exception_tells_which(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="info", json=True)
    try:
        raise ValueError("no such thing as ann@example.com on postgresql://u:hunter2@db/x")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    (line,) = written(capsys)
    assert "ValueError: no such thing" in str(line["exception"])
    assert "hunter2@" not in str(line["exception"])
    assert "ann@" not in str(line["exception"])


def test_the_journal_is_told_how_grave_a_line_is(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = os.fstat(sys.stderr.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{place.st_dev}:{place.st_ino}")
    logs.configure(level="info", json=True)
    structlog.get_logger().warning("clock_jumped")
    structlog.get_logger().critical("run_hung")
    jumped, hung = capfd.readouterr().err.splitlines()
    assert jumped.startswith('<4>{"event": "clock_jumped"')
    assert hung.startswith('<2>{"event": "run_hung"')


def test_who_is_not_read_by_the_journal_gets_plain_lines(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "9:1")  # handed on by a unit whose output went elsewhere
    logs.configure(level="info", json=True)
    structlog.get_logger().warning("clock_jumped")
    assert capfd.readouterr().err.startswith("{")


@pytest.mark.parametrize("json", [True, False])
def test_what_an_exception_says_is_masked_in_its_traceback(
    json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(level="info", json=json)
    said = "password=hunter2 for ann@example.com"
    try:
        try:
            raise ValueError(said)
        except ValueError as exc:
            raise RuntimeError("cannot connect") from exc
    except RuntimeError as exc:
        structlog.get_logger().error("command_failed", exc_info=exc)
        logging.getLogger("msal").error("refused: %s", said, exc_info=exc)
    shown = capsys.readouterr().err
    assert shown.count("ValueError: password=*** for ***@example.com") == 2
    assert "RuntimeError: cannot connect" in shown
    assert "hunter2" not in shown


def test_a_traceback_shows_no_locals(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="info", json=False)
    password = "hunter2"
    try:
        raise ValueError(len(password))
    except ValueError as exc:
        structlog.get_logger().error("command_failed", exc_info=exc)
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert "'hunter2'" not in shown.replace('password = "hunter2"', "")


def test_what_a_command_tells_itself_is_not_logged_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="warning", json=True, told=True)
    structlog.get_logger().error("run_failed", reason="told by the command")
    structlog.get_logger().warning("platform_unavailable")
    assert [line["event"] for line in written(capsys)] == ["platform_unavailable"]
