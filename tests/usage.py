"""What the kernel says of a process: how much memory, processor, threads and files it has used so far."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

Seen = TypeVar("Seen")


class Usage(NamedTuple):
    """`wakes`: how often its threads waited and went on. `open`: what its `files` are."""

    at: float
    cpu: float
    wakes: int
    resident_mb: float
    threads: int
    files: int
    open: tuple[str, ...]


def usage(pid: int) -> Usage:
    """Right now."""
    process = Path(f"/proc/{pid}")
    times = (process / "stat").read_text().rpartition(")")[2].split()
    files = list(_seen(process / "fd", lambda file: str(file.readlink())))
    threads = list(_seen(process / "task", _status))
    return Usage(
        at=time.monotonic(),
        cpu=(int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"),
        wakes=sum(int(thread["voluntary_ctxt_switches"]) for thread in threads),
        resident_mb=int(_status(process)["VmRSS"].split()[0]) / 1024,
        threads=len(threads),
        files=len(files),
        open=tuple(files),
    )


def _seen(folder: Path, look: Callable[[Path], Seen]) -> Iterator[Seen]:
    """What is there; some of it may go while one looks."""
    for entry in folder.iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            yield look(entry)


def _status(folder: Path) -> dict[str, str]:
    lines = (folder / "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
