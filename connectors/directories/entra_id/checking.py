"""`syncd check` for a tenant: sign-in, clock, permissions, credential, groups, and one page of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import suppress

from connectors.directories.entra_id.certificate import day
from connectors.directories.entra_id.codes import GROUPS, PEOPLE, WHAT_FOR
from connectors.directories.entra_id.delta import mark_over
from connectors.directories.entra_id.expiry import endings_of
from connectors.directories.entra_id.graph import Graph
from connectors.directories.entra_id.groups import Groups, Membership
from connectors.directories.entra_id.options import EntraOptions
from connectors.directories.entra_id.reading import Source, people_call
from connectors.directories.entra_id.sighting import Sealer
from connectors.directories.entra_id.trouble import consent
from connectors.http_trouble import host_of
from syncd.errors import Skipped, SyncdError
from syncd.model import Finding
from syncd.ports import Ending, ReadRequest

_DAY = 86_400
_SKEW = 120  # seconds by which a clock may be off before it is worth a word; certificates fail at 300
_SOON = (
    (1, "renew it today: without it nobody can be read"),
    (7, "renew it this week: without it nobody can be read"),
    (14, "renew it within a week"),
    (30, "renew it in the coming weeks"),
)
_NEEDLESS = ("ReadWrite", "Directory.Read", "FullControl", "AccessAsUser", "Mail.", "Files.", "Sites.")


def check(source: Source, request: ReadRequest) -> Iterator[Finding]:
    """Findings from the sign-in inwards; what cannot work without the one before is left out."""
    try:
        sealer = source.sealer(request)
        with source.opened() as graph:
            roles = graph.tokens.roles()
            yield _signed_in(source.options)
            yield from _clock(graph)
            yield from _permissions(roles, grouped=bool(request.groups))
            yield from _credential(source.options, graph, request.now)
            memberships = yield from _groups(source.name, graph, request)
            yield from _people(source, graph, sealer)
            yield from map(_group, memberships)
            yield from _changes(source, graph, request)
    except SyncdError as exc:
        yield _failed(source.name, exc)


def _signed_in(options: EntraOptions) -> Finding:
    who = "a managed identity" if options.credential.managed_identity else f"app {options.client_id}"
    return Finding(host_of(options.sign_in), True, f"signed in to tenant {options.tenant_id} as {who}")


def _clock(graph: Graph) -> Iterator[Finding]:
    ahead = graph.clock_ahead
    if abs(ahead) >= _SKEW:
        words = f"this machine's is {abs(ahead)} s {'ahead' if ahead > 0 else 'behind'}"
        yield Finding(
            "clock", True, words, "set it (NTP): signing in by certificate fails from five minutes on"
        )


def _permissions(roles: frozenset[str], *, grouped: bool) -> Iterator[Finding]:
    if not roles:
        hint = consent(PEOPLE[0])
        yield Finding("permissions", False, "the app has no application permission for Graph", hint)
        return
    wanted = (PEOPLE, *([GROUPS] if grouped else []))
    for enough in wanted:
        if roles.isdisjoint(enough):
            words = f"{enough[0]} is missing, which {WHAT_FOR[enough]} needs"
            yield Finding("permissions", False, words, consent(enough[0]))
    least = {enough[0] for enough in wanted}
    needless = sorted(role for role in roles - least if any(part in role for part in _NEEDLESS))
    words = f"the app has {', '.join(sorted(roles))}"
    if needless:
        hint = f"take {', '.join(needless)} away: {' and '.join(sorted(least))} is all that is needed"
        yield Finding("permissions", True, words, hint)
    elif not any(roles.isdisjoint(enough) for enough in wanted):
        yield Finding("permissions", True, words)


def _credential(options: EntraOptions, graph: Graph, now: int) -> Iterator[Finding]:
    try:
        found = endings_of(options, graph)
    except SyncdError as exc:
        yield _failed("credential", exc)
        return
    yield from (_ending(one, now) for one in found)
    if not found and options.credential.secret is not None:
        hint = "write its end into credential_expires, and you are warned of it"
        yield Finding("credential", True, "nobody told when the client secret ends", hint)


def _ending(ending: Ending, now: int) -> Finding:
    left = (ending.ends_at - now) // _DAY
    words = f"{ending.what} is good until {day(ending.ends_at)}"
    if ending.ends_at <= now:
        return Finding("credential", False, f"{ending.what} ended on {day(ending.ends_at)}", "make a new one")
    hint = next((hint for days, hint in _SOON if left <= days), "")
    return Finding(
        "credential", True, f"{words}: {left} day{'' if left == 1 else 's'} left" if hint else words, hint
    )


def _groups(name: str, graph: Graph, request: ReadRequest) -> Generator[Finding, None, list[Membership]]:
    """What is wrong with the groups asked for; returns those that can be read."""
    usable: list[Membership] = []
    groups = Groups(graph, name)
    for ref in sorted(request.groups):
        try:
            usable += groups.memberships(groups.find([ref]))
        except SyncdError as exc:
            yield _failed(f"group {ref.name}", exc)
    return usable


def _people(source: Source, graph: Graph, sealer: Sealer) -> Iterator[Finding]:
    """One page, opened as a run would."""
    page = next(graph.pages(people_call(sealer.places, source.options.page_size)))
    people, enabled = 0, 0
    unusable: list[Skipped] = []
    having: Counter[str] = Counter()
    for sighting in sealer.seal(page["value"]):
        people += 1
        try:
            user = sighting.open()
        except Skipped as exc:
            unusable.append(exc)
        else:
            enabled += user.enabled
            having.update(user.attributes.keys())
    guests = len(page["value"]) - people
    all_of_them = "" if page.get("@odata.nextLink") is None else "first page: "
    left_out = f", {guests} guest{'' if guests == 1 else 's'} left out" if guests else ""
    yield Finding("people", True, f"{all_of_them}{_so_many(people)}, {enabled} of them enabled{left_out}")
    for name in sealer.places.shown:
        hint = "" if having[name] else "check the attribute's name, and that it may be read"
        yield Finding(f"attribute {name}", True, f"{having[name]} of these {people} have it", hint)
    if unusable:
        words = f"{len(unusable)} of these cannot be used; the first: {unusable[0].message}"
        yield Finding("people", False, words, unusable[0].next_step)


def _group(membership: Membership) -> Finding:
    count = len(membership.people)
    words = f"{_so_many(count)} {'is' if count == 1 else 'are'} in it"
    hint = (
        "" if count else "if it is not empty, it may hide its members: the app then needs Member.Read.Hidden"
    )
    return Finding(f"group {membership.ref.name}", bool(count), words, hint)


def _changes(source: Source, graph: Graph, request: ReadRequest) -> Iterator[Finding]:
    """One line more; what does not work at all has been said by others."""
    with suppress(SyncdError):
        mark_over(graph, source, request)
        yield Finding("changes", True, "Graph tells what has changed: most syncs read only that")


def _so_many(people: int) -> str:
    return "1 person" if people == 1 else f"{people} people"


def _failed(part: str, exc: SyncdError) -> Finding:
    return Finding(part, False, exc.message, exc.next_step, exc.exit_code)
