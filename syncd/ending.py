"""How a run that did not come to its end is told and recorded.

asked to stop, changes left         interrupted   the next run finishes it
asked to stop before the first      failed        nothing was changed
its process died                    either        the next run writes that down for it
anything else                       either        an error, with its next step
"""

from __future__ import annotations

from traceback import clear_frames

import structlog

from syncd.errors import ASKED_TO_STOP, INTERRUPTED, SyncdError
from syncd.facts import RunFacts
from syncd.masking import without_secrets
from syncd.model import RunState
from syncd.register_port import Register

_log = structlog.get_logger()


def end_badly(register: Register, facts: RunFacts, now: int, exc: BaseException) -> None:
    """Leave a record of how the run ended, where the database still lets us."""
    cause: BaseException | None = exc
    while cause is not None:  # an interrupted statement keeps the database locked through its frames
        clear_frames(cause.__traceback__)
        cause = cause.__cause__
    applying = facts.state is RunState.APPLYING
    facts.state = RunState.INTERRUPTED if applying else RunState.FAILED
    told = _in_words(exc)
    message, facts.next_step = without_secrets(told.message), without_secrets(told.next_step)
    if told.message in ASKED_TO_STOP:
        next_step = "the next run finishes it" if applying else "nothing was changed; the next run sees to it"
        _log.warning("run_interrupted", reason=told.message, next_step=next_step, **facts.for_log())
    else:
        _log.error("run_failed", reason=told.message, next_step=told.next_step, **facts.for_log())
    try:
        with register.errors_in_words():
            register.runs.end(facts.run, facts.state, now, facts.as_dict(), message)
    except SyncdError as unrecorded:
        _log.error("run_record_not_written", reason=unrecorded.message)


def note_the_dead(register: Register) -> None:
    """Tell and record which runs ended without a word. Only the holder of the lock can know."""
    for run, state in register.runs.abandoned():
        left = state is RunState.INTERRUPTED
        next_step = "the next sync finishes it" if left else "nothing was changed"
        _log.warning("run_cut_short", run=run, reason="its process died", next_step=next_step)


def _in_words(exc: BaseException) -> SyncdError:
    if isinstance(exc, SyncdError):
        return exc
    by_signal = isinstance(exc, KeyboardInterrupt | SystemExit)
    return SyncdError(INTERRUPTED if by_signal else type(exc).__name__)
