"""The `Platform` of a folder: recorded changes become files, once each; nobody can be asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog

from connectors.platforms.csv_handoff.checking import check
from connectors.platforms.csv_handoff.folder import Folder, Handed
from connectors.platforms.csv_handoff.options import CsvOptions
from connectors.platforms.csv_handoff.sheets import Fate, Sheets
from connectors.platforms.csv_handoff.summary import summary
from syncd.errors import Unavailable
from syncd.model import Finding, Outcome, Verdict
from syncd.ports import UNHEARD, Answered, Calls, Delivery, PlatformLearner

_AT_ONCE = 1000  # as many as come again together after a crash: so their file is recognised
_MODES = {"owner": 0o600, "group": 0o640}
_log = structlog.get_logger()


class CsvHandoff:
    """One folder of CSV files, for whoever imports them. The account of a learner is their address there."""

    keeps: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        options: CsvOptions,
        *,
        calls: Calls = UNHEARD,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._options = options
        self._calls = calls
        self._clock = clock
        self._folder = Folder(options.folder, _MODES[options.readable_by], options.key_prefix)

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        """As `Platform.deliver`: a delivery is done once each of its files is on the disk."""
        for start in range(0, len(deliveries), _AT_ONCE):
            sheets = Sheets(self._options, deliveries[start : start + _AT_ONCE])
            handed, trouble = self._hand_over(sheets)
            for fate in sheets.fates:
                if handed.keys() >= set(fate.titles):
                    yield _outcome(fate, handed)
            if trouble is not None:
                raise trouble

    def read_back(self, deliveries: Sequence[Delivery]) -> Mapping[str, PlatformLearner | None]:  # noqa: ARG002
        """Nothing is known of anybody."""
        return {}

    def check(self) -> Iterator[Finding]:
        return check(self.name, self._folder, self._options, self._now())

    def _hand_over(self, sheets: Sheets) -> tuple[dict[str, Handed], Unavailable | None]:
        """Every file that is there now, by its title, and why the others are not."""
        documents, now, handed = sheets.documents(), self._now(), dict[str, Handed]()
        started = time.monotonic()
        if not documents:
            return handed, None
        try:
            for sheet, found in zip(sheets.sheets, self._folder.hand_over(documents, now), strict=True):
                handed[sheet.title] = found
        except Unavailable as exc:
            self._calls.ended("hand_over", Answered.FAILED, time.monotonic() - started)
            return handed, exc
        self._calls.ended("hand_over", Answered.OK, time.monotonic() - started)
        if self._options.summary and not all(file.again for file in handed.values()):
            self._summarize(sheets, handed, now)
        return handed, None

    def _summarize(self, sheets: Sheets, handed: Mapping[str, Handed], now: int) -> None:
        """For people only: without it the files are as good."""
        files = [(handed[sheet.title].name, sheet) for sheet in sheets.sheets]
        first = next(file.name for file in handed.values() if not file.again)
        name = f"{first.removesuffix('.csv')}-read-me.txt"
        try:
            self._folder.add_note(name, summary(self._options, files, now))
        except Unavailable as exc:
            _log.warning("summary_not_written", platform=self.name, reason=exc.message)

    def _now(self) -> int:
        return int(self._clock())


def _outcome(fate: Fate, handed: Mapping[str, Handed]) -> Outcome:
    if fate.refused:
        return Outcome(fate.delivery, Verdict.REFUSED, fate.refused)
    files = [handed[title] for title in dict.fromkeys(fate.titles)]
    verdict = Verdict.ALREADY if all(file.again for file in files) else Verdict.DONE
    return Outcome(fate.delivery, verdict, ", ".join(file.name for file in files), fate.account)
