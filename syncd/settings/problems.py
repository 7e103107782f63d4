"""Problems: what is wrong with the configuration, where, and what to do; all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from syncd.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, or unwise. `where` is the key ("directories[0].base_dn"), `line` 0 the whole file."""

    path: Path
    line: int
    where: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        subject = f" {self.where}" if self.where else ""
        return f"{place}:{subject}{'' if self.message.startswith(':') else ' '}{self.message}"


class ConfigProblems(ConfigError):
    """The configuration cannot be used. `problems` has every reason, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__(
            "\n".join(map(str, self.problems)),
            next_step="correct the configuration, and try again",
        )


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, as the eye meets them in the file."""
    return tuple(sorted(set(problems), key=lambda p: (str(p.path), p.line, p.where, p.message)))


def suggestion(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as "; did you mean x?", or nothing."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""
