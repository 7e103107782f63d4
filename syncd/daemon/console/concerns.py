"""Concerns: what needs somebody now, the most urgent first, each with what to do next.

the daemon cannot work ─ a plan is held ─ the last run failed ─ people wait ─ licenses end ─ run short
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from syncd.app import App
from syncd.daemon.console.licenses import SOON
from syncd.daemon.console.visit import Visit, path
from syncd.dates import day, moment
from syncd.facts import RunFacts
from syncd.forecasting import Foresight
from syncd.model import OrderState, RunState
from syncd.register.runs import PREVIEWS, RunRecord
from syncd.words import outlook, plans
from syncd.words.wording import many, people, verb

_LOOKED_AT = 50  # runs, to find the last one that was more than a look
_ENDED = (RunState.DONE, RunState.FAILED, RunState.INTERRUPTED, RunState.HELD)


@dataclass(frozen=True, slots=True)
class Concern:
    """`tone`: bad or warn. `to` and `where`: the page that tells more, and what it is called."""

    tone: str
    title: str
    text: str
    next_step: str = ""
    to: str = ""
    where: str = ""


def concerns(visit: Visit, foresight: Foresight) -> Iterator[Concern]:
    yield from _of_daemon(visit)
    yield from _held(visit)
    yield from _failed(visit)
    yield from _waiting(visit.app)
    yield from _over(visit)
    yield from _ending(visit)
    yield from _drafted(visit.app)
    yield from _ahead(foresight)


def _of_daemon(visit: Visit) -> Iterator[Concern]:
    if visit.status.trouble:
        next_step = "It tries again by itself; the log says more (daemon_cannot_work)."
        yield Concern("bad", "The daemon cannot work", visit.status.trouble, next_step)
    if visit.status.rejected:
        next_step = "Until it is corrected and reloaded, the one before stays in force."
        yield Concern("bad", "The configuration on disk is not in force", visit.status.rejected, next_step)


def _held(visit: Visit) -> Iterator[Concern]:
    for plan in visit.app.register.runs.held(visit.now):
        record = visit.app.register.runs.get(plan.run)
        if plan.state is not RunState.HELD or record is None:
            continue
        because = "; ".join(message for _, message in plans.objections(plans.facts_of(visit.app, record)))
        do = (
            "Look at it, then approve or reject it."
            if visit.operates
            else "Somebody with role operator decides."
        )
        since = f"since {moment(record.started_at, visit.zone)}"
        yield Concern(
            "bad",
            f"Run {plan.run} is held {since}; nothing was changed",
            because,
            do,
            path("runs", plan.run),
            f"Look at run {plan.run}",
        )


def _failed(visit: Visit) -> Iterator[Concern]:
    latest = visit.app.register.runs.latest(_LOOKED_AT)
    record = next((each for each in latest if each.command not in PREVIEWS and each.state in _ENDED), None)
    if record is not None and record.state is RunState.DONE:
        yield from _left_over(record, plans.facts_of(visit.app, record))
    elif record is not None and record.state is not RunState.HELD:
        yield _of_failure(visit, record)
    elif visit.status.failure and not visit.status.trouble:
        yield Concern("bad", "The last run of this daemon failed", visit.status.failure)


def _left_over(record: RunRecord, facts: RunFacts) -> Iterator[Concern]:
    """Of a run that went through: what the platform has not got, and whom it or the register refused."""
    page = path("runs", record.id), f"Look at run {record.id}"
    if facts.platform_down:
        late = many(facts.undelivered, "change is", "changes are")
        text = f"{facts.platform_down}; {late} recorded and delivered by the next sync."
        yield Concern("bad", "The platform could not be used", text, facts.next_step, *page)
    if facts.refused:
        text = "Each is named there, with the reason and what to do."
        yield Concern(
            "warn", f"{verb(facts.refused, 'was', 'were')} refused by the last run", text, "", *page
        )


def _of_failure(visit: Visit, record: RunRecord) -> Concern:
    how = "failed" if record.state is RunState.FAILED else "was cut short"
    left = "The next sync finishes what is left." if record.state is RunState.INTERRUPTED else ""
    return Concern(
        "bad",
        f"The last run, {record.id}, {how}",
        record.error or f"It began {moment(record.started_at, visit.zone)}.",
        record.facts.get("next_step") or left,
        path("runs", record.id),
        f"Look at run {record.id}",
    )


def _waiting(app: App) -> Iterator[Concern]:
    type_ = app.settings.policy.seats.type
    line = app.register.licenses.line_length(type_)
    if not line:
        return
    free = sum(lot.free for lot in app.register.licenses.drawable(app.clock()) if lot.type == type_)
    missing = max(0, line - free)
    short = f"{many(missing, 'license is', 'licenses are')} missing." if missing else ""
    text = short or f"{many(free, 'license is', 'licenses are')} free: the next sync hands them out."
    facts = RunFacts(0, wanted=line, available=free, waiting=line)
    yield Concern(
        "warn",
        f"{verb(line, 'waits', 'wait')} for a license",
        text,
        plans.remedy(app, facts, "syncd {}".format) if missing else "",
        f"{path('licenses')}#line",
        "See who waits",
    )


def _over(visit: Visit) -> Iterator[Concern]:
    over = len(visit.app.register.renewable.ending(visit.now))
    if over:
        yield Concern(
            "warn",
            f"The license of {people(over)} has ended",
            "They are here and cannot log in until it is renewed.",
            "Who, and whether there are enough: `syncd licenses renew --all --dry-run`",
            path("learners", license="expired"),
            "See who",
        )


def _ending(visit: Visit) -> Iterator[Concern]:
    """Lots that end soon, with people on them, or with licenses that nobody has ever had."""
    lapsing = visit.app.register.renewable.lapsing(visit.now, SOON)
    for lot in visit.app.register.licenses.lots(visit.now):
        if not visit.now < lot.ends_at <= visit.now + SOON:
            continue
        when, many_lose = day(lot.ends_at, visit.zone), lapsing.get(lot.id, 0)
        unused = f"{many(lot.available, 'license')} of order {lot.order}" if lot.available else ""
        if many_lose:
            yield _lost(visit, f"{verb(many_lose, 'loses', 'lose')} their license on {when}", unused)
        elif unused:
            title = f"{unused} {'ends' if lot.available == 1 else 'end'} on {when}, and nobody has them"
            yield Concern("warn", title, "", to=path("licenses"), where="See the licenses")


def _lost(visit: Visit, title: str, unused: str) -> Concern:
    renews = visit.app.settings.policy.seats.renews
    how = "by the sync, while there are free ones" if renews else "only if somebody renews it"
    text = f"They get another one {how}." + (f" Nobody has {unused}, which end with it." if unused else "")
    step = "" if renews else "`syncd licenses renew --all --expiring 30d --dry-run` shows who"
    return Concern("warn", title, text, step, path("licenses"), "See the licenses")


def _drafted(app: App) -> Iterator[Concern]:
    """Where people wait, that says it already."""
    if app.register.licenses.line_length(app.settings.policy.seats.type):
        return
    for order in app.register.licenses.orders():
        if order.state is OrderState.DRAFT:
            words = plans.draft(order.id, order.quantity, "syncd {}".format)
            yield Concern(
                "warn", "An order waits to be confirmed", words, "", path("licenses"), "See the orders"
            )


def _ahead(foresight: Foresight) -> Iterator[Concern]:
    """The next shortfall; one of today is that people wait, and is told already."""
    wanted = foresight.wanted
    if wanted.shortfall is None or wanted.shortfall.day == 0:
        return
    yield Concern(
        "warn",
        f"Licenses run short on {outlook.day_in_words(foresight.days.dates[wanted.shortfall.day])}",
        outlook.headline(foresight, wanted),
        outlook.advice(foresight, wanted.shortfall, "syncd licenses"),
        path("forecast"),
        "See the forecast",
    )
