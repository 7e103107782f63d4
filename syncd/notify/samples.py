"""Samples: facts of every event as the decision itself makes them, for previews and for trying templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from syncd.licensing import due
from syncd.licensing.notices import (
    Credential,
    Ended,
    Event,
    Inputs,
    LastRun,
    LearnerNews,
    Line,
    LotNews,
    OrderNews,
    Person,
    ShortfallAhead,
    Situation,
)

NOW = 1_800_000_000
_PEOPLE = (
    Person("Amara Okafor", "amara.okafor@example.com"),
    Person("Jürgen Groß", "juergen.gross@example.com"),
    Person("Samira Qureshi", "samira.qureshi@example.com"),
)
_LEARNER = LearnerNews(7, *_PEOPLE[0], "en", "premium", NOW + 3 * due.DAY)
_SITUATION = Situation(
    orders=(
        OrderNews(4, "premium", 50, "PO-1042", "new office", "", "ada@contoso", NOW - 3600),
        OrderNews(
            3, "premium", 50, "PO-1041", "", "40 were paid", "grace@vendor", NOW, 40, NOW + 365 * due.DAY
        ),
    ),
    lots=(LotNews(1, 1, "premium", 120, 112, NOW - 360 * due.DAY, NOW + 7 * due.DAY, 112, _PEOPLE),),
    line=Line("premium", 6, NOW - 5 * due.DAY, 0, 0, (), _PEOPLE),
    ended=Ended(23, _PEOPLE),
    ending=(_LEARNER,),
    newcomers=(_LEARNER,),
)
_HELD = LastRun(17, NOW, objections=(("suspensions", "would suspend 31 people; the limit is 5%"),))
_FAILED = LastRun(
    18,
    NOW,
    "no server can be used: ldaps://dc1.contoso.com: refused the connection",
    next_step="check the port, and that the server runs",
)
_INPUTS = Inputs(
    forecast=(ShortfallAhead("premium", NOW + 21 * due.DAY, 14),),
    credentials=(Credential("cloud", "client secret", NOW + 7 * due.DAY),),
)
_RULES = due.Rules(learner_expiry=(3, 0), welcome=True)


def _facts() -> Mapping[Event, Mapping[str, Any]]:
    found: dict[Event, Mapping[str, Any]] = {}
    for run in (_HELD, _FAILED):
        situation = Situation(
            _SITUATION.orders,
            _SITUATION.lots,
            _SITUATION.line,
            _SITUATION.ended,
            run,
            _SITUATION.ending,
            _SITUATION.newcomers,
        )
        decision = due.decide(situation, _INPUTS, _RULES, (), NOW, UTC)
        found |= {notice.key.event: notice.facts for notice in decision.new if notice.told}
    return found


SAMPLES = _facts()
