"""Every exception syncd raises on purpose, grouped by what the caller does next.

SyncdError
├─ ConfigError       the admin edits the configuration or the command     exit 2
├─ Held              the guard (or a moved world) says no; nothing written exit 3
├─ Unavailable       a directory, the platform or the database failed     exit 4
│   ├─ Retriable     … and trying again soon may help
│   │   └─ Unanswered  … but it was sent, and nobody knows what came of it: only what reads is sent again
│   ├─ DatabaseDown  … the register's own database: nothing at all can be done until it is back
│   ├─ Incomplete    … after the read had begun: what was read is no truth
│   └─ CursorLost    … what changed since the last read cannot be told: read everything
├─ Busy              another run of this sync is in progress              exit 6
└─ Skipped           this one person cannot be used; the run goes on
"""

from __future__ import annotations

STOPPED = "the daemon was asked to stop"
INTERRUPTED = "somebody asked it to stop: by Ctrl-C, or SIGTERM"
ASKED_TO_STOP = (STOPPED, INTERRUPTED)
"""Why runs end that nobody need be told of: the next one finishes what is left."""


class SyncdError(Exception):
    """What went wrong, where, and `next_step`: what the admin does about it (may be empty).

    `brief`: what of it anybody may be told, without a host, a user or a path; empty for nothing.
    """

    exit_code = 1

    def __init__(self, message: str, *, next_step: str = "", brief: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.brief = brief


class ConfigError(SyncdError):
    """The configuration, an argument or an input file is wrong. Nothing was touched."""

    exit_code = 2


class Held(SyncdError):
    """The plan was not applied: the guard stopped it, or the world moved since it was made."""

    exit_code = 3


class Unavailable(SyncdError):
    """A directory, the platform or the database could not be reached, read or written."""

    exit_code = 4


class Retriable(Unavailable):
    """As `Unavailable`, and the same call may succeed when it is made again shortly.

    `after`: the seconds the other side asked us to wait, where it did.
    """

    def __init__(self, message: str, *, next_step: str = "", after: float | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.after = after


class Unanswered(Retriable):
    """As `Retriable`, of something that was sent: perhaps it was done. Look before it is sent again."""


class DatabaseDown(Unavailable):
    """The register's database could not be reached, read or written: there is nothing to work with."""


class Incomplete(Unavailable):
    """A read that had begun did not reach its end. Nobody may be judged absent by it."""


class CursorLost(Unavailable):
    """What changed since a cursor cannot be told, for the reason given. The whole must be read instead."""


class Busy(SyncdError):
    """Another process holds the sync. Nothing was read or written."""

    exit_code = 6


class Skipped(SyncdError):
    """One person cannot be used as they are. They are reported and left untouched.

    `identity` is their (directory, id) when it could be told: it keeps them from being taken for absent.
    Without it, nobody in that directory can be.
    """

    def __init__(self, message: str, *, next_step: str = "", identity: tuple[str, str] | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.identity = identity

    @property
    def why(self) -> str:
        """The reason, with what to do about it."""
        return f"{self.message}; {self.next_step}" if self.next_step else self.message
