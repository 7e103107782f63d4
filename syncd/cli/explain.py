"""`syncd explain`: why somebody has what they have, stop by stop."""

from __future__ import annotations

from dataclasses import asdict

import click

from syncd import explain as explaining
from syncd.cli import progress, table
from syncd.cli.endings import complain
from syncd.cli.screen import Screen
from syncd.cli.session import Session, actor, pass_session
from syncd.errors import ConfigError
from syncd.explain import Answer, Explanation
from syncd.words.wording import people

_MARKS = {True: ("✓", "good"), False: ("✗", "bad"), None: ("→", "")}


@click.command()
@click.argument("who")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@pass_session
@click.pass_context
def explain(ctx: click.Context, session: Session, who: str, as_json: bool) -> None:
    """Explain WHO: an e-mail address, part of a name, an id in the directory, or a DN.

    Reads every directory and plans without changing anybody. Exit code 2 when nobody, or more than
    one person, is meant.
    """
    if not who.strip():
        raise ConfigError("nobody is named", next_step="say an e-mail address, a name, an id or a DN")
    with session.app() as app, progress.shown() as report:
        answer = explaining.explain(app, who, actor(), report)
    if as_json:
        session.screen.json(_facts(answer))
    else:
        _show(session, who, answer)
    ctx.exit(0 if answer.people else ConfigError.exit_code)


def _show(session: Session, who: str, answer: Answer) -> None:
    for number, person in enumerate(answer.people):
        if number:
            session.screen.say()
        _person(session.screen, person)
    if answer.choices:
        session.screen.say(f"{people(len(answer.choices))} may be meant by {who}", "heading")
        rows = [(found.name, found.email, found.identity.directory, found.where) for found in answer.choices]
        table.show(session.screen, ("WHO", "E-MAIL", "DIRECTORY", "WHERE"), rows, indent="  ")
        session.screen.say("→ say the e-mail address, or the id in the directory")
    elif not answer.people:
        looked = ", ".join(f"{people(size)} in {name}" for name, size in answer.read.items())
        complain(
            f"nobody found for {who}: looked at {looked}, and at every learner's e-mail address",
            "check the spelling, or whether the configuration has them read",
        )


def _person(screen: Screen, person: Explanation) -> None:
    known = " · ".join(filter(None, (person.name, person.email, person.key)))
    screen.say(known, "heading")
    for stop in person.stops:
        mark, style = _MARKS[stop.ok]
        table.paragraph(
            screen, f"{mark} {stop.name:<10} {stop.verdict}", style, indent="  ", hanging=" " * 15
        )
        table.facts(screen, stop.details, indent=" " * 15)


def _facts(answer: Answer) -> dict[str, object]:
    return {
        "people": [
            {**asdict(person), "stops": [{**asdict(s), "details": dict(s.details)} for s in person.stops]}
            for person in answer.people
        ],
        "choices": [
            {
                "directory": f.identity.directory,
                "id": f.identity.id,
                "where": f.where,
                "name": f.name,
                "email": f.email,
            }
            for f in answer.choices
        ],
        "read": dict(answer.read),
    }
