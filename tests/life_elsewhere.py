"""The life of a company whose learners live on a platform of its own, which goes wrong as it can."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from syncd.comparing import differences
from syncd.facts import RunFacts
from syncd.model import Kind, Profile, RunState
from tests.contracts.memory_platform import ListingPlatform, MemoryPlatform
from tests.life import HANDLES, PLACES, Life

ADDRESSES = st.sampled_from([f"{handle}@example.com" for handle in "abcdxyz"])


class LifeElsewhere(Life):
    """In a calm moment the platform has everybody as the register has them."""

    def __init__(self) -> None:
        super().__init__()
        self.platform: MemoryPlatform = ListingPlatform()
        self.company.platform = self.platform
        self.company.register.close()
        self.company.__post_init__()  # a register that knows of the platform

    # -- what goes wrong there

    @rule(after=st.integers(0, 3))
    def platform_away(self, after: int) -> None:
        self.platform.down(after=after)
        assert self.company.sync().state is RunState.DONE
        self.platform.mend()

    @rule(address=ADDRESSES, arrived=st.booleans())
    def answer_lost(self, address: str, arrived: bool) -> None:
        (self.platform.lose_answer if arrived else self.platform.lose_request)(address)

    @rule(address=ADDRESSES)
    def somebody_refused(self, address: str) -> None:
        self.platform.refuse(address, "not to its taste")
        assert self.company.sync().state is RunState.DONE
        self.platform.mend()

    @rule(seats=st.integers(0, 2))
    def no_seats_there(self, seats: int) -> None:
        self.platform.exhaust_after(seats)
        assert self.company.sync().state is RunState.DONE
        self.platform.mend()

    @rule(handle=HANDLES, how=st.sampled_from(["active", "license", "name", "gone"]))
    def edited_there(self, handle: str, how: str) -> None:
        there = self.platform.by_email(f"{handle}@example.com")
        if there is None:
            return
        if how == "gone":
            del self.platform.learners[there.account]
            return
        edited = {
            "active": {"active": not there.active},
            "license": {"licensed": False, "ends_at": None},
            "name": {"profile": Profile(there.profile.email, "Somebody", "Else")},
        }
        self.platform.learners[there.account] = replace(there, **edited[how])  # type: ignore[arg-type]

    @rule(places=PLACES, after=st.integers(0, 3))
    def break_off(self, places: tuple[int, ...], after: int) -> None:
        """What is left over goes out before anything is read, and may be settled by that."""
        if self.company.register.gauges.read(self.company.now).undelivered:
            self.company.sync()
        super().break_off(places=places, after=after)

    # -- what always holds

    def _check(self, facts: RunFacts) -> None:
        """In a calm moment everything is delivered; whoever was edited there is put right."""
        if facts.undelivered or facts.refused:
            facts = self.company.sync()
        super()._check(facts)
        self.company.sync(full=True)
        again = self.company.sync(full=True)
        assert again.counts.keys() <= {"skip", "note", "repair"}
        self.check_platform(self._swapped(again))

    def _swapped(self, facts: RunFacts) -> set[int | None]:
        """Learners whose addresses the platform has the other way round: it cannot be told of one alone."""
        repairs = [*self.company.register.journal.read(facts.run, kinds=[Kind.REPAIR])]
        assert all("belongs to account" in entry.outcome for entry in repairs), "it is put right once"
        return {entry.change.learner for entry in repairs}

    def check_platform(self, swapped: set[int | None]) -> None:
        """Everybody who should be there is, as the register has them, and nobody is there twice."""
        register, platform = self.company.register, self.platform
        assert register.gauges.read(self.company.now).undelivered == 0
        numbers = [account.learner for account in platform.learners.values()]
        assert len(numbers) == len(set(numbers)), "nobody has two accounts"
        for page in register.deliveries.expected(1000):
            there = platform.read_back(page)
            for wanted in page:
                differing = differences(wanted, there[wanted.id], platform.keeps)
                assert differing == () or wanted.learner in swapped, wanted
