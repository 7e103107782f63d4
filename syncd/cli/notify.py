"""`syncd notify`: what was told to whom, a round by hand, a test of every way out, and how texts look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.app import App
from syncd.cli import table
from syncd.cli.session import Session, pass_session
from syncd.dates import iso, moment
from syncd.errors import ConfigError, Unavailable
from syncd.licensing.notices import TO_LEARNERS, Event, Posting, PostingState
from syncd.settings.notify import LANGUAGES
from syncd.words.wording import many

if TYPE_CHECKING:
    from syncd.notify.outbox import Tally
    from syncd.notify.texts import Written

_json = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
_STATES = {
    PostingState.PENDING: "waits",
    PostingState.SENT: "sent",
    PostingState.REFUSED: "refused",
    PostingState.GIVEN_UP: "given up",
}


@click.group()
def notify() -> None:
    """See who was told what, tell what is due, try the ways out.

    Notices are sent after every sync and when licenses are requested or assigned.
    """


@notify.command("list")
@click.option("--state", type=click.Choice([str(state) for state in PostingState]), default=None)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@_json
@pass_session
def list_(session: Session, state: str | None, limit: int, as_json: bool) -> None:
    """List notices, newest first, with what became of each."""
    with session.app() as app:
        found, counts = app.register.notices.list(limit, state or ""), app.register.notices.counts()
    if as_json:
        session.screen.json([_facts(posting) for posting in found])
        return
    screen, zone = session.screen, session.settings.zone
    if not found:
        screen.say("Nobody has been told anything yet." if not counts else "There are none in this state.")
        if not session.settings.notify.is_on:
            screen.say("→ no notices are configured: see `notify` in the configuration")
        return
    headings = ("FOUND", "NOTICE", "ABOUT", "TO", "STATE", "WHEN", "TRIES", "WHY")
    rows = [
        (
            moment(posting.found_at, zone),
            str(posting.key.event),
            " ".join(filter(None, (posting.key.subject, posting.key.threshold))),
            _to(posting),
            _STATES[posting.state],
            moment(posting.sent_at if posting.sent_at else _next(posting), zone),
            str(posting.attempts or ""),
            posting.error if posting.state is not PostingState.SENT else "",
        )
        for posting in found
    ]
    table.show(screen, headings, rows, right=(6,), folds=True)
    lost = counts.get(PostingState.REFUSED, 0) + counts.get(PostingState.GIVEN_UP, 0)
    if lost:
        again = session.command("notify send --failed")
        screen.say(f"→ {many(lost, 'notice')} did not arrive; once that is repaired: `{again}`")


@notify.command()
@click.option("--failed", is_flag=True, help="Also once more what was refused or given up.")
@_json
@pass_session
@click.pass_context
def send(ctx: click.Context, session: Session, failed: bool, as_json: bool) -> None:
    """Send what is due, and whatever waits.

    For a timer where nothing else runs, or after a repair.

    Exit codes: 0 done, 4 something could not be sent yet.
    """
    with session.app() as app:
        _require(app)
        app.register.notices.hurry(app.clock())
        if failed:
            app.register.notices.again(app.clock())
        tally = app.round().run(app.inputs())
        if as_json:
            session.screen.json(_counts(tally))
        else:
            _say(session, tally)
    if tally.troubles:
        ctx.exit(Unavailable.exit_code)


@notify.command()
@_json
@pass_session
@click.pass_context
def test(ctx: click.Context, session: Session, as_json: bool) -> None:
    """Send a test message to every target, and say which took it. Learners get none.

    Exit codes: 0 every target took it, 4 one did not.
    """
    found = []
    with session.app() as app:
        _require(app)
        for finding in app.round().test():
            found.append(finding)
            if not as_json:
                mark, style = ("✓", "good") if finding.ok else ("✗", "bad")
                words = f"{mark} {finding.part}: {finding.message}"
                table.paragraph(session.screen, words, style, hanging="  ")
    if as_json:
        session.screen.json([{"to": each.part, "ok": each.ok, "message": each.message} for each in found])
    elif not found:
        session.screen.say("There is no target to test: only learners are told, and they get no test.")
    if not all(finding.ok for finding in found):
        ctx.exit(Unavailable.exit_code)


@notify.command()
@click.argument("event", type=click.Choice([str(event) for event in Event]), metavar="EVENT")
@click.option("--html", is_flag=True, help="The HTML instead of the text.")
@click.option("--language", type=str, default="", help=f"Another language, such as {LANGUAGES[-1]}.")
@click.option("--output", type=click.Path(path_type=Path), help="Write it to this file.")
@pass_session
def preview(session: Session, event: str, html: bool, language: str, output: Path | None) -> None:
    """Show how EVENT is told, with made-up facts. Nothing is sent.

    Events: order_requested, order_assigned, usage, shortfall, forecast, expiry, renewal_gap, held, failed,
    credentials, learner_expiry, welcome.
    """
    written = _sample(session, event, language)
    text = written.html if html else f"Subject: {written.subject}\n\n{written.text}"
    if output is None:
        for line in text.rstrip("\n").split("\n"):
            session.screen.say(line)
        return
    output.write_text(text, encoding="utf-8")
    session.screen.say(f"Written to {output}.", "good")


def _sample(session: Session, event: str, language: str) -> Written:
    from syncd.notify.round import texts
    from syncd.notify.samples import NOW, SAMPLES
    from syncd.notify.texts import Told

    told = [Told(event, SAMPLES[Event(event)], NOW)]
    personal = Event(event) in TO_LEARNERS
    return texts(session.settings).write(told, NOW, personal=personal, language=language)


def _require(app: App) -> None:
    if not app.settings.notify.is_on:
        raise ConfigError(
            f"{app.settings.path} tells nobody: there is no target in notify.to",
            next_step="add one; config/notify.yaml is an example",
        )


def _say(session: Session, tally: Tally) -> None:
    screen = session.screen
    if tally.busy:
        screen.say("Another process is sending; what it leaves, the next round sends.", "warn")
        return
    waits = f", {tally.deferred:,} wait for another try" if tally.deferred else ""
    lost = tally.refused + tally.given_up
    screen.say(
        f"{many(tally.sent, 'notice')} sent{waits}{f', {lost:,} did not arrive' if lost else ''}.",
        "good" if not tally.troubles else "warn",
    )
    for service, why in tally.troubles.items():
        table.paragraph(screen, f"✗ {service}: {why}", "bad", hanging="  ")
    if tally.troubles:
        screen.say(f"→ one by one: `{session.command('notify list')}`")


def _counts(tally: Tally) -> dict[str, object]:
    names = ("found", "sent", "deferred", "refused", "given_up", "troubles", "busy")
    return {name: getattr(tally, name) for name in names}


def _facts(posting: Posting) -> dict[str, object]:
    return {
        "id": posting.id,
        "event": str(posting.key.event),
        "subject": posting.key.subject,
        "threshold": posting.key.threshold,
        "channel": posting.address.channel,
        "to": posting.address.recipient,
        "state": str(posting.state),
        "found_at": iso(posting.found_at),
        "sent_at": iso(posting.sent_at),
        "next_try_at": iso(_next(posting)),
        "attempts": posting.attempts,
        "message": posting.message,
        "error": posting.error,
    }


def _next(posting: Posting) -> int | None:
    return posting.next_try_at if posting.state is PostingState.PENDING else None


def _to(posting: Posting) -> str:
    address = posting.address
    return address.recipient if address.channel == "mail" else f"{address.channel} {address.recipient}"
