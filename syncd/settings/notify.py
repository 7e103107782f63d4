"""Notify: who is told what, how it reaches them, and in which words, as the configuration writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from syncd.licensing.due import Rules
from syncd.licensing.notices import TO_LEARNERS, Event
from syncd.settings.types import Duration, OneOrSeveral, Percent, Secret, Section

MANAGERS = "managers"
LANGUAGES = ("en", "de")  # those that syncd has words for
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
Days = Annotated[int, Field(ge=0, le=365)]
StaffEvent = StrEnum("StaffEvent", {event.name: event.value for event in Event if event not in TO_LEARNERS})  # type: ignore[misc]


class Audience(StrEnum):
    """For whom a target is: what they are usually told."""

    COMPANY_MANAGERS = "company_managers"
    ACCOUNT_MANAGERS = "account_managers"
    ADMINS = "admins"


USUAL: Mapping[Audience, tuple[Event, ...]] = {
    Audience.ACCOUNT_MANAGERS: (Event.ORDER_REQUESTED,),
    Audience.COMPANY_MANAGERS: (
        Event.ORDER_ASSIGNED,
        Event.USAGE,
        Event.SHORTFALL,
        Event.FORECAST,
        Event.EXPIRY,
        Event.RENEWAL_GAP,
    ),
    Audience.ADMINS: (Event.HELD, Event.FAILED, Event.CREDENTIALS),
}


class SmtpSection(Section):
    """The mail server that takes the notices."""

    server: str = Field(min_length=1, description="its host name", examples=["smtp.contoso.com"])
    port: int | None = Field(
        default=None, ge=1, le=65535, description="587 for starttls, 465 for tls, 25 for none, unless given"
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="how the connection is encrypted; a password is never sent without"
    )
    user: str | None = Field(default=None, min_length=1, description="who logs in, if anybody has to")
    password: Secret | None = Field(default=None, description="where that password is kept")
    sender: str = Field(
        description="the address notices come from", examples=["Training <training@contoso.com>"]
    )
    ca_file: Path | None = Field(
        default=None, description="the authority that signed its certificate, where the system has none"
    )
    timeout: Duration = Field(default=20, ge=1, description="how long it may take to answer")

    @field_validator("sender")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if not is_address(parseaddr(value)[1]):
            raise PydanticCustomError("sender", "must be an e-mail address, such as training@contoso.com")
        return value

    @model_validator(mode="after")
    def _nothing_in_the_clear(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise PydanticCustomError("smtp", "must have both user and password, or neither")
        if self.user and self.security == "none":
            raise PydanticCustomError(
                "smtp", "must have security starttls or tls: a password is not sent in the clear"
            )
        return self

    @property
    def port_number(self) -> int:
        return self.port or _PORTS[self.security]


class TargetSection(Section):
    """Where some of the notices go: to mail addresses, one chat, or one webhook."""

    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="your name for a chat or webhook, kept for ever",
    )
    audience: Audience | None = Field(default=None, description="whose usual notices go there")
    on: tuple[StaffEvent, ...] = Field(
        default=(), description="the events instead; without either, every event"
    )
    mail: OneOrSeveral = Field(
        default=(), description="addresses; the word managers stands for learners with the role manager"
    )
    chat: Secret | None = Field(
        default=None, description="where the Apprise URL of a chat is kept (Teams, Slack, …): it is a secret"
    )
    webhook: str | None = Field(
        default=None,
        description="an https URL that takes notices as JSON",
        examples=["https://ops.contoso.com/in"],
    )
    secret: Secret | None = Field(
        default=None, description="where the key is kept that a webhook's notices are signed with"
    )
    ca_file: Path | None = Field(
        default=None, description="the authority of a webhook's certificate, where the system has none"
    )

    @field_validator("mail")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(entry == MANAGERS or is_address(entry) for entry in value):
            raise PydanticCustomError("mail", "must be e-mail addresses, or the word managers")
        return tuple(dict.fromkeys(entry if entry == MANAGERS else entry.strip() for entry in value))

    @field_validator("webhook")
    @classmethod
    def _encrypted(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
                raise PydanticCustomError(
                    "webhook", "must begin with https:// (http:// only on this machine)"
                )
            if parts.username or parts.password:
                raise PydanticCustomError(
                    "webhook", "must not contain a password; it is signed with `secret`"
                )
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(map(bool, (self.mail, self.chat, self.webhook))) != 1:
            raise PydanticCustomError("target", "must have exactly one of mail, chat or webhook")
        if bool(self.webhook) != bool(self.secret):
            raise PydanticCustomError("target", "must have a secret with its webhook, and only there")
        if not self.mail and self.name is None:
            raise PydanticCustomError("target", "must have a name, by which syncd remembers what it was told")
        return self

    @property
    def events(self) -> frozenset[Event]:
        """What goes there."""
        if self.on:
            return frozenset(Event(entry.value) for entry in self.on)
        return frozenset(USUAL[self.audience] if self.audience else set(Event) - set(TO_LEARNERS))


class LearnerNoticesSection(Section):
    """What learners are told themselves, by mail. Nothing unless you say so."""

    expiry: tuple[Days, ...] = Field(
        default=(), description="days before their license ends; 0 is the day it has ended", examples=[[3, 0]]
    )
    welcome: bool = Field(default=False, description="that they have an account now")
    per_round: int = Field(default=200, ge=1, le=10_000, description="so many mails at most after one run")


class NotifySection(Section):
    """Who is told what. Nobody, unless there is somebody in `to` or learners are told."""

    to: tuple[TargetSection, ...] = Field(default=(), description="who is told, and of what")
    smtp: SmtpSection | None = Field(default=None, description="the mail server")
    learners: LearnerNoticesSection = Field(
        default=LearnerNoticesSection(), description="what learners are told themselves"
    )
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2}$",
        description="of the notices: en, de, or that of your language_file",
    )
    language_file: Path | None = Field(
        default=None, description="a YAML file with words of your own; what it leaves out stays as it is"
    )
    templates: Path | None = Field(
        default=None, description="a folder with templates that replace the ones syncd comes with"
    )
    usage: tuple[Percent, ...] = Field(
        default=(75.0, 90.0, 100.0),
        json_schema_extra={"default": ["75%", "90%", "100%"]},
        description="how much of a license type is allocated when it is told",
    )
    expiry: tuple[Days, ...] = Field(
        default=(30, 7, 3, 0), description="days before licenses end; 0 is the day they have ended"
    )
    forecast: tuple[Days, ...] = Field(default=(30, 7), description="days before licenses will be missing")
    credentials: tuple[Days, ...] = Field(
        default=(30, 14, 7, 1, 0),
        description="days before something syncd logs in with, or the certificate of http.tls, expires",
    )

    @property
    def is_on(self) -> bool:
        return bool(self.to) or self.tells_learners

    @property
    def tells_learners(self) -> bool:
        return self.learners.welcome or bool(self.learners.expiry)

    @property
    def needs_mail(self) -> bool:
        return self.tells_learners or any(target.mail for target in self.to)

    def rules(self) -> Rules:
        return Rules(
            usage=self.usage,
            expiry=self.expiry,
            forecast=self.forecast,
            credentials=self.credentials,
            learner_expiry=self.learners.expiry,
            welcome=self.learners.welcome,
        )


def is_address(text: str) -> bool:
    """Whether a mail can be addressed to it; the server has the last word."""
    return bool(re.fullmatch(r"[^\s@<>,;:\"\\]+@[^\s@<>,;:\"\\]+", text.strip()))


def mistakes(section: NotifySection) -> list[tuple[tuple[str | int, ...], str]]:
    """What no part of the section can see alone, each with its place."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    if section.needs_mail and section.smtp is None:
        found.append((("notify",), "needs smtp: the mail server that takes the notices"))
    if section.language not in LANGUAGES and section.language_file is None:
        message = f"must be {' or '.join(LANGUAGES)}, or have a language_file with its words"
        found.append((("notify", "language"), message))
    names = [target.name for target in section.to if target.name and not target.mail]
    for number, target in enumerate(section.to):
        if target.name and not target.mail and names.count(target.name) > 1:
            found.append((("notify", "to", number, "name"), "is the name of another target, too"))
    return found


def cautions(section: NotifySection) -> list[tuple[tuple[str | int, ...], str]]:
    """What is allowed but unwise: nobody hears of failures; people's names travel readable."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    told: set[Any] = set().union(*(target.events for target in section.to))
    for event in (Event.HELD, Event.FAILED):
        if section.to and event not in told:
            message = f"tells nobody when a sync is {event}; add a target with audience: admins"
            found.append((("notify", "to"), message))
    smtp = section.smtp
    if smtp is not None and smtp.security == "none" and smtp.server not in _LOOPBACK:
        message = "is none: mails with people's names go to the mail server unencrypted"
        found.append((("notify", "smtp", "security"), message))
    return found
