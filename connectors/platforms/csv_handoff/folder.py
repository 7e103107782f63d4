"""The folder: files appear in it whole, under a name nobody has, or not at all; and its troubles in words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from connectors.platforms.csv_handoff.names import Place, first_free, parsed
from syncd.errors import Unavailable

_OWN = 0o600
_NO_RIGHT = ("may not be written", "give the user running syncd the right to write there")
_FULL = ("has no room left", "make room; what was not handed off is, by the next run")
_WORDS = {
    errno.ENOENT: ("does not exist", "create it, mount it, or correct platform.folder"),
    errno.ENOTDIR: ("is not a folder", "correct platform.folder"),
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EROFS: ("is read-only", "mount it for writing; for a service of systemd: ReadWritePaths="),
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}
_CANNOT_SYNC_A_FOLDER = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)  # as on CIFS, which does so by itself


class Document(NamedTuple):
    """A file that is to be there: how its name ends, and what it says."""

    ending: str
    content: bytes


class Handed(NamedTuple):
    """Under which name it is there. `again`: it was there before, as a run that was cut short left it."""

    name: str
    again: bool


class Folder:
    """One folder. `owner`: what temporary names begin with, so that only our own are cleared away."""

    def __init__(self, path: Path, mode: int, owner: str) -> None:
        self._path = path
        self._mode = mode
        self._owner = f".{owner}"

    def hand_over(self, documents: Sequence[Document], now: int) -> Iterator[Handed]:
        """Put documents there, in order, each on the disk for good before it is said.

        All of them are written before the first gets its name. Raises `Unavailable`; then those that were not
        said are not there, or are the same when they come again.
        """
        with _in_words(self._path):
            self._clear_away()
            names = self._names()
            there = {ending: self._same(names, ending, content) for ending, content in documents}
            place, parts = first_free(now, names), dict[str, Path]()
            try:
                for ending, content in documents:
                    if not there[ending]:
                        parts[ending] = self._write(ending, content)
                for ending, _ in documents:
                    name = there[ending] or place.before(ending)
                    if ending in parts:
                        parts[ending].rename(self._path / name)
                        del parts[ending]
                        place = place.next()
                    self._sync()
                    yield Handed(name, again=bool(there[ending]))
            finally:
                for part in parts.values():
                    part.unlink(missing_ok=True)

    def add_note(self, name: str, text: str) -> None:
        """Put a text for people beside the files. Raises `Unavailable`."""
        with _in_words(self._path):
            self._write(name, text.encode()).rename(self._path / name)

    def waiting(self) -> list[Place]:
        """The files nobody has picked up, oldest first. Raises `Unavailable`."""
        with _in_words(self._path):
            return sorted(found[0] for found in map(parsed, self._names()) if found)

    def room(self) -> int:
        """The bytes that are free. Raises `Unavailable`."""
        with _in_words(self._path):
            found = os.statvfs(self._path)
            return found.f_bavail * found.f_frsize

    def try_out(self) -> None:
        """Write something that has no name and is gone at once. Raises `Unavailable`."""
        with _in_words(self._path), TemporaryFile(dir=self._path, prefix=self._owner) as file:
            file.write(b"syncd")

    def _names(self) -> list[str]:
        return [path.name for path in self._path.iterdir()]

    def _clear_away(self) -> None:
        """What a process that died had not finished."""
        for name in self._names():
            if name.startswith(self._owner) and name.endswith(".part"):
                (self._path / name).unlink(missing_ok=True)

    def _same(self, names: Sequence[str], ending: str, content: bytes) -> str:
        """The name of a file that says exactly this already; empty where there is none."""
        for name in names:
            found = parsed(name)
            if found and found[1] == ending:
                with suppress(FileNotFoundError):  # somebody picks it up just now
                    if (self._path / name).read_bytes() == content:
                        return name
        return ""

    def _write(self, ending: str, content: bytes) -> Path:
        part = self._path / f"{self._owner}{ending}.part"
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN), "wb") as file:
                if self._mode != _OWN:  # which the umask may have narrowed
                    os.fchmod(file.fileno(), self._mode)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                part.unlink()
            raise
        return part

    def _sync(self) -> None:
        """The names themselves are on the disk, too."""
        folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        except OSError as exc:
            if exc.errno not in _CANNOT_SYNC_A_FOLDER:
                raise
        finally:
            os.close(folder)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        otherwise = (f"cannot be used: {exc.strerror}", "check the disk or share")
        words, next_step = _WORDS.get(exc.errno or 0, otherwise)
        raise Unavailable(f"the folder {path} {words}", next_step=next_step) from exc
