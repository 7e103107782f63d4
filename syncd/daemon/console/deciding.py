"""Deciding: the three things somebody may have done: a sync now, a held plan applied, or never."""

from __future__ import annotations

from syncd import approval
from syncd.daemon.console import runs
from syncd.daemon.console.visit import Answer, Moved, Page, Visit, missing, path, told
from syncd.errors import ConfigError
from syncd.model import RunState
from syncd.words import plans

_WORDS = {"approve": RunState.APPROVED, "reject": RunState.REJECTED}
_WHAT = {
    "approve": "The daemon applies exactly this within seconds. Where the world has moved on since the plan "
    "was made, it changes nothing and says what no longer holds.",
    "reject": "This plan is never applied, and for 30 days nobody is asked again about one that does the "
    "same, which stays held. Correct the directory or the configuration, so that syncs go through again.",
}


def ask(visit: Visit) -> Answer:
    """What approving or rejecting a held plan would do, before it is done."""
    number, word = int(visit.path["run"]), visit.path["word"]
    record = visit.app.register.runs.get(number)
    if record is None:
        return missing(f"There is no run {number}.")
    if record.state is not RunState.HELD:
        return Moved(path("runs", number))
    facts = plans.facts_of(visit.app, record)
    shown = {
        "record": record,
        "word": word,
        "what": _WHAT[word],
        "about": runs.about(visit, record, facts),
        "changes": [(name, what) for name, what in runs.came_to(facts) if name != "read"],
        "objections": plans.objections(facts),
    }
    return Page("decide.html", f"{word.capitalize()} run {number}", "runs", shown)


def decide(visit: Visit) -> Answer:
    """Approve or reject; whoever comes too late hears how the run stands."""
    number, word = int(visit.path["run"]), visit.path["word"]
    if visit.app.register.runs.state(number) is None:
        return missing(f"There is no run {number}.")
    try:
        approval.decide(visit.app.register, number, _WORDS[word], by=_name(visit), now=visit.now)
    except ConfigError as exc:
        return told(f"Run {number} was not decided", exc.message, exc.next_step, status=409)
    visit.queue.wake()
    return Moved(path("runs", number, said=word))


def sync(visit: Visit) -> Answer:
    """A sync as soon as the worker is free; who asks while one waits shares it."""
    visit.queue.ask(_name(visit), by_hand=True)
    return Moved(path("runs", said="sync"))


def _name(visit: Visit) -> str:
    return f"console:{visit.who.name}"
