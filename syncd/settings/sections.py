"""Sections: the shape of the configuration file, top to bottom, with its defaults."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from syncd.licensing.requests import Automatic, RequestPolicy
from syncd.model import LicenseType
from syncd.plan.leavers import Grace
from syncd.plan.policy import Matching
from syncd.plan.seats import OnShortfall, SeatPolicy
from syncd.settings.database import DatabaseSection
from syncd.settings.fields import MappingSection
from syncd.settings.http import HttpSection
from syncd.settings.limits import GuardSection
from syncd.settings.notify import NotifySection
from syncd.settings.problems import suggestion
from syncd.settings.rules import RuleSection, ScopeSection
from syncd.settings.schedule import ScheduleSection
from syncd.settings.traces import TracesSection
from syncd.settings.types import Duration, OneOrSeveral, Section

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def _name(value: str) -> str:
    if not re.fullmatch(NAME_PATTERN, value):
        raise PydanticCustomError(
            "name", "must be made of letters, digits, '-', '_' and '.', and begin with a letter or digit"
        )
    return value


class DirectorySection(Section):
    """One directory. Which further keys there are depends on its type."""

    name: Annotated[str, AfterValidator(_name)] = Field(
        max_length=64,
        json_schema_extra={"pattern": NAME_PATTERN},
        description="your name for it: letters, digits, '-', '_' and '.'; people are known by it, so keep it",
        examples=["head-office"],
    )
    type: str = Field(description="what kind of directory it is")
    mapping: MappingSection = Field(
        default=MappingSection(), description="profile fields that differ in this directory"
    )


class Link(StrEnum):
    """How one person in two directories is recognised."""

    LINK = "link"
    EMAIL = "email"


class PrecedenceSection(Section):
    """Whose word counts for a field where several directories know the same person.

    The names of directories, first things first; those not named follow in the order they are listed in.
    """

    email: OneOrSeveral = Field(default=(), description="whose e-mail address counts")
    first_name: OneOrSeveral = Field(default=(), description="whose given name")
    last_name: OneOrSeveral = Field(default=(), description="whose family name")
    department: OneOrSeveral = Field(default=(), description="whose department")
    job_title: OneOrSeveral = Field(
        default=(), description="whose job title", examples=[["cloud", "head-office"]]
    )
    manager_email: OneOrSeveral = Field(default=(), description="whose manager")
    employee_id: OneOrSeveral = Field(default=(), description="whose number or code of the employee")
    language: OneOrSeveral = Field(default=(), description="whose language")
    group: OneOrSeveral = Field(default=(), description="whose group")

    def named(self) -> dict[str, tuple[str, ...]]:
        """The fields for which directories are named, and these."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: directories for name, directories in given.items() if directories}


class MatchSection(Section):
    """How a person who is new to syncd finds the learner they already are, and who speaks for them."""

    by: tuple[Link, ...] = Field(
        default=(Link.LINK, Link.EMAIL),
        description="how one person in two directories is recognised: by a link attribute, by e-mail or both",
    )
    adopt_by_email: bool = Field(
        default=False, description="take over learners nobody manages when their e-mail address is the same"
    )
    precedence: PrecedenceSection = Field(
        default=PrecedenceSection(),
        description="whose word counts, field by field; by itself that of the directory listed first",
    )

    def matching(self) -> Matching:
        return Matching(
            by_link=Link.LINK in self.by,
            by_email=Link.EMAIL in self.by,
            adopt_by_email=self.adopt_by_email,
            precedence=self.precedence.named(),
        )


class PlatformSection(Section):
    """Where learners live. Which further keys there are depends on its type."""

    type: str = Field(description="what kind of platform it is")
    name: Annotated[str, AfterValidator(_name)] | None = Field(
        default=None,
        max_length=64,
        json_schema_extra={"pattern": NAME_PATTERN},
        description="your name for it; left out, its type. Under another name it is another platform, where "
        "nobody is known yet",
        examples=["academy"],
    )


class EmbeddedSection(Section):
    """Here, in syncd's own register: nothing is carried anywhere."""


class RequestSection(Section):
    """Whether syncd asks for licenses by itself when they are missing."""

    automatic: Automatic = Field(
        default=Automatic.OFF,
        description="nothing, a draft that a manager confirms, or an order that is requested at once",
    )
    within: Duration = Field(
        default=30 * 86_400, description="how far ahead a shortfall that is forecast counts"
    )
    max: int = Field(default=200, ge=1, le=1_000_000, description="licenses in one such order, at most")

    def policy(self) -> RequestPolicy:
        return RequestPolicy(self.automatic, self.within, self.max)


class Renew(StrEnum):
    """Who decides about the renewal of a license."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


class LicensesSection(Section):
    """Which licenses people get, and who goes first when there are too few."""

    type: LicenseType = Field(default=LicenseType.PREMIUM, description="the kind of license everybody gets")
    on_shortfall: OnShortfall = Field(
        default=OnShortfall.FILL,
        description="too few licenses: fill those there are, hold all new people, or create them without one",
    )
    min_remaining: Duration = Field(default=0, description="leave licenses alone that end sooner than this")
    priority: tuple[RuleSection, ...] = Field(
        default=(), description="who gets a license first: the first rule first"
    )
    request: RequestSection = Field(
        default=RequestSection(), description="whether syncd asks for missing licenses by itself"
    )

    renew: Renew = Field(
        default=Renew.MANUAL,
        description="licenses that end: renewed when somebody says so, or by themselves from free ones",
    )

    max_moves_per_year: int | None = Field(
        default=None,
        ge=0,
        description="how often a license may go to somebody else within a year; left out, always",
        examples=[1],
    )

    def seats(self) -> SeatPolicy:
        automatic = self.renew is Renew.AUTOMATIC
        return SeatPolicy(
            self.type, self.on_shortfall, self.min_remaining, automatic, self.max_moves_per_year
        )


class LeaversSection(Section):
    """What becomes of people who left, counted from the day a sync first misses them."""

    suspend_after: Duration = Field(default=0, description="when their account is suspended")
    release_after: Duration = Field(
        default=14 * 86_400, description="when their license is free for somebody else"
    )

    delete_after: Duration | None = Field(
        default=None,
        description="when they are deleted, training history and all; left out, nobody ever is",
        examples=["365d"],
    )

    def grace(self) -> Grace:
        return Grace(self.suspend_after, self.release_after, self.delete_after)


class LogSection(Section):
    """What syncd tells of its work, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug shows personal data"
    )
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console when somebody watches, else json"
    )


class ConfigFile(Section):
    """The configuration of syncd."""

    company: str = Field(
        min_length=1, max_length=200, description="whose learners these are", examples=["Contoso"]
    )
    timezone: str = Field(
        default="UTC", description="where the company's days begin and end", examples=["Europe/London"]
    )
    database: DatabaseSection = Field(
        default_factory=lambda: DatabaseSection.at("sqlite:///syncd.db"),
        json_schema_extra={"default": "sqlite:///syncd.db"},
        description="where syncd keeps its register; a relative sqlite path starts at this file's folder",
    )
    directories: tuple[Any, ...] = Field(
        min_length=1, description="where the people are read from, at least one"
    )
    scope: ScopeSection = Field(
        default=ScopeSection(), description="who is synced; everybody unless rules say otherwise"
    )
    managers: tuple[RuleSection, ...] = Field(default=(), description="people who get the role manager")
    mapping: MappingSection = Field(
        default=MappingSection(), description="profile fields and the attributes they come from"
    )
    match: MatchSection = Field(
        default=MatchSection(), description="how people find the learner they already are"
    )
    platform: Any = Field(default=None, description="where learners live; left out: here, in the register")
    licenses: LicensesSection = Field(
        default=LicensesSection(), description="which licenses people get, and who first"
    )
    leavers: LeaversSection = Field(default=LeaversSection(), description="what becomes of people who left")
    schedule: ScheduleSection = Field(
        default=ScheduleSection(), description="when the daemon syncs, and when everybody is read anew"
    )
    guard: GuardSection = Field(
        default=GuardSection(), description="when a run is held for somebody to look at it"
    )
    http: HttpSection = Field(default=HttpSection(), description="health, metrics and API of the daemon")
    notify: NotifySection = Field(
        default=NotifySection(), description="who is told what by mail, chat, webhook"
    )
    traces: TracesSection = Field(default=TracesSection(), description="where runs are told as traces")
    log: LogSection = Field(default=LogSection(), description="what syncd tells of its work")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as exc:
            guess = suggestion(value, available_timezones()) or ", such as Europe/London"
            raise PydanticCustomError("zone", "must be a time zone{guess}", {"guess": guess}) from exc
        return value
