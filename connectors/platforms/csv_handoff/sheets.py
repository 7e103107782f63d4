"""Sheets: deliveries sorted into the files they go into, each person once in each; and who fits into none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.platforms.csv_handoff.actions import ORDER, Action, account_after, actions_of
from connectors.platforms.csv_handoff.folder import Document
from connectors.platforms.csv_handoff.names import ending_of
from connectors.platforms.csv_handoff.options import CsvOptions
from connectors.platforms.csv_handoff.rows import Cells, Rows
from syncd.errors import Skipped
from syncd.ports import Delivery

_ALL = "people"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file to be: whose rows are in it, by what is to be done and who it is, and by which deliveries."""

    title: str
    rows: dict[tuple[Action, int], Cells] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)

    def people(self, action: Action) -> int:
        return sum(asked is action for asked, _ in self.rows)


class Fate(NamedTuple):
    """What becomes of a delivery: it is in the files with these titles, or `refused` says why not.

    `account`: the address they have there afterwards, where that is another one.
    """

    delivery: str
    titles: tuple[str, ...] = ()
    account: str = ""
    refused: str = ""


class Sheets:
    """Every sheet of one hand-off, in the order of their import, and the fate of each delivery, in its."""

    def __init__(self, options: CsvOptions, deliveries: Sequence[Delivery]) -> None:
        self._options = options
        self._rows = Rows(options)
        self._sheets: dict[str, Sheet] = {}
        self.fates = [self._fate(delivery) for delivery in deliveries]

    @property
    def sheets(self) -> list[Sheet]:
        return sorted(self._sheets.values(), key=lambda sheet: min(ORDER[action] for action, _ in sheet.rows))

    def documents(self) -> list[Document]:
        return [self._document(sheet) for sheet in self.sheets]

    def _fate(self, delivery: Delivery) -> Fate:
        actions = actions_of(delivery)
        wanted = [action for action in actions if action not in self._options.without]
        try:
            rows = {action: self._rows.cells(delivery, action) for action in wanted}
        except Skipped as exc:
            return Fate(delivery.id, refused=exc.why)
        for action, cells in rows.items():
            self._put(delivery, action, cells)
        return Fate(delivery.id, tuple(map(self._title, wanted)), account_after(delivery, actions))

    def _put(self, delivery: Delivery, action: Action, cells: Cells) -> None:
        title = self._title(action)
        sheet = self._sheets.setdefault(title, Sheet(title))
        sheet.rows.setdefault((action, delivery.learner), cells)
        sheet.deliveries.append(delivery)

    def _title(self, action: Action) -> str:
        return _ALL if self._options.layout == "one_file" else str(action)

    def _document(self, sheet: Sheet) -> Document:
        places = sorted(sheet.rows, key=lambda place: ORDER[place[0]])
        content = self._rows.written(places[0][0], [sheet.rows[place] for place in places])
        return Document(ending_of(sheet.title, sheet.deliveries, content), content)
