"""A run that was not applied, or not to its end: how it stands, and what to do about it.

held         decide, or let that kind of change pass once
approved     whoever applies it
rejected     nobody is asked again for a while
superseded   the run in its place
failed       what the error says is to be done
cut short    that, and what finishes it
"""

from __future__ import annotations

from collections.abc import Iterator

from syncd.app import App
from syncd.cli import preview, table
from syncd.cli.session import Session
from syncd.dates import moment
from syncd.facts import RunFacts
from syncd.model import RunState
from syncd.register.runs import RunRecord
from syncd.words import plans

_CORRECT = "correct the directory or the configuration"


def tell(session: Session, app: App, facts: RunFacts) -> None:
    """What a run came to that is held; or the plan that was held before and stands for it."""
    screen, record = session.screen, app.register.runs.get(facts.run)
    assert record is not None, "whoever applies it has the lock"
    shown = plans.facts_of(app, record)
    screen.say(f"{_standing(session, record, facts)}; nothing was changed", "bad")
    preview.summary(screen, shown)
    screen.say()
    preview.why_held(screen, shown)
    if newer := _newer(facts, shown):
        table.paragraph(screen, f"Newer than that plan, and left to a later sync: {newer}")
    show = session.command(f"runs show {facts.run}")
    table.steps(screen, [f"`{show}` shows it person by person", *next_steps(session, app, record)])


def next_steps(session: Session, app: App, record: RunRecord) -> Iterator[str]:
    """What to do about a run that was not applied, or not to its end; nothing for any other."""
    apply = f"`{session.command(f'apply {record.id}')}`"
    if record.state is RunState.PLANNED and plans.has_work(plans.facts_of(app, record)):
        yield f"{apply} does exactly this"
    if record.state is RunState.HELD:
        yield from _to_decide(session, app, record, apply)
    if record.state is RunState.APPROVED:
        yield f"a daemon at work applies it within seconds; without one: {apply}"
    if record.state is RunState.REJECTED:
        facts = plans.facts_of(app, record)
        yield "it is never applied; for 30 days nobody is asked again about a plan that does the same"
        if facts.sizes:
            yield f"so that syncs go through again, {_CORRECT}"
        yield from plans.allowing(facts, session.command("").strip())
    if record.facts.get("next_step"):
        yield record.facts["next_step"]
    if record.state is RunState.INTERRUPTED:
        yield finishing(session, record.applies_run)
    successor = app.register.runs.successor(record.id)
    if successor is not None:
        state = app.register.runs.state(successor)
        show = session.command(f"runs show {successor}")
        yield f"run {successor} has taken its place and is {state}: `{show}`"


def _to_decide(session: Session, app: App, record: RunRecord, apply: str) -> Iterator[str]:
    facts = plans.facts_of(app, record)
    approve, reject = (session.command(f"runs {word} {record.id}") for word in ("approve", "reject"))
    correct = f"{_CORRECT}, and the next sync goes by that; " if facts.sizes else ""
    yield f"if it is right: {apply} does exactly this; with a daemon at work: `{approve}`"
    yield f"if it is wrong: {correct}`{reject}` sees to it that nobody applies it"
    yield from plans.allowing(facts, session.command("").strip())


def finishing(session: Session, reviewed: int | None) -> str:
    """How a run that was cut short is finished. `reviewed`: the plan it was applying, if one."""
    sync = f"`{session.command('sync')}`"
    if reviewed is None:
        return f"the next sync finishes it: {sync}"
    left = f"`{session.command(f'apply {reviewed}')}` does what is left of plan {reviewed}"
    return f"{left}, and so does the next sync: {sync}"


def _standing(session: Session, record: RunRecord, facts: RunFacts) -> str:
    zone = session.settings.zone
    if record.state is RunState.APPROVED:
        return f"Run {record.id} is approved by {record.decided_by}, and not applied yet"
    if record.state is RunState.REJECTED:
        when = moment(record.decided_at, zone)
        return f"Run {record.id}, which does the same, was rejected by {record.decided_by}, {when}"
    since = f" still, since {moment(record.started_at, zone)}" if facts.still_held else ""
    return f"Run {record.id} is held{since}"


def _newer(facts: RunFacts, shown: RunFacts) -> str:
    """By how many changes of each kind a run comes to more than the plan that stands for it."""
    before = {kind: count for kind, _, count in plans.counted(shown)}
    more = [(word, count - before[kind]) for kind, word, count in plans.counted(facts)]
    return ", ".join(f"{many:,} {word}" for word, many in more if many > 0)
