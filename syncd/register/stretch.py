"""A stretch of a plan, and how SQL reads what its changes say: the journal holds that as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, text

from syncd.model import PROFILE_FIELDS, Change, Kind


class Stretch(NamedTuple):
    """Neighbouring changes of one kind in the plan of a run, by the keys at both ends.

    Those marked as refused are not part of it.
    """

    run: int
    kind: Kind
    first: str
    last: str

    @classmethod
    def of(cls, run: int, group: Sequence[Change]) -> Stretch:
        return cls(run, group[0].kind, group[0].key, group[-1].key)


def execute(connection: Connection, statement: str, stretch: Stretch, **values: object) -> CursorResult[Any]:
    """Run a statement that selects from `{plan}`, which is the stretch, fields such as `{email}`."""
    words = text(statement.format_map(_SPEECH[connection.dialect.name]))
    return connection.execute(words, {**stretch._asdict(), "kind": int(stretch.kind), **values})


_STRETCH = """FROM changes WHERE run_id = :run AND kind = :kind AND "key" BETWEEN :first AND :last
    AND state <> 'refused'"""
_PLACES = {name: ("profile", str(place)) for place, name in enumerate(PROFILE_FIELDS)} | {
    name: ("identity", name) for name in ("directory", "key", "fingerprint", "fresh_until", "where")
}


def _sqlite() -> Mapping[str, str]:
    paths = {"profile": "$.profile[{}]", "identity": "$.identity.{}"}
    fields = {name: f"json_extract(data, '{paths[part].format(at)}')" for name, (part, at) in _PLACES.items()}
    return fields | {
        "fingerprint": f"unhex({fields['fingerprint']})",
        "links": "json_each(data, '$.identity.links')",
        "linked": "instr(data, '\"links\":')",  # costs less than to parse it all once more
        "plan": f'(SELECT learner_id, lot_id, "key", data {_STRETCH}) AS plan',
    }


def _postgresql() -> Mapping[str, str]:
    """Here OFFSET keeps the JSON from being parsed again for every column."""
    fields = {name: f"(data #>> '{{{part},{at}}}')" for name, (part, at) in _PLACES.items()}
    return fields | {
        "fingerprint": f"decode({fields['fingerprint']}, 'hex')",
        "links": "jsonb_array_elements_text(data #> '{identity,links}')",
        "linked": "data #> '{identity,links}' IS NOT NULL",
        "plan": f'(SELECT learner_id, lot_id, "key", data::jsonb AS data {_STRETCH} OFFSET 0) AS plan',
    }


_SPEECH = {"sqlite": _sqlite(), "postgresql": _postgresql()}
