"""Logs: one line an event on standard error, without secrets, and without e-mail addresses above debug."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from syncd.masking import MASK, without_secrets

_SECRET = re.compile(
    r"pass(word|wd|phrase)?$|pwd|secret|token|authori[sz]ation|credential|api.?key|cookie", re.I
)
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=/]+@(?=[^\s@<>\"'(),;:/]+\.)")
_ACTORS = ("requested_by",)  # user@host: whoever gives commands is named in every log
_TOLD = frozenset({"run_failed", "run_interrupted", "plan_held", "plan_still_held"})
_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
_LOUD = ("ldap3", "sqlalchemy", "alembic", "asyncio", "urllib3", "msal", "apprise")


def configure(*, level: str, json: bool, told: bool = False) -> None:
    """Log from `level` on. `told`: the command itself tells how it failed, so the log need not."""
    number: int = getattr(logging, level.upper())
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        discreet,
    ]
    if told:
        chain.insert(0, _leave_to_the_command)
    chain.append(
        structlog.processors.JSONRenderer(sort_keys=True, default=str)
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=True)
    )
    if _journal_reads():
        chain.append(_with_priority(chain.pop()))
    structlog.configure(
        processors=chain,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _bridge(number)


def _journal_reads() -> bool:
    """Whether standard error goes to systemd's journal: systemd.exec(5), JOURNAL_STREAM."""
    try:
        place = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{place.st_dev}:{place.st_ino}"


def _with_priority(render: Any) -> Processor:
    """Begin each line with its level as sd-daemon(3) has it, so that `journalctl -p warning` finds it."""

    def rendered(logger: WrappedLogger, method: str, event: EventDict) -> str:
        priority = _PRIORITIES.get(str(event.get("level")), 6)
        return f"<{priority}>{render(logger, method, event)}"

    return rendered


def discreet(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The last line of defence: masks what smells of a secret, and addresses in all but debug events."""
    return {key: _masked(key, value, addresses=method != "debug") for key, value in event.items()}


def _masked(key: str, value: Any, *, addresses: bool) -> Any:
    if _SECRET.search(key) and value:
        return MASK
    if isinstance(value, str):
        value = without_secrets(value)
        return _ADDRESS.sub(f"{MASK}@", value) if addresses and key not in _ACTORS else value
    if isinstance(value, Mapping):
        return {str(name): _masked(str(name), item, addresses=addresses) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked("", item, addresses=addresses) for item in value]
    if value is None or isinstance(value, (int, float)):
        return value
    return _masked(key, str(value), addresses=addresses)  # as it will be written


def _leave_to_the_command(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    if event.get("event") in _TOLD:
        raise structlog.DropEvent
    return event


class _Bridge(logging.Handler):
    """What libraries log, through the same defences. Their debug and info, full of data, never comes here."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        say = log.error if record.levelno >= logging.ERROR else log.warning
        say("library_warned", library=record.name, message=record.getMessage(), exc_info=record.exc_info)


def _bridge(level: int) -> None:
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, _Bridge)]
    root.addHandler(_Bridge(max(level, logging.WARNING)))
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
