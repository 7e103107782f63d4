"""One call to the platform: everything it takes, opened together and closed together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.http import Http
from connectors.platforms.scim.credentials import Credentials
from connectors.platforms.scim.features import Features, discover
from connectors.platforms.scim.finding import Finder
from connectors.platforms.scim.membership import Membership
from connectors.platforms.scim.options import ScimOptions
from connectors.platforms.scim.translate import PLACES, Translator
from connectors.platforms.scim.wire import Wire
from syncd.ports import UNHEARD, Calls


@dataclass(frozen=True, slots=True)
class Site:
    """The platform as long as one call lasts. `group` where membership carries the license."""

    options: ScimOptions
    wire: Wire
    features: Features
    translator: Translator
    finder: Finder
    group: Membership | None

    @property
    def members(self) -> Collection[str]:
        return self.group.members if self.group else ()


class Sites:
    """Opens the platform. Tokens, and which fields it keeps, are remembered from one call to the next."""

    def __init__(
        self, options: ScimOptions, calls: Calls = UNHEARD, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._options = options
        self._calls = calls
        self._sleep = sleep
        self._http = Http(options, calls)
        self.credentials = Credentials(options.auth, self._http)
        self.fields: Collection[str] = options.fields

    @contextmanager
    def opened(self) -> Iterator[Site]:
        """Raises as `Platform.deliver`."""
        options = self._options
        with self._http:
            wire = Wire(options, self._http, self.credentials, self._calls, self._sleep)
            features = discover(wire, bulk=options.bulk)
            self.fields = [name for name in options.fields if features.knows(PLACES[name])]
            translator = Translator(options, self.fields)
            name = options.license.group
            group = Membership(wire, features, name) if name else None
            yield Site(options, wire, features, translator, Finder(wire, features), group)
