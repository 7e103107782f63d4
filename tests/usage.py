"""What the kernel says of a process: how much memory, processor, threads and files it has used so far."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """`wakes`: how often its threads waited and went on. `sockets` are among the open `files`."""

    at: float
    cpu: float
    wakes: int
    resident_mb: float
    threads: int
    files: int
    sockets: int


def usage(pid: int) -> Usage:
    """Right now."""
    process = Path(f"/proc/{pid}")
    times = (process / "stat").read_text().rpartition(")")[2].split()
    files = [str(file.readlink()) for file in (process / "fd").iterdir()]
    threads = [_status(thread) for thread in (process / "task").iterdir()]
    return Usage(
        at=time.monotonic(),
        cpu=(int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"),
        wakes=sum(int(thread["voluntary_ctxt_switches"]) for thread in threads),
        resident_mb=int(_status(process)["VmRSS"].split()[0]) / 1024,
        threads=len(threads),
        files=len(files),
        sockets=Counter(name.partition(":")[0] for name in files)["socket"],
    )


def _status(folder: Path) -> dict[str, str]:
    lines = (folder / "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
