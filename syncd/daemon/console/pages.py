"""Pages: which there are, who may see them, and what makes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from syncd.daemon.console import deciding, forecast, learners, licenses, overview, runs
from syncd.daemon.console.visit import Answer, Visit
from syncd.settings.http import Role

_NUMBER = r"[1-9][0-9]{0,17}"  # fits into a database's


class Way(NamedTuple):
    """How a page is asked for, and by whom; `posts`: a form that changes something."""

    pattern: re.Pattern[str]
    make: Callable[[Visit], Answer]
    role: Role = Role.VIEWER
    posts: bool = False


def _way(
    pattern: str, make: Callable[[Visit], Answer], role: Role = Role.VIEWER, *, posts: bool = False
) -> Way:
    return Way(re.compile(pattern), make, role, posts)


_WAYS = (
    _way("/?", overview.show),
    _way("/runs", runs.show_list),
    _way(f"/runs/(?P<run>{_NUMBER})", runs.show),
    _way(f"/runs/(?P<run>{_NUMBER})/(?P<word>approve|reject)", deciding.ask, Role.OPERATOR),
    _way(f"/runs/(?P<run>{_NUMBER})/(?P<word>approve|reject)", deciding.decide, Role.OPERATOR, posts=True),
    _way("/sync", deciding.sync, Role.OPERATOR, posts=True),
    _way("/learners", learners.show_list),
    _way(f"/learners/(?P<number>{_NUMBER})", learners.show),
    _way("/licenses", licenses.show),
    _way("/forecast", forecast.show),
)


def find(path: str, *, posts: bool) -> tuple[Way, Mapping[str, str]] | None:
    """The page at this path, below the console's own, and what the path names."""
    for way in _WAYS:
        if way.posts is posts and (found := way.pattern.fullmatch(path)):
            return way, found.groupdict()
    return None
