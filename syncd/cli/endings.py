"""Endings: what a command that did not go through tells, and the exit code it leaves.

SyncdError        its message and its next step, its exit code; never a traceback
interrupted       130 (or 143, when asked to terminate)
anything else     a short message; the details are logged; exit code 1
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import click

from syncd.cli.screen import clean, is_utf8
from syncd.errors import SyncdError
from syncd.masking import without_secrets


class Terminated(KeyboardInterrupt):
    """SIGTERM: as a Ctrl-C, from whoever runs us."""


def terminate(_signal: int, _frame: object) -> NoReturn:
    """The handler of SIGTERM: whatever is open is rolled back and recorded before we end."""
    raise Terminated


@contextmanager
def in_words(ctx: click.Context) -> Iterator[None]:
    """Everything a command raises becomes words on standard error and an exit code."""
    try:
        yield
        sys.stdout.flush()
    except SyncdError as exc:
        complain(exc.message, exc.next_step)
        ctx.exit(exc.exit_code)
    except (KeyboardInterrupt, click.Abort) as exc:
        complain("interrupted" if not isinstance(exc, Terminated) else "asked to terminate")
        ctx.exit(code_of(exc))
    except (click.exceptions.Exit, click.ClickException, BrokenPipeError):
        raise
    except OSError as exc:
        complain(f"{exc.filename or 'the output'}: {exc.strerror or exc}")
        with suppress(OSError):  # else Python tries once more as it ends, and leaves an exit code of its own
            sys.stdout.close()
        ctx.exit(4)
    except Exception as exc:  # noqa: BLE001 - the last stop: logged in full, told in short
        _unexpected(exc)
        ctx.exit(1)


def complain(message: str, next_step: str = "") -> None:
    """One block on standard error: what is wrong, and what to do. It may repeat what a library says."""
    first, *others = message.split("\n")
    lines = [f"syncd: {first}", *(f"       {line}" for line in others)]
    if next_step:
        lines.append(f"{'→' if is_utf8(sys.stderr) else '->'} {next_step}")
    click.echo("\n".join(clean(without_secrets(line)) for line in lines), err=True)


def code_of(exc: BaseException) -> int:
    """The exit code of an interruption, as shells have it: 128 and the signal's number."""
    return 143 if isinstance(exc, Terminated) else 130


def _unexpected(exc: Exception) -> None:
    import structlog

    from syncd import logs

    if not structlog.is_configured():  # it has not come as far as the configuration, or needs none
        logs.configure(level="warning", json=not sys.stderr.isatty())
    structlog.get_logger().error("command_failed", exc_info=exc)
    complain(
        f"unexpected error ({type(exc).__name__}); this is a mistake in syncd",
        "please report it, with the log entry command_failed; the next sync finishes one that was cut short",
    )
