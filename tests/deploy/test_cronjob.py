"""The CronJob's command, as the chart renders it, run by this machine's shell."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.deploy.chart import Chart

Start = Callable[[str], AbstractContextManager[subprocess.Popen[str]]]


@pytest.fixture
def job(helm: str, tmp_path: Path) -> Start:
    """`job(script)` runs the job, with `script` for a syncd."""
    pod = Chart(helm, "cronjob").one("CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]

    def start(script: str) -> AbstractContextManager[subprocess.Popen[str]]:
        syncd = tmp_path / "syncd"
        syncd.write_text(f'#!/bin/sh\n[ "$*" = sync ] || exit 99\n{script}\n')
        syncd.chmod(0o755)
        environment = {"PATH": f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"}
        command = [*container["command"], *container["args"]]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    return start


@pytest.mark.parametrize(
    ("code", "left"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 0), (6, 0), (143, 143)]
)
def test_a_job_fails_when_somebody_has_to_look(job: Start, code: int, left: int) -> None:
    with job(f"exit {code}") as process:
        assert process.wait(20) == left


def test_a_job_that_is_told_to_end_lets_the_sync_finish(job: Start) -> None:
    with job("trap 'echo ended; exit 143' TERM; echo ready; while :; do sleep 0.05; done") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "ended\n"
        assert process.wait(20) == 143
