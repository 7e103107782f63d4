"""Memory: what a run no longer needs goes back to the machine, since the next one may be hours away."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def give_back() -> None:
    """Free what only circles hold, and let the C library return it. One that cannot (musl) is left alone."""
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
