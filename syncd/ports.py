"""What the engine needs from outside. Connectors implement these; the engine knows no vendor."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from syncd.model import (
    NOTHING,
    DirectoryUser,
    Finding,
    GroupRef,
    Kind,
    Outcome,
    Profile,
)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What one read is for.

    `attributes`: lower-case names the mapping and the scope use; `manager.mail` follows the
    reference in `manager` and means that person's `mail`.
    `groups`: the groups whose membership must be known.
    `salt`: up to 64 bytes, mixed into every fingerprint; it changes with scope and mapping.
    `now`: the time of the run, for accounts that expire.
    """

    attributes: frozenset[str]
    groups: frozenset[GroupRef] = frozenset()
    salt: bytes = b""
    now: int = 0


class Sighting(Protocol):
    """A person as they come off the wire: still sealed, so that the unchanged cost next to nothing.

    `fingerprint` is 16 bytes: equal fingerprints mean that `open()` gives an equal DirectoryUser,
    until that user's `changes_at`.
    """

    @property
    def fingerprint(self) -> bytes: ...

    def open(self) -> DirectoryUser:
        """Decode. Raises `errors.Skipped` for a person that cannot be read as they are."""
        ...


class Directory(Protocol):
    """Read-only access to the people of one directory."""

    @property
    def name(self) -> str: ...

    def read(self, request: ReadRequest) -> Iterator[Sequence[Sighting]]:
        """Yield everybody below the configured base, in pages, each identity once.

        Complete or nothing: returning normally promises "this was everybody". Everything else
        raises: `ConfigError` (a base or group that does not exist), `Retriable` or `Unavailable`
        (could not begin), `Incomplete` (broke off on the way). Leaves no connection open.
        """
        ...

    def check(self, request: ReadRequest) -> Iterator[Finding]:
        """Connect and say what works, what is missing, and what to do. Raises nothing it can report."""
        ...


class Changed(NamedTuple):
    """One page of what changed in a directory since a cursor.

    `people`: who is new or has changed, by id, as `Directory.read` would show them now.
    `gone`: ids of people `Directory.read` would not show now, some perhaps twice. Later pages win, and
    whoever is both on one page is asked for `again`.
    `cursor`: on the last page, and there only: what the next `changes` starts from.
    """

    people: Mapping[str, Sighting] = NOTHING
    gone: Sequence[str] = ()
    cursor: str = ""


@runtime_checkable
class Incremental(Directory, Protocol):
    """A directory that can also tell what has changed.

    A cursor is opaque text of the directory's own. The engine keeps it, with the salt it was made under,
    in the transaction that ends the run; it never uses one under another salt.
    """

    def mark(self, request: ReadRequest) -> str:
        """Where the directory stands now: a whole `read` begun after it, then `changes` since it, miss
        nobody. Empty where this server offers no way to follow changes."""
        ...

    def changes(self, request: ReadRequest, cursor: str) -> Iterator[Changed]:
        """Everything that happened since `cursor`: to people, to the membership of the asked groups, to what
        references lead to. Replays are harmless. Ends with a page that has a cursor; anything else raises
        as `read` does. Raises `CursorLost` when only a whole read can tell, as of somebody without an id."""
        ...

    def again(self, request: ReadRequest, ids: Collection[str]) -> Iterator[Changed]:
        """These people, changed or not: as `Directory.read` would show them now, or among the `gone`. An id
        the directory never had is gone, too. Raises as `read` does. Its pages have no cursor."""
        ...


class Line(Protocol):
    """An open line to a directory, on which it rings. What has changed it does not say: for that there are
    `changes`."""

    def wait(self, seconds: float) -> bool:
        """Whether it rings within so many seconds: False says only that it has not yet. Raises `Retriable` or
        `Incomplete` once the line is dead, and `Unavailable` when the server does not want to ring any more.
        """
        ...


@runtime_checkable
class Doorbell(Incremental, Protocol):
    """A directory that rings when somebody, or a group that is asked for, is not as before."""

    def listen(self, request: ReadRequest) -> AbstractContextManager[Line]:
        """Open a line: whatever changes from now on rings, sooner or later; what does not matter may ring,
        too. Takes one try. Raises `Retriable` or `Incomplete` when another one may help, and `Unavailable` or
        `ConfigError` where this server does not ring, or could not tell what has changed."""
        ...


class Answered(StrEnum):
    """What became of a question put to a server."""

    OK = "ok"
    REFUSED = "refused"  # it answered, and not with what was asked for
    THROTTLED = "throttled"  # it asks us to come back later
    FAILED = "failed"  # no answer, half of one, or that something is wrong with the server


class Calls(Protocol):
    """Who hears of every call to one directory: a request, a page, a connection; never of a person.

    To be quick, and to be called from any thread.
    """

    def ended(self, operation: str, answered: Answered, seconds: float) -> None:
        """`operation`: one of a handful of words. `seconds`: how long we waited for the answer."""
        ...

    def paused(self, seconds: float, *, throttled: bool) -> None:
        """Before the same is asked again; `throttled`: for as long as the server wanted."""
        ...


class _Unheard:
    def ended(self, operation: str, answered: Answered, seconds: float) -> None:
        """Nobody counts."""

    def paused(self, seconds: float, *, throttled: bool) -> None:
        """Nobody counts."""


UNHEARD: Calls = _Unheard()


Fact = str | int | bool


class Span(Protocol):
    """A stretch of a run, for whoever looks where its time goes."""

    def say(self, **facts: Fact) -> None:
        """What is known of it now: what and how many, never who."""
        ...


class Spans(Protocol):
    """Who is shown the stretches of a run, one within the other as they are opened."""

    def __call__(self, name: str, **facts: Fact) -> AbstractContextManager[Span]: ...


class _Unseen:
    def say(self, **facts: Fact) -> None:
        """Nobody looks."""

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        """Nobody looked."""


_NOTHING_SEEN = _Unseen()


def unseen(name: str, **facts: Fact) -> AbstractContextManager[Span]:  # noqa: ARG001
    return _NOTHING_SEEN


class Ending(NamedTuple):
    """Something by which we are let in, and the moment it ends."""

    what: str
    ends_at: int


@runtime_checkable
class CredentialWatch(Protocol):
    """What a connector offers besides, when it can tell how long it will be let in."""

    @property
    def name(self) -> str: ...

    def endings(self) -> Sequence[Ending]:
        """The secrets and certificates in use whose end is known. Raises as `check` reports."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recorded change, as a platform is asked to make it true. Safe to send twice.

    `id` names it in the outcome. `account` is the platform's own id for the learner, once known.
    `ends_at` is the end of the learner's license, if they hold one. A delivery of kind DELETE removes the
    account, and has nothing left of the profile.
    """

    id: str
    kind: Kind
    learner: int
    account: str
    profile: Profile
    active: bool
    ends_at: int | None


@dataclass(frozen=True, slots=True)
class PlatformLearner:
    """A learner as the platform itself has them. `learner` is their number with us, if the account is ours.

    `ends_at`: None also where they are `licensed` and the platform keeps no date.
    """

    account: str
    learner: int | None
    profile: Profile
    active: bool
    licensed: bool
    ends_at: int | None = None


class Platform(Protocol):
    """Where learners really live, when that is not the register itself."""

    @property
    def name(self) -> str: ...

    @property
    def keeps(self) -> Collection[str]:
        """What it keeps of a learner, and can be compared: names of `Profile`, and `license`, or even
        `ends_at`. Whether they are active it always does.

        Empty: it cannot be asked. Then nobody calls `read_back`, and whoever has an account counts as told.
        """
        ...

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        """Carry changes out, in order; yield one outcome for each as it is known. A run may end at any that
        says no `more`: what one request has done for several is told in full before.

        A delivery without an outcome is UNKNOWN. Raises `Retriable` or `Unavailable` when the
        platform as a whole cannot be used: what had an outcome stays done, the rest stays recorded.
        """
        ...

    def read_back(self, deliveries: Sequence[Delivery]) -> Mapping[str, PlatformLearner | None]:
        """What the platform has, by delivery id; None where it has nobody. Raises as `deliver`."""
        ...

    def check(self) -> Iterator[Finding]:
        """Connect and say what works, what is missing, and what to do. Raises nothing it can report."""
        ...


@runtime_checkable
class Listing(Platform, Protocol):
    """A platform that lists accounts for less than it would cost to ask for each."""

    def everybody(self) -> Iterator[Sequence[PlatformLearner]]:
        """Every account that is ours, in pages, each once. Complete, or raises as `deliver`."""
        ...
