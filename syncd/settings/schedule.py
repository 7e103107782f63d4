"""Schedule: when the daemon syncs by itself, when everybody is read anew, and how long a run may take."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from syncd.settings.types import Duration, Section

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")  # crontab counts from Sunday, twice
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS: Sequence[tuple[str, int, int, Sequence[str]]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # days of each month
_PART = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d{1,2}))?", re.ASCII)


def cron(text: str) -> str:
    """A crontab line's five fields, checked, days of the week by name ("30 2 * * 1-5" -> "… mon-fri").

    By name, because programs disagree on which day is 0. Raises a worded pydantic error.
    """
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        raise PydanticCustomError(
            "cron", 'must have five fields: minute, hour, day, month, day of the week, such as "0 3 * * *"'
        )
    told = [
        ",".join(_part(part, *field) for part in given.split(","))
        for given, field in zip(fields, _FIELDS, strict=True)
    ]
    days, months = _values(told[2], 1, 31), _values(told[3], 1, 12)
    if not any(day <= _LONGEST[month - 1] for day in days for month in months):
        raise PydanticCustomError("cron", "names a day that never comes: no such month has it")
    return " ".join(told)


def _values(field: str, least: int, most: int) -> list[int]:
    """The numbers a checked field stands for."""
    found: list[int] = []
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{least}-{most}" if span == "*" else span).partition("-")
        found += range(int(first), int(last or first) + 1, int(step or 1))
    return found


def _part(part: str, name: str, least: int, most: int, words: Sequence[str]) -> str:
    found = _PART.fullmatch(part)
    if found is None:
        raise _wrong(name, least, most)
    step = f"/{int(found['step'])}" if found["step"] else ""
    if found["all"] and step and name == "day of the week":
        _check_step(step, name, 6)
        return _weekdays([0, 6], step)
    if found["all"]:
        _check_step(step, name, most - least)
        return f"*{step}"
    ends = [_number(end, name, least, most, words) for end in (found["first"], found["last"]) if end]
    _check_step(step, name, (ends[1] if len(ends) > 1 else most) - ends[0])
    if name == "day of the week":
        return _weekdays(ends, step)
    if ends != sorted(ends):
        raise _wrong(name, least, most)
    return "-".join(map(str, ends)) + (step if len(ends) > 1 else f"-{most}{step}" if step else "")


def _check_step(step: str, name: str, span: int) -> None:
    """A step goes somewhere: whoever writes one that is longer than what it divides means something else."""
    if step and not 1 <= int(step[1:]) <= span:
        context = {"name": name, "step": step, "span": max(span, 0)}
        raise PydanticCustomError("cron", "has a wrong step for the {name}: {step}, at most /{span}", context)


def _number(end: str, name: str, least: int, most: int, words: Sequence[str]) -> int:
    number = int(end) if end.isdigit() else words.index(end[:3]) + least if end[:3] in words else -1
    if not least <= number <= most:
        raise _wrong(name, least, most)
    return number


def _weekdays(ends: Sequence[int], step: str) -> str:
    """Days as a list of names: a range may go over the end of whichever week the reader has."""
    last = ends[-1] if len(ends) > 1 else 6 if step else ends[0]
    if last < ends[0]:
        raise _wrong("day of the week", 0, 7)
    return ",".join(dict.fromkeys(_DAYS[day] for day in range(ends[0], last + 1, int(step[1:] or 1))))


def _wrong(name: str, least: int, most: int) -> PydanticCustomError:
    context = {"name": name, "least": least, "most": most}
    return PydanticCustomError("cron", "has a wrong {name}: it goes from {least} to {most}", context)


Cron = Annotated[
    str, AfterValidator(cron), WithJsonSchema({"type": "string", "pattern": r"^\s*(\S+\s+){4}\S+\s*$"})
]
"""Five fields as in a crontab, in the company's time zone."""


class ScheduleSection(Section):
    """When `syncd serve` syncs by itself, when everybody is read anew, and how long a run may take."""

    every: Duration = Field(
        default=900, description="how often the daemon syncs; 0: only when asked, or by `full`"
    )
    full: Cron | None = Field(
        default="0 3 * * *",
        description="when the daemon reads everybody anew: five crontab fields, by the company's clock",
    )
    full_after: Duration = Field(
        default=86_400,
        description="how long after a whole read a directory that can tell what has changed is asked for that"
        " only, by the daemon and by hand; 0: every sync reads everybody",
    )
    doorbell: bool = Field(
        default=True,
        description="sync within seconds of a change, where a directory that can tell what has changed also"
        " says when; only the daemon",
    )
    jitter: Duration = Field(
        default=0, description="begin up to so much later, so that not all begin at once"
    )
    deadline: Duration = Field(
        default=2 * 3600, gt=0, description="a run that takes longer is ended, and finished by the next"
    )
    stop_within: Duration = Field(
        default=25,
        description="how long the batch in hand may take to finish when the daemon is told to end; at most"
        " `deadline`",
    )

    @property
    def waits_in_vain(self) -> bool:
        """Whether somebody wants a run waited for that has been ended before."""
        return "stop_within" in self.model_fields_set and self.stop_within > self.deadline
