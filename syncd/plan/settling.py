"""Settling: once everything has been read, what the identities of one person come to in the plan.

    several voices, and together they say something new     -> one update for the learner
    an identity whose word is not remembered, and matters   -> its word is remembered with it
    the address that counts now is another learner's        -> kept as it is, and that identity named
    a newcomer whom several directories have                -> created with what they say together

It amends what the pages have put into the plan: a draft goes in, the difference comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from syncd.model import Change, Kind, Presence, Profile
from syncd.plan.drafting import difference, in_words
from syncd.plan.merging import Precedence, Voice, merge
from syncd.plan.places import directory_of
from syncd.plan.roster import KnownIdentity, KnownLearner, Said
from syncd.plan.sight import Sight
from syncd.plan.skips import Reason

_TAKEN = {"where": "", "reason": Reason.ADDRESS_TAKEN}
AsksFor = Callable[[str, str], str]
"""(key, address) -> why they may not have it; empty when they may."""


class Amendment(NamedTuple):
    """What is dropped from the plan, and what is written into it."""

    drop: list[tuple[Kind, str]]
    write: list[Change]


class Draft:
    """The changes of one learner, while they are amended."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._before = {(change.kind, change.key): change for change in changes}
        self.rows = dict(self._before)

    def amendment(self) -> Amendment:
        kept = {place for place, change in self.rows.items() if self._before.get(place) == change}
        drop = [place for place in self._before if place not in kept]
        return Amendment(drop, [change for place, change in self.rows.items() if place not in kept])

    def of(self, *kinds: Kind) -> list[Change]:
        return [change for (kind, _), change in self.rows.items() if kind in kinds]

    def put(self, change: Change) -> None:
        self.rows[change.kind, change.key] = change

    def note(self, key: str, learner: KnownLearner, why: str, data: dict[str, Any]) -> None:
        """Something to remember, with what is to be remembered under this key already."""
        known = self.rows.get((Kind.NOTE, key))
        if known is None:
            name = learner.profile.full_name
            known = Change(Kind.NOTE, key, learner.profile.email, name, why, learner.id)
        self.put(known._replace(data={**known.data, **data}))

    def remember(self, key: str, learner: KnownLearner, number: int, facts: dict[str, Any]) -> None:
        """Facts about an identity, with what else is remembered of it."""
        for place, change in self.rows.items():
            if place[1] == key and "identity" in change.data:
                seen = {**change.data["identity"], **facts}
                self.rows[place] = change._replace(data={**change.data, "identity": seen})
                return
        self.note(key, learner, _REMEMBERED, {"identity": {"number": number, **facts}})


_REMEMBERED = "speaks for them together with others"


def settle(
    precedence: Precedence, learner: KnownLearner, changes: Sequence[Change], sight: Sight, asks: AsksFor
) -> Amendment:
    """What becomes of a known learner's changes. `changes` are those under the keys of their identities."""
    mine = [change for change in changes if change.learner == learner.id]
    there = {entry.key: entry for entry in learner.identities if _is_present(sight, entry)}
    voices, draft = voices_of(learner, mine, there), Draft(mine)
    only = [entry.key for entry in learner.identities]
    if not voices or (len(voices) == 1 and only == [voices[0].key]):  # whose page has seen to it
        return Amendment([], [])
    together = merge(precedence, voices)
    wanted = _addressed(precedence, learner, together.profile, voices, draft, there, asks)
    _remember(learner, wanted, voices, there, draft)
    _update(precedence, learner, wanted, voices, draft)
    _place_in_line(learner, together.priority, voices, draft)
    return draft.amendment()


def _is_present(sight: Sight, entry: KnownIdentity) -> bool:
    presence = sight.presence(entry.number, entry.identity.directory, entry.presence)
    return presence is Presence.PRESENT


def voices_of(learner: KnownLearner, changes: Sequence[Change], present: Collection[str]) -> list[Voice]:
    """What their directories say: those where they are `present`, and where they have just been found."""
    voices = [_voice(learner, entry, changes) for entry in learner.identities if entry.key in present]
    for change in changes:
        if change.kind in (Kind.LINK, Kind.JOIN):
            said = Said.unpacked(change.data["identity"]["said"])
            voices.append(Voice(directory_of(change.key), change.key, said))
    return voices


def _voice(learner: KnownLearner, entry: KnownIdentity, changes: Sequence[Change]) -> Voice:
    """What an identity says: in this run, or as it was remembered, or as the learner's profile has it."""
    said = entry.said
    profile, priority = learner.profile, learner.waiting_priority or 0
    for change in changes:
        if change.key == entry.key and change.kind is not Kind.SKIP:
            profile = profile._replace(**change.data.get("set", {}))
            priority = change.data.get("priority", priority)
            if packed := change.data.get("identity", {}).get("said"):
                said = Said.unpacked(packed)
    return Voice(entry.identity.directory, entry.key, said or Said(profile, priority))


def _addressed(
    precedence: Precedence,
    learner: KnownLearner,
    wanted: Profile,
    voices: Sequence[Voice],
    draft: Draft,
    known: dict[str, KnownIdentity],
    asks: AsksFor,
) -> Profile:
    """`wanted` with an address the learner may have."""
    planned = [
        change.data["set"]["email"] for change in draft.of(Kind.UPDATE) if "email" in change.data["set"]
    ]
    if wanted.email == learner.profile.email or wanted.email in planned:
        return wanted
    source = precedence.source("email", voices)
    key = source.key if source else voices[0].key
    why = asks(key, wanted.email)
    if not why:
        return wanted
    if (Kind.SKIP, key) not in draft.rows:
        draft.put(Change(Kind.SKIP, key, wanted.email, wanted.full_name, why, learner.id, _TAKEN))
    if key in known:
        draft.rows.pop((Kind.NOTE, key), None)
        draft.note(key, learner, why, {"identity": {"number": known[key].number, "doubted": True}})
    return wanted._replace(email=planned[0] if planned else learner.profile.email)


def _remember(
    learner: KnownLearner,
    wanted: Profile,
    voices: Sequence[Voice],
    known: dict[str, KnownIdentity],
    draft: Draft,
) -> None:
    """Whose word was the learner's profile, and is not any more: it is kept with them from now on."""
    for voice in voices:
        entry = known.get(voice.key)
        if entry is not None and entry.said is None and _differs(voice, wanted, learner):
            draft.remember(voice.key, learner, entry.number, {"said": voice.said.packed()})


def _differs(voice: Voice, wanted: Profile, learner: KnownLearner) -> bool:
    return voice.said.profile != wanted or wanted != learner.profile


def _update(
    precedence: Precedence, learner: KnownLearner, wanted: Profile, voices: Sequence[Voice], draft: Draft
) -> None:
    """One update with everything that is new, in the place of those the pages made."""
    before, after = difference(learner.profile, wanted)
    made = draft.of(Kind.UPDATE)
    for change in made[1:] if after else made:
        del draft.rows[Kind.UPDATE, change.key]
        rest = {name: value for name, value in change.data.items() if name not in ("set", "was")}
        if rest:
            draft.note(change.key, learner, change.why, rest)
    if not after:
        return
    source = precedence.source(next(iter(after)), voices) or voices[0]
    base = made[0] if made else Change(Kind.UPDATE, source.key, "", "", "", learner.id, {})
    data = {**base.data, "set": after, "was": before}
    why = in_words(before, after)
    draft.put(base._replace(email=wanted.email, name=wanted.full_name, why=why, data=data))


def _place_in_line(learner: KnownLearner, priority: int, voices: Sequence[Voice], draft: Draft) -> None:
    """Who waits does so at the best of the places their directories give them."""
    if learner.waiting_priority is None:
        return
    for place, change in list(draft.rows.items()):
        if "priority" in change.data and change.kind in (Kind.NOTE, Kind.UPDATE):
            draft.rows[place] = change._replace(data={**change.data, "priority": priority})
    if priority != learner.waiting_priority:
        draft.note(voices[0].key, learner, _REMEMBERED, {"priority": priority})


def create_together(
    precedence: Precedence, created: Change, joined: Sequence[Change], may_have: Callable[[str], bool]
) -> Change:
    """A newcomer's creation with what all their directories say."""
    own = Said(created.data["profile"], created.data["priority"])
    voices = [Voice(directory_of(created.key), created.key, own)]
    voices += [Voice(directory_of(c.key), c.key, Said.unpacked(c.data["identity"]["said"])) for c in joined]
    profile, priority = merge(precedence, voices)
    if profile.email != own.profile.email and not may_have(profile.email):
        profile = profile._replace(email=own.profile.email)
    if (profile, priority) == own:
        return created
    identity = {**created.data["identity"], "said": own.packed()}
    data = {**created.data, "profile": profile, "priority": priority, "identity": identity}
    return created._replace(email=profile.email, name=profile.full_name, data=data)


def keys_of(learner: KnownLearner, linked: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Every key under which this run may have put changes of a learner."""
    yield from (entry.key for entry in learner.identities)
    yield from (key for _, key in linked)
