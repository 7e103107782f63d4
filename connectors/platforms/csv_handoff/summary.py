"""The summary: what a person who imports the files by hand is to do with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from connectors.platforms.csv_handoff.actions import Action
from connectors.platforms.csv_handoff.options import CsvOptions
from connectors.platforms.csv_handoff.sheets import Sheet
from syncd.settings.types import duration_text

_WHAT: Mapping[Action, str] = {
    Action.SUSPEND: "they are not to log in any more: deactivate them",
    Action.EXPIRE: "their license has ended: they are not to log in until it is renewed",
    Action.RELEASE: "they left, and somebody else gets their license: take it from them",
    Action.REMOVE: "delete them, with all that is stored of them",
    Action.CHANGE: "their name, address or department is another one: correct it",
    Action.RESUME: "they are back: let them log in again",
    Action.RENEW: "renew their license, or give them one; let them log in",
    Action.ADD: "they are new: import them",
}


def summary(options: CsvOptions, files: Sequence[tuple[str, Sheet]], now: int) -> str:
    """`files`: the name of each, in the order of their import."""
    return "\n".join([*_lines(options, files, now), ""])


def _lines(options: CsvOptions, files: Sequence[tuple[str, Sheet]], now: int) -> Iterator[str]:
    moment = datetime.fromtimestamp(now, options.zone)
    yield f"Handed off by syncd on {moment:%Y-%m-%d} at {moment:%H:%M} ({options.timezone or 'UTC'})."
    yield "Import these files in this order, and remove each, or move it away, once that is done:"
    for name, sheet in files:
        yield ""
        yield name
        for action, words in _WHAT.items():
            if people := sheet.people(action):
                yield f"  {people:,} {'person' if people == 1 else 'people'} ({action}): {words}"
    yield ""
    yield "A file says how people shall be. Importing one again changes nothing, if order is kept."
    if options.picked_up_within:
        patience = duration_text(options.picked_up_within)
        yield f"syncd check tells of files that wait for longer than {patience}."
