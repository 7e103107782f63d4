"""Where each id was met first: an identity is given once, and a second one is an error that names both."""

from __future__ import annotations

from syncd.errors import ConfigError
from syncd.text.text_file import TextFile


class FirstLines:
    """Where each id was met first, so that a second one can name both lines."""

    def __init__(self, file: TextFile) -> None:
        self._file = file
        self._lines: dict[str, int] = {}
        self.people = 0

    def note(self, id: str, line: int) -> None:
        """Raises `ConfigError` for an id that was there before. No id at all is noted by nobody."""
        self.people += 1
        first = self._lines.setdefault(id, line)
        if first != line and id:
            raise ConfigError(
                f"{self._file.at(line)}: {id!r} identifies the person of line {first} already",
                next_step="give each person their own, or remove one of the two lines",
            )
