"""The `Platform` of a Moodle site, which also tells when its token ends where that is configured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from datetime import time as time_of_day

from connectors.http import Http
from connectors.platforms.moodle.checking import check
from connectors.platforms.moodle.delivering import Delivering
from connectors.platforms.moodle.options import MoodleOptions
from connectors.platforms.moodle.site import Way
from connectors.platforms.moodle.translate import Translator
from syncd.model import Finding, Outcome
from syncd.ports import UNHEARD, Calls, Delivery, Ending, PlatformLearner


class MoodlePlatform:
    """Learners as accounts of one site, known by their ID number."""

    def __init__(
        self,
        name: str,
        options: MoodleOptions,
        *,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._options = options
        self._way = Way(options, Http(options, calls), calls, sleep, now)
        dated = ("license", "ends_at") if options.fields.license_ends else ()
        licensed = dated or (("license",) if options.license.cohort else ())
        self.keeps = (*Translator(options).keeps, *licensed)

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        if not deliveries:
            return
        with self._way.opened() as site:
            yield from Delivering(site).deliver(deliveries)

    def read_back(self, deliveries: Sequence[Delivery]) -> Mapping[str, PlatformLearner | None]:
        with self._way.opened() as site:
            key = site.translator.key
            there = site.accounts.by("idnumber", (key(one.learner) for one in deliveries)).accounts
            found: dict[str, PlatformLearner | None] = {}
            for one in deliveries:
                account = next(iter(there.get(key(one.learner), ())), None)
                licensed = site.licensing.has(account) if account else None
                found[one.id] = site.translator.learner(account, one, licensed=licensed) if account else None
            return found

    def check(self) -> Iterator[Finding]:
        with self._way.opened() as site:
            yield from check(site)

    def endings(self) -> Sequence[Ending]:
        """The token's, where the admin has said it: Moodle does not tell."""
        day = self._options.token_expires
        if day is None:
            return ()
        return (Ending("the web service token", int(datetime.combine(day, time_of_day(), UTC).timestamp())),)
