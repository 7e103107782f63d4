"""The `Platform` that speaks SCIM 2.0, which also lists its accounts and tells when its token ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from connectors.platforms.scim.checking import check
from connectors.platforms.scim.delivering import Delivering
from connectors.platforms.scim.listing import ours
from connectors.platforms.scim.options import ScimOptions
from connectors.platforms.scim.site import Sites
from connectors.platforms.scim.translate import Translator
from syncd.model import Finding, Outcome
from syncd.ports import UNHEARD, Calls, Delivery, Ending, PlatformLearner


class Scim:
    """Learners as users of one SCIM server, known by the `externalId` we gave them."""

    def __init__(
        self,
        name: str,
        options: ScimOptions,
        *,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._options = options
        self._sites = Sites(options, calls, sleep)

    @property
    def keeps(self) -> Collection[str]:
        return Translator(self._options, self._sites.fields).keeps

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        if deliveries:
            with self._sites.opened() as site:
                yield from Delivering(site).deliver(deliveries)

    def read_back(self, deliveries: Sequence[Delivery]) -> Mapping[str, PlatformLearner | None]:
        with self._sites.opened() as site:
            keys = {delivery.id: site.translator.key(delivery.learner) for delivery in deliveries}
            found = site.finder.by_key(list(keys.values()))
            return {
                id_: site.translator.learner(found[key][0], site.members) if found[key] else None
                for id_, key in keys.items()
            }

    def everybody(self) -> Iterator[Sequence[PlatformLearner]]:
        with self._sites.opened() as site:
            for page in ours(site.wire, site.translator):
                yield [site.translator.learner(one, site.members) for one in page]

    def check(self) -> Iterator[Finding]:
        return check(self._sites, self._options)

    def endings(self) -> Sequence[Ending]:
        return self._sites.credentials.endings()
