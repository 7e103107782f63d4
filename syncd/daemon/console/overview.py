"""Overview: what needs somebody now; then how licenses, directories and the last runs stand."""

from __future__ import annotations

from syncd.daemon.console import runs
from syncd.daemon.console.concerns import concerns
from syncd.daemon.console.tables import Cell, Table, table
from syncd.daemon.console.visit import Answer, Page, Visit, path
from syncd.dates import moment
from syncd.register.gauges import Reading
from syncd.words import outlook

_RUNS = 6
_BELLS = {True: Cell("listening", tone="good"), False: Cell("not heard", tone="bad")}


def show(visit: Visit) -> Answer:
    app = visit.app
    reading, foresight = app.register.gauges.read(visit.now), app.forecast()
    latest = runs.rows(visit, app.register.runs.latest(_RUNS))
    found, ahead = list(concerns(visit, foresight)), outlook.headline(foresight, foresight.wanted)
    succeeded = moment(reading.succeeded_at or None, visit.zone)
    facts = {
        "concerns": found,
        "numbers": _numbers(visit, reading),
        "ahead": "" if any(each.text == ahead for each in found) else ahead,
        "directories": _directories(visit, succeeded),
        "succeeded": succeeded,
        "daemon": visit.status.in_words(),
        "runs": table("The last runs", runs.TITLES, latest),
    }
    return Page("overview.html", "Overview", "overview", facts)


def _numbers(visit: Visit, reading: Reading) -> list[tuple[str, int, str, str]]:
    """What is counted, how many, how that stands, and where more is told."""
    type_ = str(visit.app.settings.policy.seats.type)
    waiting = reading.waiting.get(type_, 0)
    return [
        ("licenses available", reading.licenses.get((type_, "available"), 0), "", path("licenses")),
        ("allocated", reading.licenses.get((type_, "allocated"), 0), "", path("learners", license="live")),
        ("end within 30 days", reading.ending_soon, "warn" * bool(reading.ending_soon), path("licenses")),
        ("people wait", waiting, "warn" * bool(waiting), f"{path('licenses')}#line"),
        ("active learners", reading.learners.get("active", 0), "", path("learners", account="active")),
    ]


def _directories(visit: Visit, succeeded: str) -> Table:
    """As the last run found them that went through to its end, which was then."""
    sizes = visit.app.register.runs.last_sizes()
    rows = []
    for each in visit.app.settings.directories:
        rings = visit.status.listening.get(each.name)
        bell = "" if rings is None else _BELLS[rings]
        known = each.name in sizes
        rows.append(
            (
                each.name,
                str(each.type),
                f"{sizes[each.name]:,}" if known else "",
                succeeded if known else Cell("not read yet", tone="warn"),
                bell,
            )
        )
    titles = ("DIRECTORY", "TYPE", "PEOPLE", "LAST SUCCESS", "DOORBELL")
    return table("Directories", titles, rows, right=(2,))
