"""The composition root: settings in, a working syncd out. The one place where engine meets connectors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from connectors import catalog
from syncd import census, certificate
from syncd.census import Census
from syncd.errors import Busy, SyncdError
from syncd.facts import RunFacts
from syncd.forecasting import AS_IT_IS, Foresight, WhatIf, look_ahead
from syncd.licensing.notices import Credential, Inputs
from syncd.model import Finding, RunState
from syncd.ports import (
    UNHEARD,
    Calls,
    CredentialWatch,
    Directory,
    Doorbell,
    Platform,
    ReadRequest,
    Spans,
    unseen,
)
from syncd.register import database
from syncd.register.gauges import Reading
from syncd.register.register import Register
from syncd.requesting import request_missing
from syncd.run import Engine, Task, run
from syncd.settings import Settings
from syncd.survey import Progress
from syncd.telemetry import collector, traces

if TYPE_CHECKING:
    from syncd.notify.outbox import Tally
    from syncd.notify.round import Round

CallsOf = Callable[[str, str], Calls]
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class App:
    """syncd for one configuration. Use `opened`, which also closes it."""

    settings: Settings
    register: Register
    directories: tuple[Directory, ...]
    clock: Callable[[], int]
    span: Spans = unseen
    platform: Platform | None = None

    def run(self, task: Task, progress: Progress) -> RunFacts:
        """One run, and what follows from it. Raises `SyncdError`."""
        with self.span("run", command=task.command, company=self.settings.company) as span:
            facts = self._run(task, progress)
            span.say(**facts.for_trace())
            return facts

    def _run(self, task: Task, progress: Progress) -> RunFacts:
        engine = Engine(
            policy=self.settings.policy,
            directories=self.directories,
            register=self.register,
            request_for=self.settings.read_request,
            clock=self.clock,
            full_after=self.settings.schedule.full_after,
            platform=self.platform,
            progress=progress,
            span=self.span,
        )
        try:
            facts = run(engine, task)
        except Busy:
            raise  # whoever runs tells
        except Exception:
            self._tell_of(task)
            raise
        if facts.state is RunState.DONE:
            self._request_missing()
        self._tell_of(task)
        return facts

    def _request_missing(self) -> None:
        """Ask for the licenses that are missing or will be, where that is wanted."""
        settings = self.settings
        with self.register.errors_in_words():
            request_missing(self.register, settings.policy, settings.request, settings.zone, self.clock())

    def forecast(self, what_if: WhatIf = AS_IT_IS) -> Foresight:
        """The licenses of the next twelve months. Raises `ConfigError` for what cannot be supposed."""
        settings = self.settings
        return look_ahead(self.register, settings.policy, settings.zone, self.clock(), what_if)

    def next_shortfall(self) -> tuple[int, int]:
        """When licenses are forecast to run short, and how many will be missing; 0 and 0 for not at all."""
        ahead = self.forecast().ahead(str(self.settings.policy.seats.type))
        return (ahead[0].at, ahead[0].missing) if ahead else (0, 0)

    def gauges(self) -> Reading | None:
        """The register in numbers; None while its database cannot be read, which is a number, too."""
        try:
            with self.register.errors_in_words():
                return self.register.gauges.read(self.clock())
        except SyncdError:
            return None

    def _tell_of(self, task: Task) -> None:
        if task.apply:
            with self.span("tell"):
                self.tell()

    def tell(self) -> Tally | None:
        """Tell whom it concerns what has become worth telling. Never fails what it comes after."""
        if not self.settings.notify.is_on:
            return None
        try:
            with self.register.errors_in_words():
                return self.round().run(self.inputs())
        except SyncdError as exc:
            _log.error("notices_failed", reason=exc.message)
        except Exception as exc:  # noqa: BLE001 - a run that is done stays done, whatever is wrong here
            _log.error("notices_failed", exc_info=exc)
        return None

    def round(self) -> Round:
        """What sends notices. Imported here: who tells nobody never pays for it."""
        from syncd.notify.round import Round

        return Round(self.settings, self.register.notices, self.register.situations, self.clock)

    def inputs(self) -> Inputs:
        """What notices are about besides the register. Raises `SyncdError`."""
        ahead = self.forecast().ahead(str(self.settings.policy.seats.type))
        return Inputs(forecast=ahead, credentials=self._credentials())

    def _credentials(self) -> list[Credential] | None:
        """What the connectors log in with and the daemon is known by, and until when; None when one of them
        cannot tell today."""
        connectors = *self.directories, *([self.platform] if self.platform else [])
        watches = [each for each in connectors if isinstance(each, CredentialWatch)]
        tls = self.settings.http.shown
        try:
            found = [Credential(each.name, *ending) for each in watches for ending in each.endings()]
            if tls:
                found.append(Credential("", f"certificate {tls.certificate}", certificate.ends_at(tls)))
            return found
        except SyncdError as exc:
            _log.warning("credentials_not_seen", reason=exc.message)
            return None

    def check(self) -> Iterator[Finding]:
        """Try every part, and say what works."""
        yield from _check_database(self.register)
        for directory in self.directories:
            yield from directory.check(self._request(directory))
        if self.platform:
            yield from self.platform.check()
        if self.settings.http.shown:
            yield certificate.check(self.settings.http.shown, self.clock(), self.settings.zone)
        if self.settings.traces.endpoint:
            yield collector.check(self.settings.traces)

    def doorbells(self) -> list[tuple[Doorbell, ReadRequest]]:
        """The directories that may ring, and what is read of each; none where nobody is to listen.

        Where no run may go by changes, every ring would have everybody read.
        """
        schedule = self.settings.schedule
        if not schedule.doorbell or not schedule.full_after:
            return []
        return [(each, self._request(each)) for each in self.directories if isinstance(each, Doorbell)]

    def census(self, directory: Directory) -> Census:
        """Read one directory and count who is in scope. Raises `SyncdError`."""
        return census.take(self.settings.policy, directory, self._request(directory))

    def _request(self, directory: Directory) -> ReadRequest:
        return self.settings.read_request(directory.name, self.clock())


def _check_database(register: Register) -> Iterator[Finding]:
    try:
        with register.errors_in_words():
            register.open()
            learners = register.people.count()
    except SyncdError as exc:
        yield Finding("database", False, exc.message, exc.next_step, exc.exit_code)
    else:
        yield Finding(
            "database", ok=True, message=f"ready; it knows {learners:,} learner{'' if learners == 1 else 's'}"
        )


def wall_clock() -> int:
    return int(time.time())


def nobody_counts(_what: str, _name: str) -> Calls:
    return UNHEARD


@contextmanager
def opened(
    settings: Settings, clock: Callable[[], int] = wall_clock, calls: CallsOf = nobody_counts
) -> Iterator[App]:
    """Put the parts together and make sure the database is there. Raises `SyncdError`."""
    with assembled(settings, clock, calls) as app:
        app.register.open()
        yield app


@contextmanager
def assembled(
    settings: Settings, clock: Callable[[], int] = wall_clock, calls: CallsOf = nobody_counts
) -> Iterator[App]:
    """Put the parts together, whether or not any of them works. Raises `ConfigError`.

    `calls`: who hears of the calls to a `directory` or the `platform`, by that word and its name.
    """
    platform = _platform(settings, calls)
    url, type_ = settings.database_url(), settings.policy.seats.type
    register = Register(database.connect(url), platform=platform.name if platform else "", license_type=type_)
    try:
        with traces.opened(settings.traces) as span:
            yield App(settings, register, tuple(_directories(settings, calls)), clock, span, platform)
    finally:
        register.close()


def _directories(settings: Settings, calls: CallsOf) -> Iterator[Directory]:
    for entry in settings.directories:
        face = catalog.load(catalog.DIRECTORIES[entry.type].face)
        yield face(entry.name, entry.options, calls=calls("directory", entry.name))


def _platform(settings: Settings, calls: CallsOf) -> Platform | None:
    chosen = settings.platform
    if chosen.options is None:
        return None
    face = catalog.load(catalog.PLATFORMS[chosen.type].face)
    platform: Platform = face(chosen.name, chosen.options, calls=calls("platform", chosen.name))
    return platform
