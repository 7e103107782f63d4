"""Child processes that surely end: on stop, at exit, after Ctrl-C, and when we ourselves are killed."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

_POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
_OURS = Path(__file__).parents[2] / ".cache/tools/bin"  # of script/tools
SYSTEM_PATH = os.pathsep.join(
    [
        *("/usr/bin", "/bin", "/usr/sbin", "/sbin"),
        *map(str, _POSTGRESQL),
        os.environ.get("PATH", ""),
        str(_OURS),
    ]
)


class ServerError(RuntimeError):
    """A server or one of its tools did not do what it was started for; carries the end of its log."""


def find_program(name: str) -> str | None:
    """Where a program is, also when it is one only root has on the PATH."""
    return shutil.which(name, path=SYSTEM_PATH)


def run(command: Sequence[str], *, stdin: str = "", timeout: float = 600, user: str = "") -> str:
    """Run a tool to its end and return what it printed. Raises `ServerError` with its last words."""
    done = subprocess.run(
        [*_as_user(user), *command],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=tool_environment(),
        cwd="/",
    )
    if done.returncode != 0:
        words = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise ServerError(f"{command[0]} ended with {done.returncode}:\n{words}")
    return done.stdout


def tool_environment() -> dict[str, str]:
    """A small environment in English, free of proxies and of the developer's LDAP and Kerberos settings."""
    return {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


def _as_user(user: str) -> list[str]:
    if not user or os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]


class Child:
    """One server process and whatever it starts. `log` receives what it prints.

    `inside`: what a command begins with to be run on another machine (`hosts.Host.inside`).
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        user: str = "",
        stop_with: signal.Signals = signal.SIGTERM,
        inside: Sequence[str] = (),
    ) -> None:
        self._command = list(command)
        self._inside = list(inside)
        self._user = user
        self._stop_with = stop_with
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{self._command[0]} is not running")
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        # --pdeathsig: the kernel ends the child should we die without a chance to clean up.
        prefix = _as_user(self._user) or ["setpriv"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._inside,
                    *prefix,
                    f"--pdeathsig={self._stop_with.name.removeprefix('SIG')}",
                    "--",
                    *self._command,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=tool_environment(),
                cwd="/",
            )
        atexit.register(self.kill)

    def stop(self, *, timeout: float = 20) -> None:
        """Ask it to end; insist after `timeout` seconds. Harmless when it has ended."""
        if self.alive:
            self._signal(self._stop_with)
            try:
                self._finished(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        atexit.unregister(self.kill)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)
        self._finished(10)

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                return

    def _finished(self, timeout: float) -> None:
        if self._process is not None:
            self._process.wait(timeout)
