"""Loading: a YAML file becomes settings, or every reason why it cannot.

read ─> sections ─> directories, platform (each by its connector) ─> checks across sections ─> policy, salts
  └──────────┴──────────────────────┴── problems are collected ────────┘
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from syncd.plan.policy import Policy
from syncd.settings.checks import cautions, contradictions
from syncd.settings.directories import Entry, read_entries
from syncd.settings.document import Document, read_document
from syncd.settings.platform import PlatformSettings, read_platform
from syncd.settings.problems import ConfigProblems, Problem, in_order
from syncd.settings.rules import rules
from syncd.settings.salt import salt_of
from syncd.settings.sections import ConfigFile
from syncd.settings.settings import DirectorySettings, Settings
from syncd.settings.wording import problems_of

_REQUIRED = {"company": "unknown", "directories": ({},)}


def load(path: Path) -> Settings:
    """The settings in the YAML file at `path`. Raises `ConfigProblems` with every problem there is."""
    document = read_document(path)
    folder = path.parent.absolute()
    config, problems = _sections(document, folder)
    entries, wrong = read_entries(document, folder)
    platform, unfit = read_platform(document, folder)
    problems = [*problems, *wrong, *unfit, *contradictions(document, config, entries)]
    unread = {problem.where for problem in document.problems if problem.where}
    problems = [*document.problems, *(problem for problem in problems if problem.where not in unread)]
    if platform is None or problems:
        raise ConfigProblems(problems)
    return _settings(document, config, entries, platform)


def _sections(document: Document, folder: Path) -> tuple[ConfigFile, list[Problem]]:
    """The sections that are right, those that are wrong as if they had been left out; and what is wrong."""
    context = {"folder": folder}
    try:
        return ConfigFile.model_validate(document.data, context=context), []
    except ValidationError as exc:
        wrong = {step for detail in exc.errors() for step in detail["loc"][:1]}
        right = {key: value for key, value in document.data.items() if key not in wrong}
        problems = list(problems_of(document, exc, ConfigFile))
        return ConfigFile.model_validate({**_REQUIRED, **right}, context=context), problems


def _settings(
    document: Document, config: ConfigFile, entries: Sequence[Entry], platform: PlatformSettings
) -> Settings:
    policy = _policy(config, entries)
    return Settings(
        path=document.path,
        company=config.company,
        zone=ZoneInfo(config.timezone),
        directories=tuple(DirectorySettings(entry.name, entry.type, entry.options) for entry in entries),
        platform=platform.in_zone(config.timezone),
        log=config.log,
        schedule=config.schedule,
        http=config.http,
        policy=policy,
        database=config.database,
        salts={entry.name: salt_of(policy, entry.name, entry.type, entry.options) for entry in entries},
        request=config.licenses.request.policy(),
        notify=config.notify,
        traces=config.traces,
        warnings=in_order(cautions(document, config, entries, platform)),
    )


def _policy(config: ConfigFile, entries: Sequence[Entry]) -> Policy:
    return Policy(
        scope=config.scope.scope(),
        mapping={entry.name: entry.field_rules(config.mapping) for entry in entries},
        managers=rules(config.managers),
        priority=rules(config.licenses.priority),
        matching=config.match.matching(),
        grace=config.leavers.grace(),
        seats=config.licenses.seats(),
        limits=config.guard.limits(),
    )
