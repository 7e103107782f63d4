"""A text file with the numbers of the register and of the last sync, as node_exporter's collector reads them.

For sites whose syncs come and go: the names are those of the daemon. What only a process that stays can count
(calls, runs, changes since the start) is not in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from syncd.register.gauges import Reading
from syncd.telemetry.families import LastRun, of_installation, of_last_run, of_register


def write(path: Path, last: LastRun, reading: Reading | None, pause: int) -> None:
    """Replace the file at `path` in one step: whoever reads it sees the old one or the new. Raises `OSError`.

    `reading`: None where the database cannot be read. `pause`: seconds between two syncs by schedule, at the
    most.
    """
    handle, new = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # hidden: the collector passes it over
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_text(last, reading, pause))
            os.fchmod(file.fileno(), 0o644)  # numbers without names: whoever watches may read them
        Path(new).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(new).unlink()
        raise


def _text(last: LastRun, reading: Reading | None, pause: int) -> bytes:
    class Numbers(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from of_installation(pause)
            yield from of_last_run(last)
            yield from of_register(reading)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers())
    return generate_latest(registry)
