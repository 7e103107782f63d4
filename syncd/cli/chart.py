"""Chart: the licenses available over the months, drawn with characters, as wide as the window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import ceil, floor

from syncd.cli.screen import Screen
from syncd.licensing.forecast import Outlook

_HEIGHT = 14
_WIDEST, _NARROWEST = 100, 24
_BAND, _LINE, _ZERO, _ENDS = "░", "█", "─", "┆"
_PLAIN = str.maketrans({"░": ".", "█": "#", "─": "-", "┆": ":", "│": "|", "└": "+"})


def show(screen: Screen, outlook: Outlook, dates: Sequence[date], ends: Sequence[int]) -> None:
    """Draw the expected course in its band. `ends`: days on which lots end."""
    low = min(0.0, *(point.balance for point in outlook.least))
    high = max(1.0, *(point.balance for point in outlook.most))
    step = _step((high - low) / _HEIGHT)
    bottom, top = floor(low / step), ceil(high / step)
    labels = {row: f"{row * step:,}" for row in range(bottom, top + 1)}
    margin = max(map(len, labels.values()))
    width = max(_NARROWEST, min((screen.width or 80) - margin - 3, _WIDEST))
    columns = [_days(column, width, len(dates)) for column in range(width)]
    marked = [any(day in days for day in ends) for days in columns]
    for row in range(top, bottom - 1, -1):
        cells = "".join(
            _cell(outlook, days, row, step, ended=ended) for days, ended in zip(columns, marked, strict=True)
        )
        _say(screen, f"{labels[row]:>{margin}} │{cells.rstrip()}", "" if row >= 0 else "warn")
    _say(screen, f"{'':{margin}} └{'─' * width}")
    _say(screen, f"{'':{margin}}  {_months(columns, dates)}", "dim")
    key = f"{_LINE} expected   {_BAND} nine years in ten   {_ENDS} licenses end   below 0: people wait"
    _say(screen, f"{'':{margin}}  {key}", "dim")


def _step(size: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    magnitude = 1
    while True:
        for factor in (1, 2, 5):
            if factor * magnitude >= size:
                return factor * magnitude
        magnitude *= 10


def _days(column: int, width: int, many: int) -> range:
    """The days a column stands for."""
    return range(column * many // width, max((column + 1) * many // width, column * many // width + 1))


def _cell(outlook: Outlook, days: range, row: int, step: int, *, ended: bool) -> str:
    first, last = (round(outlook.expected[day].balance / step) for day in (max(0, days[0] - 1), days[-1]))
    if min(first, last) <= row <= max(first, last):
        return _LINE
    least = min(round(outlook.least[day].balance / step) for day in days)
    most = max(round(outlook.most[day].balance / step) for day in days)
    if least <= row <= most:
        return _BAND
    return _ENDS if ended else _ZERO if row == 0 else " "


def _months(columns: Sequence[range], dates: Sequence[date]) -> str:
    """The first letters of each month, below the column in which it begins."""
    text = ""
    for place, days in enumerate(columns):
        begins = next((dates[day] for day in days if dates[day].day == 1), None)
        if begins and len(text) <= place and place + 3 <= len(columns):
            text = f"{text:{place}}{begins:%b}"
    return text


def _say(screen: Screen, line: str, style: str = "") -> None:
    screen.say(line if screen.unicode else line.translate(_PLAIN), style)
