"""One human in two directories is one learner with one license: whatever the order, whoever comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.company import Company, opened
from tests.hybrid import NAMES, Humans, directories
from tests.servers.postgresql import Postgresql

_IN_MEMORY = Path("/dev/shm")
_CHECKED = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
HUMANS = st.integers(1, 4)
PLACES = st.sampled_from(NAMES)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(["Ann", "Bo"]),
        "department": st.sampled_from(["Sales", "IT"]),
        "last_name": st.just("Doe"),
    },
)
HAPPENINGS = st.one_of(
    st.tuples(st.just("put"), HUMANS, PLACES, FACTS, st.booleans()),
    st.tuples(st.just("make_anew"), HUMANS, PLACES, FACTS, st.booleans()),
    st.tuples(st.just("delete"), HUMANS, PLACES),
    st.tuples(st.just("disable"), HUMANS, PLACES),
    st.tuples(st.just("sync")),
)
ORDERS = st.permutations(NAMES)
PRECEDENCE = st.dictionaries(
    st.sampled_from(["email", "first_name", "department"]),
    st.lists(PLACES, min_size=1, max_size=2, unique=True),
)
WORLDS = given(
    order=ORDERS,
    precedence=PRECEDENCE,
    happenings=st.lists(HAPPENINGS, max_size=14),
    random=st.randoms(use_true_random=False),
)


def live(
    url: str,
    order: Sequence[str],
    precedence: Mapping[str, Sequence[str]],
    happenings: Sequence[tuple[object, ...]],
    random: Random,
) -> None:
    """Whatever happens, in whatever order: every human is one learner after every sync."""
    with opened(url, directories=directories(order=order)) as company:
        company.order(50)
        humans = Humans(company, precedence)
        for what, *about in [*happenings, ("sync",)]:
            happen(humans, what, about)
            shuffle(company, random)


def happen(humans: Humans, what: object, about: list[object]) -> None:
    if what == "sync":
        humans.check()
        return
    human, name = int(str(about[0])), str(about[1])
    if what in ("put", "make_anew"):
        facts = dict(about[2])  # type: ignore[call-overload]
        if about[3]:  # the same address on both sides
            facts["email"] = f"h{human}@example.com"
        getattr(humans, str(what))(human, name, **facts)
    elif what == "delete":
        humans.delete(human, name)
    elif humans.entry(human, name) is not None:
        humans.directory(name).disable(humans.id_of(human, name))


def shuffle(company: Company, random: Random) -> None:
    """The order in which a directory gives its people, and how many at once, is of no account."""
    for directory in company.directories:
        people = [*directory.entries.items()]
        random.shuffle(people)
        directory.entries = dict(people)
        directory.page_size = random.randint(1, 4)


def test_every_human_is_one_learner_on_sqlite(tmp_path: Path) -> None:
    place = str(_IN_MEMORY if _IN_MEMORY.is_dir() else tmp_path)

    @settings(_CHECKED, max_examples=150)
    @WORLDS
    def worlds(**world: object) -> None:
        with TemporaryDirectory(prefix="syncd-", dir=place) as folder:
            live(f"sqlite:///{folder}/syncd.db", **world)  # type: ignore[arg-type]

    worlds()


def test_every_human_is_one_learner_on_postgresql(postgresql: Postgresql) -> None:
    @settings(_CHECKED, max_examples=20)
    @WORLDS
    def worlds(**world: object) -> None:
        with postgresql.database() as url:
            live(url, **world)  # type: ignore[arg-type]

    worlds()
