"""Additions: people whom somebody adds by hand, one of them or a file full.

    a row unlike the header, a value that is a formula or too long  -> skip
    no e-mail address, or one that is none                          -> skip
    an address that stands further up, or is a learner's            -> skip
    otherwise                                                       -> create; seats are dealt after

They have no identity in a directory, so that no sync ever updates, suspends or releases them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from syncd.errors import Skipped
from syncd.model import PROFILE_FIELDS, Change, DirectoryUser, Identity, Kind, Profile
from syncd.plan import mapping
from syncd.plan.mapping import FieldRule
from syncd.plan.roster import KnownLearner

LONGEST = 256
ROLES = ("learner", "manager")
_RULES = {name: FieldRule(first_of=(name,)) for name in PROFILE_FIELDS[:-1]}
_NOBODY = Identity("", "")


class Row(NamedTuple):
    """Somebody to add, as typed: `values` by profile field. `where`: the line of a file they stand on.

    `wrong`: why the line cannot be used. `key`: that of the plan which had them before.
    """

    values: Mapping[str, str]
    where: str = ""
    wrong: str = ""
    key: str = ""


def judge(row: Row) -> Profile:
    """The profile of somebody to add. Raises `Skipped`."""
    if row.wrong:
        raise Skipped(row.wrong)
    for name, value in row.values.items():
        if _is_formula(value):
            raise Skipped(f"the {_in_words(name)} {value[:40]!r} is a formula to a spreadsheet")
        if len(value) > LONGEST:
            raise Skipped(f"the {_in_words(name)} has more than {LONGEST} characters")
    role = row.values.get("role", "").strip().lower() or ROLES[0]
    if role not in ROLES:
        raise Skipped(f"the role {role!r} is neither learner nor manager")
    if not row.values.get("email", "").strip():
        raise Skipped("has no e-mail address")
    typed = {name: (value,) for name, value in row.values.items() if value}
    return mapping.apply(_RULES, DirectoryUser(_NOBODY, row.where, enabled=True, attributes=typed), role=role)


def create(row: Row, key: str, profile: Profile, learner: int, priority: int) -> Change:
    data = {"profile": profile, "priority": priority, "where": row.where}
    why = row.where or "added by hand"
    return Change(Kind.CREATE, key, profile.email, profile.full_name, why, learner, data)


def skip(row: Row, key: str, why: str, learner: int | None = None) -> Change:
    email = row.values.get("email", "").strip()[:LONGEST]
    return Change(Kind.SKIP, key, email, row.where, why, learner, {"where": row.where})


def taken(holder: KnownLearner) -> str:
    """Why an address cannot be added: it is this learner's."""
    name = holder.profile.full_name
    return f"is a learner already: number {holder.id}{f', {name}' if name else ''}"


def _is_formula(value: str) -> bool:
    """As spreadsheets judge it; a lone sign is how some write "none"."""
    text = value.lstrip()
    return len(text) > 1 and text[0] in "=+-@"


def _in_words(name: str) -> str:
    return "e-mail address" if name == "email" else name.replace("_", " ")
