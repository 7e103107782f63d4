"""Explain: what every stop of a run says of one person, from their directory to their license.

directory ─> enabled ─> scope ─> profile ─> learner ─> license ─> next sync
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from syncd.app import App
from syncd.dates import day, moment
from syncd.errors import Busy, Skipped
from syncd.facts import RunFacts
from syncd.lookup import Found, Watched
from syncd.model import PROFILE_FIELDS, DirectoryUser, Entry, Kind, Presence
from syncd.plan import candidate, mapping, scope, settling
from syncd.plan.mapping import FieldRule
from syncd.plan.merging import Precedence
from syncd.register.accounts import account_on
from syncd.register.learners import LearnerRecord
from syncd.run import Task
from syncd.survey import Progress
from syncd.words.learners import passed_on

_SUSPENDED = {"": "", "sync": ", by the sync", "expiry": ", since the license has ended"}
_MOST = 3  # people explained at once; of more, somebody has to choose


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop's verdict: `ok`, not, or None where it decides nothing. `details` are names and values."""

    name: str
    ok: bool | None
    verdict: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """One person, stop by stop. `key` is who they are in their directory; empty for whom none has."""

    key: str
    name: str
    email: str
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`people` are explained; or `choices` are all who may be meant. `read`: how many, by directory."""

    people: tuple[Explanation, ...]
    choices: tuple[Found, ...]
    read: Mapping[str, int]


def explain(app: App, who: str, requested_by: str, progress: Progress) -> Answer:
    """Read the directories, plan without applying, and explain `who`. Raises `SyncdError`."""
    rules = app.settings.policy.mapping
    watched = tuple(Watched(directory, who, rules[directory.name]) for directory in app.directories)
    facts = _dry_run(app, watched, requested_by, progress)
    try:
        return _answer(app, who, watched, facts)
    finally:
        if facts is not None:
            app.register.runs.discard(facts.run)


def _answer(app: App, who: str, watched: Sequence[Watched], facts: RunFacts | None) -> Answer:
    exactly = [found for directory in watched for found in directory.exactly]
    perhaps = [found for directory in watched for found in directory.perhaps]
    meant = exactly or perhaps
    read = {directory.name: directory.size for directory in watched}
    if meant and (len(meant) == 1 or (exactly and len(exactly) <= _MOST)):
        return Answer(tuple(_explained(app, found, facts) for found in meant), (), read)
    if meant:
        return Answer((), tuple(meant), read)
    gone = app.register.learners.get(who, app.clock())
    return Answer((_gone(app, gone, facts, read),) if gone else (), (), read)


def _dry_run(app: App, watched: Sequence[Watched], requested_by: str, progress: Progress) -> RunFacts | None:
    """What the next run would do; None while another one is at work, when only the directories are read."""
    try:
        return replace(app, directories=tuple(watched)).run(Task("explain", requested_by), progress)
    except Busy:
        for directory in watched:
            for _ in directory.read(app.settings.read_request(directory.name, app.clock())):
                progress(f"reading {directory.name}", directory.size, None)
        return None


def _explained(app: App, found: Found, facts: RunFacts | None) -> Explanation:
    key = f"{found.identity.directory}/{found.identity.id}"
    changes = _changes(app, facts, (found.identity.id, found.email))
    mine = [entry for entry in changes if entry.change.key == key]
    known = app.register.people.roster([found.identity], [], [], app.clock()).by_identity.get(found.identity)
    number = known.id if known else next((e.change.learner for e in mine if e.change.learner), None)
    if number is not None:
        mine = [entry for entry in changes if entry.change.key == key or entry.change.learner == number]
    record = app.register.learners.get(str(number), app.clock()) if number is not None else None
    together = _together(app, record, mine, facts) if record else ()
    stops = [*_directory(app, found), *_learner(record, mine), *together]
    stops += [*_license(app, record), *_platform(app, record)]
    return Explanation(key, found.name, found.email, (*stops, _next_sync(app, mine, facts)))


def _gone(app: App, learner: LearnerRecord, facts: RunFacts | None, read: Mapping[str, int]) -> Explanation:
    sizes = ", ".join(f"{size:,} people in {name}" for name, size in read.items())
    by_hand = "added by hand, so that no sync changes or suspends them; "
    last = tuple(
        (entry.directory, f"{entry.presence} since {moment(entry.since, app.settings.zone)}: {entry.where}")
        for entry in app.register.learners.identities(learner.id)
    )
    where = f"{'' if last else by_hand}in none of them: looked at {sizes}"
    stops = [Stop("directory", not last, where, last), *_license(app, learner), *_platform(app, learner)]
    changes = _changes(app, facts, (learner.profile.email,))
    mine = [entry for entry in changes if entry.change.learner == learner.id]
    profile = learner.profile
    return Explanation("", profile.full_name, profile.email, (*stops, _next_sync(app, mine, facts)))


def _directory(app: App, found: Found) -> Iterator[Stop]:
    if found.user is None:
        yield Stop("directory", False, found.unreadable)
        return
    user, policy = found.user, app.settings.policy
    until = f"until {moment(user.changes_at, app.settings.zone)}" if user.changes_at else ""
    yield Stop("directory", True, f"{user.identity.directory}: {user.where}")
    because = "" if user.enabled else user.disabled_because or "disabled in the directory"
    yield Stop("enabled", user.enabled, because or f"yes {until}".strip())
    verdict = scope.judge(policy.scope, user)
    yield Stop("scope", verdict.included, verdict.why)
    yield _profile(app, user)


def _profile(app: App, user: DirectoryUser) -> Stop:
    policy = app.settings.policy
    rules = policy.mapping[user.identity.directory]
    details = [(name, _source(rules[name], user)) for name in PROFILE_FIELDS if name in rules]
    manager = next((rule.text for rule in policy.managers if rule.holds(user)), "")
    details.append(("role", f"manager ← {manager}" if manager else "learner"))
    place = candidate.priority_of(policy, user)
    if place < len(policy.priority):
        details.append(("priority", f"{place + 1} ← {policy.priority[place].text}"))
    try:
        mapping.apply(rules, user)
    except Skipped as exc:
        return Stop("profile", False, exc.why, tuple(details))
    return Stop("profile", True, "complete", tuple(details))


def _source(rule: FieldRule, user: DirectoryUser) -> str:
    """The value of a field and where it comes from."""
    tried = [(replace(rule, first_of=(name,), template="", default=""), name) for name in rule.first_of]
    tried.append((replace(rule, first_of=(), default=""), rule.template))
    tried.append((replace(rule, first_of=(), template=""), "the default"))
    for part, origin in tried:
        if value := mapping.fill(part, user.attributes):
            return f"{value} ← {origin}"
    return f"nothing ← {', '.join(sorted(rule.attributes)) or 'no attribute'}"


def _learner(record: LearnerRecord | None, mine: Sequence[Entry]) -> Iterator[Stop]:
    """Which learner they are, by what; or why they cannot become one."""
    for entry in mine:
        if entry.change.kind is Kind.SKIP:
            yield Stop("learner", False, entry.change.why)
            return
        if entry.change.kind in (Kind.LINK, Kind.JOIN):
            yield Stop("learner", True, f"learner {entry.change.learner}: {entry.change.why}")
            return
    if record is None:
        new = any(entry.change.kind in (Kind.CREATE, Kind.WAIT) for entry in mine)
        yield Stop("learner", None, "a newcomer: nobody syncd knows" if new else "nobody syncd knows")
        return
    yield Stop("learner", True, f"learner {record.id}, known by this identity in the directory")


def _together(
    app: App, record: LearnerRecord, mine: Sequence[Entry], facts: RunFacts | None
) -> Iterator[Stop]:
    """Of somebody whom several directories have: whose word counts, field by field."""
    (known,) = app.register.people.learners([record.id], app.clock())
    keys = [entry.key for entry in known.identities]
    found = [entry.change for entry in app.register.journal.under(facts.run, keys)] if facts else []
    seen = {change.key: change.data["identity"] for change in found if "identity" in change.data}
    stands = {key: identity.get("presence", Presence.PRESENT) for key, identity in seen.items()}
    present = [e.key for e in known.identities if stands.get(e.key, e.presence) == Presence.PRESENT]
    found += [entry.change for entry in mine if entry.change.kind in (Kind.LINK, Kind.JOIN)]
    voices = settling.voices_of(known, found, present)
    if len(voices) < 2:
        return
    listed = [directory.name for directory in app.directories]
    precedence = Precedence(listed, app.settings.policy.matching.precedence)
    details = [
        (name, f"{getattr(voice.said.profile, name)} ← {voice.directory}")
        for name in PROFILE_FIELDS[:-1]
        if (voice := precedence.source(name, voices))
    ]
    who = " and ".join(voice.directory for voice in voices)
    yield Stop("together", None, f"known to {who}; what counts:", tuple(details))


def _license(app: App, record: LearnerRecord | None) -> Iterator[Stop]:
    if record is None:
        return
    zone, line = app.settings.zone, app.register.licenses.waiting(app.settings.policy.seats.type)
    by = _SUSPENDED.get(record.suspended_by, ", by hand; the sync leaves that alone")
    yield Stop("account", record.account == "active", f"{record.account}{by}")
    if record.license == "live":
        renewed = f", renewed until {day(record.renewed_until, zone)}" if record.renewed_until else ""
        freed = passed_on(app.settings, record)
        yield Stop("license", True, f"ends {day(record.ends_at, zone)}{renewed}{freed}")
    elif record.license == "expired":
        yield Stop(
            "license", False, f"ended {day(record.ends_at, zone)}; `licenses renew` gives them another one"
        )
    elif record.waiting_since is not None:
        place = next((n for n, entry in enumerate(line, start=1) if entry.learner == record.id), 0)
        since = moment(record.waiting_since, zone)
        yield Stop("license", False, f"waits since {since}; place {place} of {len(line)} in line")
    else:
        yield Stop("license", False, "none")


def _platform(app: App, record: LearnerRecord | None) -> Iterator[Stop]:
    """How far it has been told of them, where learners live elsewhere."""
    if app.platform is None or record is None:
        return
    untold = app.register.learners.untold(record.id)
    if record.refused:
        yield Stop("platform", False, f"refused them: {record.refused}")
    elif untold:
        yield Stop("platform", False, "has yet to be told; the next sync does that first")
    elif account := account_on(app.platform.name, record.platform_account):
        yield Stop("platform", True, f"has been told; their account there is {account}")
    else:
        yield Stop("platform", None, "has no account of theirs")


def _next_sync(app: App, mine: Sequence[Entry], facts: RunFacts | None) -> Stop:
    if facts is None:
        return Stop("next sync", None, "cannot be told: another run is in progress")
    if any(entry.change.kind is Kind.SKIP for entry in mine):
        return Stop("next sync", None, "leaves them untouched")
    told = [_in_words(app, entry) for entry in mine if entry.change.kind is not Kind.NOTE]
    held = (
        "; but it is held: " + "; ".join(o["message"] for o in facts.objections) if facts.objections else ""
    )
    return Stop("next sync", None, ("; ".join(told) or "changes nothing for them") + (held if told else ""))


def _in_words(app: App, entry: Entry) -> str:
    change = entry.change
    ends = f" (license until {day(change.ends_at, app.settings.zone)})" if change.ends_at else ""
    return f"{change.kind.name.lower()}: {change.why}{ends}"


def _changes(app: App, facts: RunFacts | None, words: Sequence[str]) -> list[Entry]:
    """The planned changes that mention any of `words`, in their order."""
    found: dict[tuple[Kind, str], Entry] = {}
    for word in filter(None, words):
        for entry in app.register.journal.read(facts.run, search=word) if facts else ():
            found[entry.change.kind, entry.change.key] = entry
    return [found[place] for place in sorted(found)]
