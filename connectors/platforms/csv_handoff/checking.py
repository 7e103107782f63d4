"""`syncd check` for a folder: whether files can be put there, and whether somebody takes them away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.platforms.csv_handoff.folder import Folder
from connectors.platforms.csv_handoff.names import Place
from connectors.platforms.csv_handoff.options import CsvOptions
from syncd.errors import Unavailable
from syncd.model import Finding
from syncd.settings.types import duration_text

_LITTLE = 16 << 20


def check(name: str, folder: Folder, options: CsvOptions, now: int) -> Iterator[Finding]:
    """Findings; a folder that cannot be used is the only one."""
    try:
        folder.try_out()
        room, waiting = folder.room(), folder.waiting()
    except Unavailable as exc:
        yield Finding(name, False, exc.message, exc.next_step)
        return
    yield Finding(name, True, f"files can be put into {options.folder}")
    if room < _LITTLE:
        yield Finding(name, False, f"{room >> 20} MB are left there", "make room")
    yield _waiting(name, options, waiting, now)


def _waiting(name: str, options: CsvOptions, waiting: Sequence[Place], now: int) -> Finding:
    if not waiting:
        return Finding(name, True, "no file waits there")
    age = max(0, now - waiting[0].at)
    files = "1 file waits" if len(waiting) == 1 else f"{len(waiting):,} files wait"
    words = f"{files} there, the oldest for {duration_text(age - age % 60)}"
    if 0 < options.picked_up_within < age:
        hint = "import them by order of name and move them away, or see why nobody picks them up"
        return Finding(name, False, words, hint)
    return Finding(name, True, words)
