"""One site, for the length of one call of the port: the parts that talk to it, put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.http import Http
from connectors.platforms.moodle.accounts import Accounts
from connectors.platforms.moodle.iomad import ByIomad
from connectors.platforms.moodle.licensing import ByAccount, ByCohort, Licensing
from connectors.platforms.moodle.options import MoodleOptions
from connectors.platforms.moodle.translate import Translator
from connectors.platforms.moodle.wire import Moodle
from syncd.ports import Calls


@dataclass(frozen=True, slots=True)
class Site:
    options: MoodleOptions
    moodle: Moodle
    accounts: Accounts
    translator: Translator
    licensing: Licensing


@dataclass(frozen=True, slots=True)
class Way:
    """How a site is reached."""

    options: MoodleOptions
    http: Http
    calls: Calls
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time

    @contextmanager
    def opened(self) -> Iterator[Site]:
        """Connects when first asked something; leaves no connection open."""
        options = self.options
        with self.http as http:
            moodle = Moodle(options, http, self.calls, self.sleep)
            accounts, translator = Accounts(moodle, options.batch), Translator(options)
            licensing: Licensing = ByAccount()
            if options.license.cohort is not None:
                licensing = ByCohort(moodle, options.license.cohort)
            elif options.license.iomad is not None:
                licensing = ByIomad(moodle, options.license.iomad, accounts, translator, self.now)
            yield Site(options, moodle, accounts, translator, licensing)
