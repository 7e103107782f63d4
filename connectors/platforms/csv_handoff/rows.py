"""Rows: what the files say of people, cell by cell; and whom they cannot name."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from io import StringIO

from connectors.platforms.csv_handoff.actions import BY_OLD_ADDRESS, Action
from connectors.platforms.csv_handoff.options import CsvOptions
from syncd.errors import Skipped
from syncd.ports import Delivery

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_KNOWN_BY = ("email", "current_email", "employee_id")  # with an apostrophe they would be somebody else's
_LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
Cells = tuple[str, ...]


class Rows:
    """The rows of all files of one hand-off, as the options have them."""

    def __init__(self, options: CsvOptions) -> None:
        self._options = options
        self._zone = options.zone
        self._more: Mapping[str, Callable[[Delivery, Action], str]] = {
            "email": _address,
            "full_name": lambda delivery, _: delivery.profile.full_name,
            "current_email": lambda delivery, _: delivery.account,
            "key": lambda delivery, _: f"{options.key_prefix}{delivery.learner}",
            "license_end": lambda delivery, _: self._date(delivery.ends_at),
            "status": lambda delivery, _: "active" if delivery.active else "suspended",
            "action": lambda _, action: str(action),
            "delivery": lambda delivery, _: delivery.id,
        }

    def cells(self, delivery: Delivery, action: Action) -> Cells:
        """The row of somebody. Raises `Skipped` when a file like this cannot name them."""
        named = [
            (header, self._cell(source, delivery, action))
            for header, source in self._options.columns_of(action).items()
        ]
        for header, cell in named:
            self._check_encoding(header, cell)
        return tuple(cell for _, cell in named)

    def written(self, action: Action, rows: Iterable[Cells]) -> bytes:
        """A whole file: the header of this action, and rows."""
        options, text = self._options, StringIO()
        line_end = _LINE_ENDS[options.line_end]
        writer = csv.writer(text, delimiter=options.delimiter, lineterminator=line_end)
        writer.writerow(options.columns_of(action))
        writer.writerows(rows)
        return text.getvalue().encode(options.encoding)

    def _cell(self, source: str, delivery: Delivery, action: Action) -> str:
        special = self._more.get(source)
        cell = special(delivery, action) if special else str(getattr(delivery.profile, source))
        if self._options.escape_formulas and cell.startswith(_FORMULA):
            if source in _KNOWN_BY:
                raise Skipped(
                    f"a spreadsheet would run {cell} as a formula",
                    next_step="correct it in the directory, or set escape_formulas: false",
                )
            return f"'{cell}"
        return cell

    def _check_encoding(self, header: str, cell: str) -> None:
        try:
            cell.encode(self._options.encoding)
        except UnicodeEncodeError as exc:
            raise Skipped(
                f"{header}: {cell[exc.start : exc.end]!r} cannot be written in {self._options.encoding}",
                next_step="set encoding: utf-8, if the platform reads it, or spell it otherwise",
            ) from exc

    def _date(self, moment: int | None) -> str:
        if moment is None:
            return ""
        return datetime.fromtimestamp(moment, self._zone).strftime(self._options.date_format)


def _address(delivery: Delivery, action: Action) -> str:
    """By which they are found there."""
    return delivery.account if action in BY_OLD_ADDRESS else delivery.profile.email
