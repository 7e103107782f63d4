"""Settings: the whole configuration, validated, as the rest of syncd reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from syncd.licensing.requests import RequestPolicy
from syncd.plan.policy import Policy
from syncd.ports import ReadRequest
from syncd.settings.database import DatabaseSection
from syncd.settings.http import HttpSection
from syncd.settings.notify import NotifySection
from syncd.settings.platform import PlatformSettings
from syncd.settings.problems import Problem
from syncd.settings.salt import combined
from syncd.settings.schedule import ScheduleSection
from syncd.settings.sections import LogSection
from syncd.settings.traces import TracesSection
from syncd.settings.types import DirectoryOptions


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """One directory: `face(name, options)` of the connector `type` reads it."""

    name: str
    type: str
    options: DirectoryOptions


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the admin decided. `warnings` is what is allowed but unwise.

    `salts` has, for each directory by its name, a digest of all that decides how its people are
    read and judged: see `syncd.settings.salt`.
    """

    path: Path
    company: str
    zone: tzinfo
    directories: tuple[DirectorySettings, ...]
    platform: PlatformSettings
    log: LogSection
    schedule: ScheduleSection
    http: HttpSection
    policy: Policy
    database: DatabaseSection = field(repr=False)
    salts: Mapping[str, bytes] = field(repr=False)
    request: RequestPolicy = RequestPolicy()
    notify: NotifySection = NotifySection()
    traces: TracesSection = TracesSection()
    warnings: tuple[Problem, ...] = ()

    def database_url(self) -> str:
        """What SQLAlchemy connects to. May hold a password: never log it. Raises `ConfigError`."""
        return self.database.resolve(self.path.parent.absolute())

    @property
    def salt(self) -> bytes:
        """Changes when anybody, in any directory, might be judged differently. 32 bytes."""
        return combined(self.salts)

    def read_request(self, directory_name: str, now: int) -> ReadRequest:
        """What to ask one directory for. Raises `KeyError` for a name that is not configured."""
        return ReadRequest(
            attributes=self.policy.attributes_for(directory_name),
            groups=self.policy.groups_for(directory_name),
            salt=self.salts[directory_name],
            now=now,
        )
