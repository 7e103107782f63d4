"""The `Platform` of a subscription plan of Open edX."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from connectors.http import Http
from connectors.platforms.open_edx.checking import check
from connectors.platforms.open_edx.delivering import Delivering, look
from connectors.platforms.open_edx.licenses import Held, Known, found
from connectors.platforms.open_edx.options import OpenEdxOptions
from connectors.platforms.open_edx.wire import LicenseManager
from syncd.model import Finding, Outcome
from syncd.ports import UNHEARD, Calls, Delivery, PlatformLearner


class OpenEdx:
    """Licenses of one plan, each the assignment of an address. Nothing else of anybody is kept there."""

    keeps = ("email", "license")

    def __init__(
        self,
        name: str,
        options: OpenEdxOptions,
        *,
        calls: Calls = UNHEARD,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._options = options
        self._calls = calls
        self._sleep = sleep
        self._asked: dict[str, int] = {}

    def deliver(self, deliveries: Sequence[Delivery]) -> Iterator[Outcome]:
        if not deliveries:
            return
        adopts, size = self._options.adopt_by_email, self._options.batch_size
        with self._opened() as manager:
            yield from Delivering(manager, self._asked, adopts=adopts, size=size).carry(deliveries)

    def read_back(self, deliveries: Sequence[Delivery]) -> Mapping[str, PlatformLearner | None]:
        """Of the suspended, and of whoever has no license: that they have none there, too."""
        if not deliveries:
            return {}
        with self._opened() as manager:
            manager.plan()  # a plan that is not there has no licenses, and lists them
            held = Held(look(manager, deliveries))
        known = Known(self._asked, self._options.adopt_by_email)
        return {one.id: found(one, held, known) for one in deliveries}

    def check(self) -> Iterator[Finding]:
        with self._opened() as manager:
            yield from check(self._options, manager)

    @contextmanager
    def _opened(self) -> Iterator[LicenseManager]:
        with Http(self._options, self._calls) as http:
            yield LicenseManager(self._options, http, self._calls, self._sleep)
