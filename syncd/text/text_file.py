"""One text file, opened once: its lines, what cannot be decoded, and whether it changed meanwhile."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO

from syncd.errors import ConfigError, Incomplete, Unavailable

LONGEST_LINE = 1 << 20
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BROKEN_COPY = "write it under another name and rename it when it is complete, then run again"


class TextFile:
    """The lines of an open file. Every pass begins anew, over the same bytes on disk."""

    def __init__(self, path: Path, encoding: str, raw: BinaryIO, option: str = "set encoding:") -> None:
        """`option`: the words by which an admin says another encoding."""
        self.path = path
        self._option = option
        self.encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        self._raw = raw
        self._state = _state(raw)

    @property
    def modified_at(self) -> int:
        return self._state[1] // 1_000_000_000

    def lines(self) -> Iterator[str]:
        """Every line, as written, with its end; one of `LONGEST_LINE` characters has been cut there.

        Raises `ConfigError` when it is not text in this encoding, `Incomplete` when reading fails.
        """
        self._raw.seek(0)
        text = TextIOWrapper(self._raw, self.encoding, newline="")
        try:
            for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), 1):
                if "\0" in line:
                    raise self._not_text(number, line.index("\0") + 1)
                yield line
        except UnicodeError as exc:
            raise self._undecodable(exc) from exc
        except OSError as exc:
            raise Incomplete(
                f"{self.path}: reading broke off: {exc.strerror}", next_step="check the disk or share"
            ) from exc
        finally:
            if not self._raw.closed:  # as it is when an abandoned pass is collected late
                text.detach()

    def verify(self) -> None:
        """Raise `Incomplete` when the file is no longer what it was when it was opened."""
        if _state(self._raw) != self._state:
            raise Incomplete(f"{self.path}: changed while it was being read", next_step=_BROKEN_COPY)

    def at(self, line: int) -> str:
        return f"{self.path}:{line}"

    def cut_off(self, line: int, what: str) -> Incomplete:
        """The error for a file that is broken at this line: nobody may be judged absent by it."""
        return Incomplete(
            f"{self.at(line)}: {what}", next_step=f"correct the file; if it is copied here, {_BROKEN_COPY}"
        )

    def _not_text(self, number: int, character: int) -> ConfigError:
        return ConfigError(
            f"{self.at(number)}: character {character} is NUL: this is not {self._called} text",
            next_step=f"{self._option} utf-16 if Windows saved the file as Unicode; else correct the file",
        )

    def _undecodable(self, exc: UnicodeError) -> ConfigError:
        """Name the line and byte that are not in this encoding, and the encoding it may be."""
        self._raw.seek(0)
        start = self._raw.read(4)
        if start[:2] in _UTF_16 and "utf-16" not in self.encoding:
            advice = f"{self._option} utf-16"
        elif self.encoding == "utf-8-sig":
            advice = f"{self._option} cp1252 if the file comes from Excel on Windows, or save it as UTF-8"
        else:
            advice = f"{self._option} the one the file was saved in"
        return ConfigError(
            f"{self._first_bad_byte()} is not {self._called} text ({_reason(exc)})", next_step=advice
        )

    def _first_bad_byte(self) -> str:
        if self.encoding.startswith(("utf-16", "utf-32")):
            return str(self.path)
        self._raw.seek(0)
        for number, line in enumerate(self._raw, 1):
            try:
                line.decode(self.encoding)
            except UnicodeDecodeError as exc:
                return f"{self.at(number)}: byte {exc.start + 1} of the line (0x{line[exc.start]:02x})"
        return str(self.path)

    @property
    def _called(self) -> str:
        return self.encoding.removesuffix("-sig")


@contextmanager
def given(path: Path, encoding: str, option: str) -> Iterator[TextFile]:
    """What a command is given: a file, or all of standard input for "-".

    `encoding` "auto": UTF-16 where its first bytes say so, else UTF-8. Raises `ConfigError` or `Unavailable`.
    """
    if str(path) == "-":
        with TemporaryFile() as copy:
            copyfileobj(sys.stdin.buffer, copy)
            yield TextFile(Path("standard input"), _encoding(copy, encoding), copy, option)
        return
    with _open(path) as raw:
        yield TextFile(path, _encoding(raw, encoding), raw, option)


def _encoding(raw: BinaryIO, wanted: str) -> str:
    if wanted == "auto":
        raw.seek(0)
        return "utf-16" if raw.read(2) in _UTF_16 else "utf-8"
    try:
        "".encode(wanted)
    except LookupError as exc:
        raise ConfigError(
            f"there is no encoding {wanted!r}", next_step="such as utf-8, cp1252, utf-16"
        ) from exc
    return wanted


@contextmanager
def opened(path: Path, encoding: str, option: str = "set encoding:") -> Iterator[TextFile]:
    """The file, open for reading; `Unavailable` when it cannot be."""
    with _open(path) as raw:
        yield TextFile(path, encoding, raw, option)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as exc:
        raise Unavailable(
            f"{path} cannot be read: {exc.strerror}",
            next_step="check the path, and that the user running syncd may read the file",
        ) from exc


def _state(raw: BinaryIO) -> tuple[int, int]:
    """Size and time of the file that is open: one put in its place by a rename is another file."""
    status = os.fstat(raw.fileno())
    return status.st_size, status.st_mtime_ns


def _reason(exc: UnicodeError) -> str:
    return exc.reason if isinstance(exc, UnicodeDecodeError) else str(exc)
