"""Traces: one run is one trace, and a collector that is away costs a run nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd import settings
from syncd.app import opened
from tests.daemon.serving import serving
from tests.office import CONFIG, Office, events, person
from tests.servers.certificates import Authority
from tests.servers.collector import Collector, Span, collector
from tests.servers.tcp import free_port, silent_server

SYNC = [
    ("run", ""),
    ("plan", "run"),
    ("read", "plan"),
    ("apply", "run"),
    ("record", "apply"),
    ("tell", "run"),
]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.employ(person("ann"), person("bob"), person("cem"))
    office.configure(CONFIG)
    office.order(2)
    return office


@pytest.fixture
def receiver() -> Iterator[Collector]:
    with collector() as receiver:
        yield receiver


def trace_to(office: Office, url: str, more: str = "") -> None:
    office.configure(f"{CONFIG}traces:\n  endpoint: {url}\n{more}")


def shape(trace: list[Span]) -> list[tuple[str, str]]:
    return [(span.name, span.parent) for span in trace]


def test_a_sync_is_one_trace(office: Office, receiver: Collector) -> None:
    trace_to(office, receiver.url)
    assert office.run("sync").returncode == 5
    (trace,) = receiver.traces()
    assert shape(trace) == SYNC
    run, plan, read, apply, record, _tell = trace
    assert run.facts == {
        "syncd.command": "sync",
        "syncd.company": "Contoso",
        "syncd.run": 1,
        "syncd.state": "done",
        "syncd.recorded": 3,
        "syncd.waiting": 1,
        "syncd.missing": 1,
        "syncd.refused": 0,
        "syncd.changes.create": 2,
        "syncd.changes.wait": 1,
    }
    assert read.facts == {"syncd.directory": "people", "syncd.people": 3, "syncd.by_changes": False}
    assert plan.facts == apply.facts == {"syncd.run": 1}
    assert record.facts == {"syncd.changes": 3}
    assert all(run.began <= span.began <= span.ended <= run.ended for span in trace)
    assert {span.error for span in trace} == {""}


def test_nobody_is_named_and_the_service_is(office: Office, receiver: Collector) -> None:
    trace_to(office, receiver.url)
    office.run("sync")
    sent = receiver.words()
    assert "syncd.waiting" in sent
    for name in ("ann", "Ann", "@", "example"):
        assert name not in sent
    resource = receiver.resource()
    assert resource["service.name"] == "syncd"
    assert resource["service.version"]


def test_every_directory_is_a_span_and_so_is_every_batch(office: Office, receiver: Collector) -> None:
    office.crowd(4500)
    (office.folder / "people.csv").rename(office.folder / "others.csv")
    office.employ(person("zoe"))
    others = "  - { name: others, type: file, path: others.csv, id: id }\nscope:"
    office.configure(f"{CONFIG.replace('scope:', others)}traces: {{ endpoint: '{receiver.url}' }}\n")
    assert office.run("sync").returncode == 5
    (trace,) = receiver.traces()
    assert [span.facts["syncd.directory"] for span in trace if span.name == "read"] == ["people", "others"]
    assert [span.facts["syncd.changes"] for span in trace if span.name == "record"] == [2000, 2000, 501]


def test_each_run_of_the_daemon_is_a_trace_of_its_own(office: Office, receiver: Collector) -> None:
    trace_to(office, receiver.url)
    with serving(office) as daemon:
        daemon.until("run_finished")
        daemon.send(signal.SIGUSR1)
        daemon.until("run_finished")
        assert daemon.end() == 0
    first, second = receiver.traces()
    assert shape(first) == SYNC
    assert shape(second)[:3] == SYNC[:3]
    assert [trace[0].facts["syncd.run"] for trace in (first, second)] == [1, 2]
    assert {trace[0].facts["syncd.command"] for trace in (first, second)} == {"serve"}


def test_a_run_that_fails_says_where_and_not_whose_fault(office: Office, receiver: Collector) -> None:
    trace_to(office, receiver.url)
    (office.folder / "people.csv").unlink()
    assert office.run("sync").returncode == 4
    (trace,) = receiver.traces()
    assert [(span.name, span.error) for span in trace] == [
        ("run", "Unavailable"),
        ("plan", "Unavailable"),
        ("read", "Unavailable"),
        ("tell", ""),
    ]
    assert trace[0].facts["error.type"] == "Unavailable"
    assert b"people.csv" not in receiver.site.received[0].body


def test_a_run_that_could_not_begin_is_none(office: Office, receiver: Collector) -> None:
    trace_to(office, receiver.url)
    with opened(settings.load(office.config)) as app, app.register.one_at_a_time():
        assert office.run("sync", "--wait", "1s").returncode == 6
    assert receiver.traces() == []


def test_headers_come_from_where_they_are_kept_over_tls(
    office: Office, certificates: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLECTOR_KEY", "Bearer t-123")
    with collector(certificates.issue("localhost")) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        keys = "  headers: { Authorization: { env: COLLECTOR_KEY } }\n"
        trace_to(office, url, f"{keys}  ca_file: {certificates.ca}\n")
        found = office.run("--log-level", "debug", "sync")
        assert found.returncode == 5
        assert "t-123" not in found.stdout + found.stderr
        assert [post.headers["authorization"] for post in receiver.site.received] == ["Bearer t-123"]


def test_a_collector_that_is_down_is_told_and_fails_no_run(office: Office) -> None:
    trace_to(office, f"http://127.0.0.1:{free_port()}")
    found = office.run("sync")
    assert found.returncode == 5
    assert "Run 1 for Contoso: done" in found.stdout
    (event,) = events(found.stderr, "trace_not_sent")
    assert event["reason"] == "Connection refused", "and not what the libraries below say of themselves"
    assert "traces.endpoint" in event["next_step"]
    assert events(found.stderr, "library_warned") == []


def test_a_collector_that_refuses_is_told_with_its_reason(office: Office, receiver: Collector) -> None:
    receiver.site.status = 401
    trace_to(office, receiver.url)
    found = office.run("sync")
    assert found.returncode == 5
    (event,) = events(found.stderr, "trace_not_sent")
    assert "401" in event["reason"]


def test_a_header_that_is_missing_leaves_runs_untold_and_done(office: Office, receiver: Collector) -> None:
    trace_to(office, receiver.url, "  headers: { Authorization: { env: NOWHERE_TO_BE_FOUND } }\n")
    found = office.run("sync")
    assert found.returncode == 5
    (event,) = events(found.stderr, "traces_left_out")
    assert "NOWHERE_TO_BE_FOUND" in event["reason"]
    assert receiver.traces() == []


def test_check_says_whether_the_collector_takes_what_it_is_sent(office: Office, receiver: Collector) -> None:
    trace_to(office, receiver.url)
    assert "traces: 127.0.0.1" in office.say("check", code=0).stdout
    assert receiver.traces() == []
    assert len(receiver.requests()) == 1
    receiver.site.status = 404
    refused = office.say("check", code=4).stdout
    assert "does not take them" in refused
    assert "404" in refused
    trace_to(office, receiver.url, "  headers: { Authorization: { env: NOWHERE_TO_BE_FOUND } }\n")
    assert "NOWHERE_TO_BE_FOUND" in office.say("check", code=2).stdout


def test_a_collector_that_says_nothing_holds_nobody_up(office: Office) -> None:
    with silent_server() as port:
        trace_to(office, f"http://127.0.0.1:{port}")
        started = time.monotonic()
        found = office.run("sync")
        assert found.returncode == 5
        assert time.monotonic() - started < 20, "not the half minute that OpenTelemetry would wait"
        with serving(office) as daemon:
            daemon.until("run_finished")
            assert daemon.end() == 0


def test_without_traces_opentelemetrys_sdk_is_not_even_loaded(office: Office) -> None:
    script = (
        "import sys\nfrom syncd.cli.program import program\n"
        f"program(['-c', {str(office.config)!r}, 'plan'], standalone_mode=False)\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    assert office.python(script).stdout.splitlines()[-1] == "[]"
