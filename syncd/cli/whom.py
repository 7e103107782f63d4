"""Whom: the learners an argument of a command means."""

from __future__ import annotations

from syncd.app import App
from syncd.cli.session import Session
from syncd.errors import ConfigError
from syncd.register.learners import LearnerRecord


def found(app: App, search: str, license_: str, account: str, limit: int) -> list[LearnerRecord]:
    find = app.register.learners.find
    return list(find(search=search, license_=license_, account=account, now=app.clock(), limit=limit))


def one(app: App, who: str, session: Session) -> LearnerRecord:
    """The learner `who` means. Raises `ConfigError` for nobody, or several."""
    learner = app.register.learners.get(who, app.clock())
    if learner is not None:
        return learner
    named = found(app, who, "", "", 11)
    if len(named) == 1:
        return named[0]
    if not named:
        raise ConfigError(
            f"there is no learner {who}",
            next_step=f"`{session.command(f'explain {who!r}')}` looks for them in the directories",
        )
    listed = ", ".join(f"{entry.profile.email} ({entry.id})" for entry in named[:10])
    raise ConfigError(
        f"{who} may be {listed}{', …' if len(named) > 10 else ''}",
        next_step="say the e-mail address or number",
    )
