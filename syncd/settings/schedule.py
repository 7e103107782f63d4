"""Schedule: when the daemon syncs by itself, when everybody is read anew, and how long a run may take."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from syncd.settings.crontab import CRON_SCHEMA, Cron, Pauses, cron, pauses
from syncd.settings.types import DURATION_SCHEMA, Duration, Section, seconds


def _rhythm(value: Any) -> int | str:
    if isinstance(value, str) and len(value.split()) == 5:
        return cron(value)
    try:
        return seconds(value)
    except PydanticCustomError as exc:
        raise PydanticCustomError(
            "rhythm", "is neither a duration with its unit, such as 15m, nor five crontab fields"
        ) from exc


Rhythm = Annotated[
    int | str,
    BeforeValidator(_rhythm),
    WithJsonSchema({"anyOf": [DURATION_SCHEMA, CRON_SCHEMA]}),
]
"""Seconds, or five fields as in a crontab; written "15m", "*/15 7-19 * * mon-fri" or 0."""


class ScheduleSection(Section):
    """When `syncd serve` syncs by itself, when everybody is read anew, and how long a run may take."""

    every: Rhythm = Field(
        default=900,
        description="how often the daemon syncs, or when: five crontab fields, by the company's clock;"
        " 0: only when asked, or by `full`",
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

    @property
    def pauses(self) -> Pauses:
        """Seconds between two syncs: between two by `every` at the least, and at the most, `full` included;
        0 where nothing is scheduled."""
        kept = [pauses(text) for text in (self.every, self.full) if isinstance(text, str)]
        if isinstance(self.every, int) and self.every:
            kept.insert(0, Pauses(self.every, self.every))
        return Pauses(kept[0].shortest, min(one.longest for one in kept)) if kept else Pauses(0, 0)
