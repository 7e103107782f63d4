"""`syncd learners`: who is known, with which license; one of them in full; and the doors they come in by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import tzinfo

import click

from syncd.app import App
from syncd.cli import table
from syncd.cli.adding import add, import_
from syncd.cli.merging import merge
from syncd.cli.session import Session, pass_session
from syncd.cli.suspending import resume, suspend
from syncd.cli.whom import found, one
from syncd.dates import day, iso, moment
from syncd.model import Account, Holding
from syncd.register.learners import AllocationRecord, IdentityRecord, LearnerRecord
from syncd.words.learners import standing

_MOST = 1_000_000
_SHOWN = 50
_json = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")


@click.group()
def learners() -> None:
    """See learners; add, suspend or merge some by hand."""


learners.add_command(add)
learners.add_command(import_)
learners.add_command(suspend)
learners.add_command(resume)
learners.add_command(merge)


@learners.command("list")
@click.argument("search", default="")
@click.option("--license", "license_", type=click.Choice([str(state) for state in Holding]))
@click.option("--account", type=click.Choice([str(state) for state in Account]))
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="In a terminal 50, else everybody.")
@_json
@pass_session
def list_(
    session: Session, search: str, license_: str | None, account: str | None, limit: int | None, as_json: bool
) -> None:
    """List learners whose name or e-mail address contains SEARCH."""
    most = limit or (_SHOWN if session.screen.terminal and not as_json else _MOST)
    with session.app() as app:
        matching = found(app, search, license_ or "", account or "", most + 1)
        zone = app.settings.zone
        if as_json:
            session.screen.json([_learner_facts(learner) for learner in matching[:most]])
            return
    rows = [
        (
            str(learner.id),
            learner.profile.full_name,
            learner.profile.email,
            learner.profile.department,
            str(learner.account),
            learner.license,
            day(learner.ends_at, zone),
        )
        for learner in matching[:most]
    ]
    headings = ("NUMBER", "WHO", "E-MAIL", "DEPARTMENT", "ACCOUNT", "LICENSE", "ENDS")
    table.show(session.screen, headings, rows, right=(0,))
    if not matching:
        session.screen.say("Nobody." if search or license_ or account else "There are no learners yet.")
    elif len(matching) > most:
        session.screen.say("… and more: --limit N shows N, a search fewer", "dim")


@learners.command()
@click.argument("who")
@_json
@pass_session
def show(session: Session, who: str, as_json: bool) -> None:
    """Show the learner with this e-mail address or number: profile, identities, licenses."""
    with session.app() as app:
        learner = one(app, who, session)
        identities = app.register.learners.identities(learner.id)
        allocations = app.register.learners.allocations(learner.id)
        into = _merged_into(app, learner)
        if as_json:
            session.screen.json(
                {
                    **_learner_facts(learner),
                    "merged_into": into,
                    "identities": [{**asdict(entry), "since": iso(entry.since)} for entry in identities],
                    "allocations": [_allocation_facts(entry) for entry in allocations],
                }
            )
            return
        _show(session, learner, into, identities, allocations)


def _merged_into(app: App, learner: LearnerRecord) -> int | None:
    """Whose part the learner has become."""
    if learner.deleted_at is None:
        return None
    told = app.register.trail.read(learner=learner.id)
    return next((e.after["into"] for e in told if e.number == learner.id and "into" in e.after), None)


def _show(
    session: Session,
    learner: LearnerRecord,
    into: int | None,
    identities: Sequence[IdentityRecord],
    allocations: Sequence[AllocationRecord],
) -> None:
    screen, zone = session.screen, session.settings.zone
    screen.say(f"Learner {learner.id}: {learner.profile.full_name or learner.profile.email}", "heading")
    profile = [(name.replace("_", " "), value) for name, value in learner.profile._asdict().items()]
    merged = [("merged into", "" if into is None else f"learner {into}")]
    table.facts(screen, [*profile, *standing(session.settings, learner), *merged])
    if identities:
        screen.say()
        screen.say("Directories", "heading")
    rows = [
        (entry.directory, str(entry.presence), moment(entry.since, zone), entry.where, entry.key)
        for entry in identities
    ]
    table.show(screen, ("DIRECTORY", "PRESENCE", "SINCE", "WHERE", "KEY"), rows, indent="  ")
    if allocations:
        screen.say()
        screen.say("Licenses", "heading")
    headings = ("LOT", "SEAT", "STATE", "ALLOCATED", "ENDS", "ENDED", "BECAUSE")
    table.show(screen, headings, (_row(entry, zone) for entry in allocations), right=(0, 1), indent="  ")


def _row(entry: AllocationRecord, zone: tzinfo) -> tuple[str, ...]:
    return (
        str(entry.lot),
        str(entry.seat),
        str(entry.state),
        moment(entry.allocated_at, zone),
        day(entry.ends_at, zone),
        moment(entry.ended_at, zone),
        entry.ended_because,
    )


def _learner_facts(learner: LearnerRecord) -> dict[str, object]:
    names = ("created_at", "left_at", "ends_at", "renewed_until", "waiting_since", "deleted_at")
    times = {name: iso(getattr(learner, name)) for name in names}
    return {**asdict(learner), "profile": learner.profile._asdict(), **times}


def _allocation_facts(entry: AllocationRecord) -> dict[str, object]:
    times = {name: iso(getattr(entry, name)) for name in ("allocated_at", "ends_at", "ended_at")}
    return {**asdict(entry), **times}
