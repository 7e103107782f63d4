"""Conflicts: when what is known of somebody points at more than one learner. Nobody guesses.

Each is a skip that names both, with the values, and what to do next; neither is changed. `data` of the
change has `conflict`: the keys of the others, so that whoever shows it can tell their names.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncd.model import Change, Kind, Profile
from syncd.plan.candidate import Candidate
from syncd.plan.drafting import draft, own_words
from syncd.plan.places import directory_of
from syncd.plan.roster import KnownLearner

_SORT_OUT = "correct it in the directory, or exclude one of them from the scope"


def skip(
    candidate: Candidate, why: str, rivals: Sequence[str] = (), known: KnownLearner | None = None
) -> Change:
    """Left untouched, and named as a conflict."""
    profile = candidate.profile or (known.profile if known else Profile(email=""))
    data = {"where": candidate.where, "conflict": list(rivals)}
    return draft(Kind.SKIP, candidate, profile, why, known.id if known else None, data)


def in_words(known: KnownLearner) -> str:
    """A learner by number, name and address."""
    name = known.profile.full_name
    return f"learner {known.id} ({name + ', ' if name else ''}{known.profile.email})"


def two_learners(one: tuple[str, str], other: tuple[str, str]) -> str:
    """Link values of one person lead to two learners; each is (value, whom it leads to)."""
    return f"its link values lead to two people: {one[0]} to {one[1]}, {other[0]} to {other[1]}; {_SORT_OUT}"


def shared_value(value: str, one: str, other: str) -> str:
    """Several people of one directory have the value."""
    return f"the link value {value} is shared by {one} and {other}; {_SORT_OUT}"


def link_against_address(value: str, one: str, email: str, other: str) -> str:
    """The link says one, the address says another."""
    return f"the link value {value} leads to {one}, the e-mail address {email} to {other}; {_SORT_OUT}"


def place_taken(by: str, whom: str, directory: str, there: str) -> str:
    """Somebody else of the directory is that learner already. `by`: what led to them."""
    return f"leads to {whom} by {by}; but in {directory} that is {there} already; {_SORT_OUT}"


def two_for_one(by: str, whom: str, other: str) -> str:
    """Two newcomers of one directory lead to one learner in the same way."""
    return f"leads to {whom} by {by}, and so does {other}: nobody guesses which; {_SORT_OUT}"


def known_apart(known: KnownLearner, value: str, other: str) -> str:
    """Both are learners already; the link says that they are one person."""
    return (
        f"is {in_words(known)}, but the link value {value} leads to {other}: two learners, two licenses; "
        "exclude one of the two identities from the scope: its learner is suspended, and the license freed"
    )


def left_out(value: str, other: str) -> str:
    """The same person as somebody who is left out of this run."""
    return f"is {other} by the link value {value}, and that one is left out: see why there"


def address_of_two(email: str, other: str) -> str:
    """Two newcomers of two directories have the address, and addresses tell nobody who is who."""
    return f"shares the address {email} with {other}, and match.by has no email to make them one; {_SORT_OUT}"


def address_taken(why: str, email: str, holder: KnownLearner | None) -> str:
    """Linked they would speak for the learner, but their address is somebody else's."""
    other = in_words(holder) if holder else "somebody else in this sync"
    return f"{why}; but the e-mail address {email} belongs to {other}; {_SORT_OUT}"


def left_to(known: KnownLearner, joined: Change) -> Change:
    """Who joined a newcomer that turns out to be a learner, in a directory that has the learner already."""
    directory = directory_of(joined.key)
    there = next(entry.key for entry in known.identities if entry.identity.directory == directory)
    why = place_taken("what they share", in_words(known), directory, there)
    email, name = own_words(joined)
    data = {"where": joined.data["identity"]["where"], "conflict": [there]}
    return Change(Kind.SKIP, joined.key, email, name, why, data=data)
