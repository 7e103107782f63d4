"""What the screen shows of names from anywhere: aligned, cut by what they take, and harmless."""

from __future__ import annotations

import io

import pytest
from wcwidth import width

from syncd.cli import table
from syncd.cli.screen import Screen, clean

NAMES = ["Ann Doe", "田中 悠希", "נועה בן עמי", "👩‍💻 Zoë", "Nguyễn Thị Lan", "مريم", "x" * 70]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    return Terminal()


def test_columns_line_up_whatever_the_script(terminal: Terminal) -> None:
    table.show(Screen(terminal), ("WHO", "E-MAIL", "WHY"), [(name, "a@b.c", "why") for name in NAMES])
    lines = terminal.getvalue().splitlines()
    starts = {width(line[: line.index("a@b.c")]) for line in lines[1:]}
    assert len(starts) == 1
    assert max(width(line) for line in lines) <= 60
    assert "…" in lines[-1]


def test_piped_nothing_is_cut() -> None:
    out = io.StringIO()
    table.show(Screen(out), ("WHO", "E-MAIL"), [("x" * 300, "y" * 300)])
    assert "x" * 300 + "  " + "y" * 300 in out.getvalue()


def test_a_column_that_folds_goes_on_below(terminal: Terminal) -> None:
    why = "shares the address reception@example.com with people.csv, id 31"
    table.show(
        Screen(terminal), ("WHO", "E-MAIL", "WHY"), [("Fatou Diallo", "r@example.com", why)], folds=True
    )
    text = terminal.getvalue()
    assert "…" not in text
    assert " ".join(text.split()).endswith("people.csv, id 31")


def test_what_is_long_leaves_room_for_the_one_that_folds(terminal: Terminal) -> None:
    where = f"CN=Fatou Diallo,{'OU=Somewhere deep below,' * 4}DC=example,DC=com"
    why = "has no e-mail address (looked in: mail, proxyAddresses); give them one in the directory"
    table.show(Screen(terminal), ("WHO", "E-MAIL", "WHY"), [(where, "", why)], folds=True)
    text = terminal.getvalue()
    assert "CN=Fatou Diallo" in text
    assert len(text.splitlines()) <= 5, "as much room as the name has, not a quarter of the window"


def test_a_command_is_never_folded(terminal: Terminal) -> None:
    table.paragraph(
        Screen(terminal), f"{'word ' * 10}`syncd -c /etc/syncd/syncd.yaml licenses request 6` now"
    )
    assert "`syncd -c /etc/syncd/syncd.yaml licenses request 6`" in terminal.getvalue()


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "a\x07b", "\u202egnp.exe", "\x9b31m", "\u2066x", "a\rb", "a\x00"]
)
def test_a_name_cannot_steer_the_terminal(text: str) -> None:
    assert clean(text).isprintable()


def test_joiners_that_scripts_need_are_kept() -> None:
    assert clean("👩‍💻") == "👩‍💻"


def test_empty_columns_are_left_out() -> None:
    out = io.StringIO()
    table.show(Screen(out), ("WHO", "E-MAIL", "ENDS"), [("Ann", "", "2027")])
    assert out.getvalue().splitlines() == ["WHO  ENDS", "Ann  2027"]


def test_a_plain_screen_gets_plain_signs() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", errors="replace")
    Screen(out).say("✓ works → next …")
    out.flush()
    assert out.buffer.getvalue() == b"ok works -> next ...\n"


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    colourful, piped = Terminal(), io.StringIO()
    Screen(colourful).say("works", "good")
    Screen(piped).say("works", "good")
    assert "\x1b[32m" in colourful.getvalue()
    assert piped.getvalue() == "works\n"
