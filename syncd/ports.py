"""What the engine needs from outside. Connectors implement these; the engine knows no vendor."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from syncd.model import (
    Change,
    ChangeState,
    DirectoryUser,
    Entry,
    Finding,
    GroupRef,
    Identity,
    Kind,
    LicenseType,
    Lot,
    Outcome,
    Profile,
    RunState,
)
from syncd.plan.roster import KnownLearner, Roster, WaitingLearner
from syncd.plan.seats import Seat, SeatRequest
from syncd.plan.sight import Sight


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

    `people`: who is new or has changed, as `Directory.read` would show them now.
    `gone`: ids of people who are no longer there. Neither need be free of repetitions; later pages win.
    `cursor`: on the last page, and there only: what the next `changes` starts from.
    """

    people: Sequence[Sighting] = ()
    gone: Sequence[str] = ()
    cursor: str = ""


@runtime_checkable
class Incremental(Protocol):
    """What a directory offers besides `Directory` when it can tell what has changed.

    A cursor is opaque text of the directory's own. The engine keeps it, with the salt it was made under,
    in the transaction that ends the run; it never uses one under another salt.
    """

    def mark(self, request: ReadRequest) -> str:
        """Where the directory stands now: a whole `read` begun after it, then `changes` since it, miss
        nobody. Empty where this server offers no way to follow changes."""
        ...

    def changes(self, request: ReadRequest, cursor: str) -> Iterator[Changed]:
        """Everything that happened since `cursor`, membership of the asked groups included. Replays are
        harmless. Ends with a page that has a cursor; anything else raises as `read` does. Raises
        `CursorLost` when only a whole read can tell."""
        ...


class Ending(NamedTuple):
    """Something by which we are let in, and the moment it ends."""

    what: str
    ends_at: int


@runtime_checkable
class CredentialWatch(Protocol):
    """What a connector offers besides, when it can tell how long it will be let in."""

    def endings(self) -> Sequence[Ending]:
        """The secrets and certificates in use whose end is known. Raises as `check` reports."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recorded change, as a platform is asked to make it true. Safe to send twice.

    `id` names it in the outcome. `account` is the platform's own id for the learner, once known.
    `ends_at` is the end of the learner's license, if they hold one.
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
    """A learner as the platform itself has them, for reading back what is unknown."""

    account: str
    learner: int | None
    profile: Profile
    active: bool
    ends_at: int | None


class Platform(Protocol):
    """Where learners really live, when that is not the register itself."""

    @property
    def name(self) -> str: ...

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        """Carry changes out, in order; yield one outcome for each as it is known.

        A delivery without an outcome is UNKNOWN. Raises `Retriable` or `Unavailable` when the
        platform as a whole cannot be used: what had an outcome stays done, the rest stays recorded.
        """
        ...

    def read_back(self, deliveries: Sequence[Delivery]) -> Mapping[str, PlatformLearner | None]:
        """What the platform has, by delivery id; None where it has nobody. Raises as `deliver`."""
        ...

    def check(self) -> Iterator[Finding]: ...


# -- the register, as the engine needs it --------------------------------------------------------------


class People(Protocol):
    def is_empty(self) -> bool: ...
    def count(self) -> int: ...
    def new_sight(self) -> Sight: ...
    def fingerprints(self, directory: str, now: int) -> dict[bytes, int]: ...
    def roster(
        self, ids: Collection[Identity], emails: Collection[str], link_values: Collection[str], now: int
    ) -> Roster: ...
    def learners(self, ids: Collection[int], now: int) -> list[KnownLearner]: ...
    def unvouched(self, directory: str, now: int) -> list[int]: ...
    def of_other_directories(self, names: Collection[str]) -> list[tuple[str, int]]: ...
    def owners(self, numbers: Collection[int]) -> set[int]: ...
    def leaving(self) -> list[int]: ...
    def reserve_ids(self, many: int) -> range: ...


class Journal(Protocol):
    def write(self, run: int, planned: Sequence[Change]) -> None: ...
    def take_back(self, run: int, key: str) -> list[Change]: ...
    def seat(self, run: int, granted: Sequence[Seat]) -> None: ...
    def seat_newcomers(self, run: int, lot: int, ends_at: int) -> None: ...
    def let_wait(self, run: int, waiting: Sequence[tuple[SeatRequest, str]]) -> None: ...
    def drop(self, run: int, keys: Sequence[tuple[Kind, str]]) -> None: ...
    def counts(self, run: int) -> dict[Kind, int]: ...
    def outcomes(self, run: int) -> dict[ChangeState, int]: ...
    def read(
        self, run: int, *, kinds: Sequence[Kind] = (), state: ChangeState | None = None, search: str = ""
    ) -> Iterator[Entry]: ...
    def batches(self, run: int, size: int) -> Iterator[list[Entry]]: ...
    def undelivered(self, size: int) -> Iterator[list[Entry]]: ...
    def forget_notes(self, run: int) -> None: ...


class Runs(Protocol):
    def begin(self, command: str, requested_by: str, now: int, applies: int | None = None) -> int: ...
    def enter(self, run: int, state: RunState, facts: Mapping[str, Any] | None = None) -> None: ...
    def end(self, run: int, state: RunState, now: int, facts: Mapping[str, Any], error: str = "") -> None: ...
    def supersede(self, run: int, by: int) -> None: ...
    def interrupted(self) -> list[int]: ...
    def state(self, run: int) -> RunState | None: ...
    def last_sizes(self) -> dict[str, int]: ...


class Licenses(Protocol):
    def drawable(self, now: int) -> list[Lot]: ...
    def ended(self, now: int) -> int: ...
    def waiting(self, type_: LicenseType) -> list[WaitingLearner]: ...


class Recorder(Protocol):
    def record(
        self, run: int, batch: Sequence[Entry], now: int, *, seats_left: bool = True
    ) -> Sequence[tuple[Change, str]]: ...


class Deliveries(Protocol):
    def of(self, entries: Sequence[Entry]) -> list[Delivery]: ...
    def settle(self, entries: Sequence[Entry], outcomes: Sequence[Outcome], now: int) -> None: ...


class Register(Protocol):
    """What each part promises stands with its one implementation, in `syncd.register`."""

    @property
    def people(self) -> People: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def licenses(self) -> Licenses: ...
    @property
    def recorder(self) -> Recorder: ...
    @property
    def deliveries(self) -> Deliveries: ...
    def one_at_a_time(self) -> AbstractContextManager[None]: ...
    def errors_in_words(self) -> AbstractContextManager[None]: ...
