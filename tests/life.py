"""The life of a company, as Hypothesis makes it up: people come, go and change, and things go wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from syncd.errors import Busy, Held, Incomplete
from syncd.facts import RunFacts
from syncd.model import ChangeState, Entry, RunState
from syncd.plan.leavers import Grace
from syncd.plan.policy import Matching
from syncd.plan.renewals import Start
from tests.company import DAY, Company, opened
from tests.contracts.memory import MemoryDirectory
from tests.truth import Truth, shape

HANDLES = st.sampled_from("abcd")
HOUR = 3600
PLACES = st.sampled_from([(0, 1), (0,), (1,)])
ORDERED = st.integers(1, 4)


class Cut(BaseException):
    """Somebody pulled the plug."""


class Failing:
    """A recorder that is cut off at its n-th batch: before it is recorded, or right after."""

    def __init__(self, real: object, at: int, *, recorded: bool) -> None:
        self._real = real
        self._left = at
        self._recorded = recorded

    def record(self, run: int, batch: Sequence[Entry], now: int, **options: bool) -> object:
        self._left -= 1
        if self._left == 0 and not self._recorded:
            raise Cut
        refused = self._real.record(run, batch, now, **options)  # type: ignore[attr-defined]
        if self._left == 0:
            raise Cut
        return refused


class Life(RuleBasedStateMachine):
    """Two directories, the second knows some people of the first. Subclasses say on which database."""

    url: str
    full_after = 0

    def __init__(self) -> None:
        super().__init__()
        directories = [MemoryDirectory("ad", page_size=3), MemoryDirectory("cloud", page_size=2)]
        for directory in directories:  # one that has nobody in it would hold every plan
            directory.add("keeper", email="keeper@example.com")
            directory.disable("keeper")
            directory.chatter = Random(1)
        self.company = Company(self.url, directories=directories, full_after=self.full_after)
        self.truth = Truth(self.company)

    def teardown(self) -> None:
        self.truth.close()
        self.company.register.close()

    @initialize(
        email=st.sampled_from([(), ("cloud",)]),
        last_name=st.sampled_from([(), ("cloud",)]),
        steady=st.booleans(),
    )
    def decide_whose_word_counts(
        self, email: tuple[str, ...], last_name: tuple[str, ...], steady: bool
    ) -> None:
        """`steady`: whether the clock of this company only ever goes on."""
        self.truth.steady = steady
        named = {"email": email, "last_name": last_name}
        precedence = {name: directories for name, directories in named.items() if directories}
        self.company.policy = replace(self.company.policy, matching=Matching(precedence=precedence))

    # -- what happens in the directories

    @rule(handle=HANDLES, places=PLACES, linked=st.booleans(), synced=st.booleans())
    def hire(self, handle: str, places: tuple[int, ...], linked: bool, synced: bool) -> None:
        for directory in self._at(places):
            if f"id-{handle}" not in directory.entries:
                links = ["guid:" + handle] if linked else []
                directory.add(f"id-{handle}", email=f"{handle}@example.com", first_name=handle, links=links)
        self._sync_if(synced)

    @rule(
        handle=HANDLES,
        places=PLACES,
        how=st.sampled_from(["disable", "enable", "remove"]),
        synced=st.booleans(),
    )
    def come_and_go(self, handle: str, places: tuple[int, ...], how: str, synced: bool) -> None:
        for directory in self._at(places):
            if f"id-{handle}" in directory.entries:
                getattr(directory, how)(f"id-{handle}")
        self._sync_if(synced)

    @rule(handle=HANDLES, places=PLACES, name=st.sampled_from(["Doe", "Roe"]))
    def marry(self, handle: str, places: tuple[int, ...], name: str) -> None:
        self._change(handle, places, last_name=name)

    @rule(handle=HANDLES, places=PLACES, address=st.sampled_from([*"abcdxy", "", "no"]), synced=st.booleans())
    def change_address(self, handle: str, places: tuple[int, ...], address: str, synced: bool) -> None:
        """To a free one, to a colleague's, or to none."""
        self._change(handle, places, email=f"{address}@example.com" if len(address) == 1 else address)
        self._sync_if(synced)

    @rule(places=PLACES, turn=st.integers(1, 3), synced=st.booleans())
    def pass_addresses_on(self, places: tuple[int, ...], turn: int, synced: bool) -> None:
        """Everybody takes the address of the one so many places further on."""
        for directory in self._at(places):
            staff = [entry for entry in directory.entries.values() if entry.id != "keeper"]
            for number, entry in enumerate(staff):
                previous = staff[(number + turn) % len(staff)]
                directory.change(entry.id, email=previous.attributes.get("email", ""))
        self._sync_if(synced)

    # -- what people do

    @rule(quantity=ORDERED)
    def order(self, quantity: int) -> None:
        self.company.order(quantity)

    @rule(handle=st.sampled_from("axy"))
    def add_by_hand(self, handle: str) -> None:
        self.truth.add_by_hand(f"{handle}@example.com")

    @rule(
        handles=st.lists(st.sampled_from("adxyz"), min_size=1, max_size=5),
        shown=st.booleans(),
        cut_at=st.integers(0, 3),
    )
    def add_from_a_file(self, handles: list[str], shown: bool, cut_at: int) -> None:
        """People of a file, perhaps looked at before; perhaps the plug is pulled meanwhile."""
        reviewed = self.company.add(*handles, apply=False).run if shown else None
        with self._cut(cut_at, recorded=cut_at % 2 == 0):
            facts = self.company.add(*handles, reviewed=reviewed)
            refused = self.company.register.journal.read(facts.run, state=ChangeState.REFUSED)
            assert list(refused) == []

    @rule(
        handle=st.sampled_from("abxy"),
        how=st.sampled_from([{}, {"release": True}, {"lifted": True}]),
        cut_at=st.integers(0, 1),
        recorded=st.booleans(),
    )
    def shut_out(self, handle: str, how: dict[str, bool], cut_at: int, recorded: bool) -> None:
        """By hand, or let in again; perhaps the plug is pulled meanwhile."""
        if self.truth.has(f"{handle}@example.com") and not self.truth.is_strange(f"{handle}@example.com"):
            with self._cut(cut_at, recorded=recorded):
                self.company.suspend(handle, **how)

    @rule(keep=st.sampled_from("abxy"), gone=st.sampled_from("abcz"), cut_at=st.integers(0, 1))
    def unite(self, keep: str, gone: str, cut_at: int) -> None:
        """Somebody says that two learners are one human; perhaps the plug is pulled meanwhile."""
        emails = [f"{handle}@example.com" for handle in (keep, gone)]
        if all(self.truth.has(email) and not self.truth.is_strange(email) for email in emails):
            numbers = [self.company.learner(handle).id for handle in (keep, gone)]
            with self._cut(cut_at, recorded=False):
                self.company.merge(*numbers)

    @rule(days=st.sampled_from([1, 14, 20, 200, 366]), synced=st.booleans())
    def wait(self, days: int, synced: bool) -> None:
        self.company.now += days * DAY
        self._sync_if(synced)

    @precondition(lambda self: not self.truth.steady)
    @rule(seconds=st.sampled_from([-HOUR, -DAY, -30 * DAY, HOUR, DAY, 30 * DAY]), synced=st.booleans())
    def set_the_clock(self, seconds: int, synced: bool) -> None:
        """Somebody does, or a virtual machine wakes up: ahead, or back."""
        self.company.now += seconds
        self._sync_if(synced)

    @rule(delete=st.booleans(), moves=st.sampled_from([None, None, 0, 1]), renews=st.booleans())
    def decide_otherwise(self, delete: bool, moves: int | None, renews: bool) -> None:
        """The admin changes what becomes of people who left, and of licenses."""
        seats = replace(self.company.policy.seats, max_moves=moves, renews=renews)
        grace = Grace(delete_after=150 * DAY if delete else None)
        self.company.policy = replace(self.company.policy, seats=seats, grace=grace)

    # -- what syncd does

    @rule()
    def sync(self) -> None:
        unlicensed, last = self.truth.unlicensed(), self.truth.last_allocation()
        unfinished = self.company.register.runs.interrupted()
        facts = self.company.sync()
        if not unfinished:  # nor a renewal that somebody asked for and a crash cut short
            unlicensed = set() if self.company.policy.seats.renews else unlicensed
            assert not unlicensed & self.truth.given_since(last), "what has ended is not renewed by itself"
            self.truth.check_nobody_who_left_was_given(last)
        self._check(facts)

    @rule()
    def two_daemons(self) -> None:
        """Two sync at the same moment: one works, the other leaves, or comes after it and finds nothing."""
        mine = self.company
        same = ("directories", "policy", "full_after", "platform")
        options = {name: getattr(mine, name) for name in same}
        with opened(self.url, now=mine.now, **options) as other, ThreadPoolExecutor(2) as pool:
            ended = [facts for facts in pool.map(_sync_unless_busy, (mine, other)) if facts]
        assert ended
        assert {facts.state for facts in ended} == {RunState.DONE}
        if any("merge" in facts.counts for facts in ended):  # left over: what comes of it, the next one says
            mine.sync()
        self._check_again()

    @rule(
        handles=st.lists(HANDLES, min_size=1, max_size=3, unique=True),
        days=st.sampled_from([0, 0, 60, 400]),
        start=st.sampled_from(Start),
        include_left=st.booleans(),
        wait=st.booleans(),
        cut_at=st.integers(0, 3),
    )
    def renew(
        self, handles: list[str], days: int, start: Start, include_left: bool, wait: bool, cut_at: int
    ) -> None:
        """Some licenses are renewed; perhaps the plug is pulled meanwhile."""
        there = [handle for handle in handles if self.truth.has(f"{handle}@example.com")]
        terms = {"within": days * DAY, "start": start, "include_left": include_left}
        with self._cut(cut_at, recorded=cut_at % 2 == 0):
            facts = self.company.renew(*there, wait=wait, **terms)
            refused = self.company.register.journal.read(facts.run, state=ChangeState.REFUSED)
            assert list(refused) == []

    @rule()
    def preview(self) -> None:
        before = self.truth.everything()
        self.company.plan()
        assert self.truth.everything() == before, "a preview writes nothing"

    @rule(handle=HANDLES, reviewed=st.booleans(), cut_at=st.integers(0, 3), recorded=st.booleans())
    def review(self, handle: str, reviewed: bool, cut_at: int, recorded: bool) -> None:
        """A plan is looked at; somebody may have been hired since; then it is applied, and again if cut."""
        run = self.company.plan().run
        if not reviewed:
            self.hire(handle, (0,), linked=False, synced=False)
        try:
            with self._cut(cut_at, recorded=recorded):
                facts = self.company.sync(reviewed=run)
            if self.company.register.runs.interrupted(applying=run):
                reviewed = True
                facts = self.company.sync(reviewed=run)
        except Held:
            assert not reviewed
        else:
            assert (facts.state, facts.refused) == (RunState.DONE, 0)

    @rule(places=PLACES, after=st.integers(0, 3))
    def break_off(self, places: tuple[int, ...], after: int) -> None:
        before = self.truth.everything()
        for directory in self._at(places):
            directory.break_after(after)
        try:
            self.company.sync()
        except Incomplete:
            assert self.truth.everything() == before, "half a directory changes nothing"
        finally:
            for directory in self._at(places):
                directory.mend()

    @rule(at=st.integers(1, 4), recorded=st.booleans())
    def cut_short(self, at: int, recorded: bool) -> None:
        with self._cut(at, recorded=recorded):
            self.company.sync()

    @rule(random=st.randoms(use_true_random=False), page=st.integers(1, 5))
    @precondition(lambda self: not self.truth.two_want_one_address())
    def read_in_another_order(self, random: Random, page: int) -> None:
        first = self._shape()
        for directory in self.company.directories:
            shuffled = list(directory.entries.items())
            random.shuffle(shuffled)
            directory.entries = dict(shuffled)
            directory.page_size = page
        assert self._shape() == first, "the same facts give the same plan"

    @contextmanager
    def _cut(self, at: int, *, recorded: bool) -> Iterator[None]:
        """The plug is pulled at that batch of two changes; 0: never."""
        register = self.company.register
        real = register.recorder
        register.recorder = Failing(real, at, recorded=recorded)  # type: ignore[assignment]
        try:
            with patch("syncd.run._BATCH", 2):
                yield
        except Cut:
            pass
        finally:
            register.recorder = real

    # -- what always holds

    @invariant()
    def seats_are_never_promised_twice(self) -> None:
        self.truth.check_seats()

    @invariant()
    def the_trail_told_again_is_what_there_is(self) -> None:
        self.truth.check_trail()

    @invariant()
    def who_is_not_managed_is_not_touched(self) -> None:
        self.truth.check_hand_added()

    def _check(self, facts: RunFacts) -> None:
        """What holds right after a run that went through."""
        if "merge" in facts.counts:  # what the two come to together, and who gets the seat, the next one says
            facts = self.company.sync()
        assert facts.state is RunState.DONE
        refused = self.company.register.journal.read(facts.run, state=ChangeState.REFUSED)
        assert list(refused) == [], "nobody else writes: nothing the plan said can fail"
        self.truth.check_everybody_is_accounted_for(facts)
        self.truth.check_line()
        self._check_again()

    def _check_again(self) -> None:
        again = self.company.sync()
        if "note" in again.counts:  # who speaks for somebody now has been read anew
            assert set(again.counts) <= {"skip", "note"}, "nothing happens to anybody"
            again = self.company.sync()
        assert set(again.counts) <= {"skip"}, "the second run is empty"

    def _shape(self, *, full: bool = False) -> object:
        known = self.truth.highest_learner()
        facts = self.company.plan(full=full)
        return shape(self.company.changes(facts), known), facts.wanted, facts.available, facts.waiting

    def _sync_if(self, synced: bool) -> None:
        if synced:
            self.sync()

    def _change(self, handle: str, places: tuple[int, ...], **attributes: str) -> None:
        for directory in self._at(places):
            if f"id-{handle}" in directory.entries:
                directory.change(f"id-{handle}", **attributes)

    def _at(self, places: tuple[int, ...]) -> list[MemoryDirectory]:
        return [self.company.directories[place] for place in places]


def _sync_unless_busy(company: Company) -> RunFacts | None:
    try:
        return company.sync()
    except Busy:
        return None


class LifeByChanges(Life):
    """As `Life`, where directories tell what has changed. That is all that reading everybody would find."""

    full_after = 30 * DAY

    @rule()
    def sync(self) -> None:
        assert self._shape() == self._shape(full=True), "the same facts, however they were read"
        super().sync()

    @rule(place=st.sampled_from([0, 1]))
    def forget(self, place: int) -> None:
        self.company.directories[place].forget()

    @rule()
    def read_whole(self) -> None:
        self._check(self.company.sync(full=True))

    def _check_again(self) -> None:
        self.company.sync()
        assert self._shape() == self._shape(full=True), "nothing was missed"
