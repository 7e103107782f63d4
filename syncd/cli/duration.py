"""Duration: an option's value written as in the configuration: 90s, 15m, 2h, 14d, or 0."""

from __future__ import annotations

import click

from syncd.settings.types import seconds


def in_seconds(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """The callback of such an option."""
    try:
        return seconds(value)
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc
