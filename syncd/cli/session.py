"""Session: what every command starts from: the configuration, the application, who asks, and the screen."""

from __future__ import annotations

import gc
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli.screen import Screen
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from syncd.app import App
    from syncd.settings import Settings

PLACES = (Path("syncd.yaml"), Path("/etc/syncd/syncd.yaml"))


class Session:
    """One command's surroundings. `named`: the configuration was given with --config."""

    def __init__(self, path: Path | None, log_level: str, *, named: bool) -> None:
        self._path = path
        self._log_level = log_level
        self._named = named

    @cached_property
    def screen(self) -> Screen:
        return Screen()

    @cached_property
    def path(self) -> Path:
        """The configuration file. Raises `ConfigError` when there is none to be found."""
        if self._path is not None:
            return self._path
        found = next((place for place in PLACES if place.is_file()), None)
        if found is None:
            raise ConfigError(
                f"there is no configuration: neither {PLACES[0]} nor {PLACES[1]} exists",
                next_step="write one with `syncd init`, or name yours with --config FILE",
            )
        return found

    @cached_property
    def settings(self) -> Settings:
        """The settings; logging follows them from now on. Raises `ConfigProblems`."""
        from syncd import logs, settings

        logs.configure(level=self._log_level or "warning", json=not sys.stderr.isatty())
        loaded = settings.load(self.path)
        self._log_as(loaded, told=sys.stderr.isatty())
        return loaded

    def log_everything(self) -> None:
        """Log as configured also when somebody watches: the log is all this command has to tell."""
        self._log_as(self.settings, told=False)

    def _log_as(self, loaded: Settings, *, told: bool) -> None:
        """`told`: the command tells on the screen what it does, so that the log need not."""
        from syncd import logs

        logs.configure(
            level=self._log_level or ("warning" if told else loaded.log.level),
            json=loaded.log.format == "json" or (loaded.log.format == "auto" and not sys.stderr.isatty()),
            told=told and not self._log_level,
        )

    @contextmanager
    def app(self) -> Iterator[App]:
        """The application, open. What its database refuses is told in words."""
        from syncd.app import opened

        _spare_the_collector()
        with opened(self.settings) as app, app.register.errors_in_words():
            yield app

    def command(self, words: str) -> str:
        """`words` as the admin would type them to reach this same configuration."""
        given = f" -c {shlex.quote(str(self._path))}" if self._named else ""
        return f"syncd{given} {words}"


def _spare_the_collector() -> None:
    """A run makes many values and hardly a cycle: looking for one less often saves a sixth of its time."""
    gc.freeze()  # the libraries are there to stay
    gc.set_threshold(50_000, 20, 50)


def actor() -> str:
    """Who gives the command, for the record: user@host, also behind sudo."""
    return f"{os.environ.get('SUDO_USER') or _login()}@{socket.gethostname()}"


def _login() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container with a user id of its own
        return f"uid-{os.getuid()}"


pass_session = click.make_pass_decorator(Session)
