"""Which slots somebody has, as text in a custom field."""

from __future__ import annotations

import pytest

from connectors.platforms.moodle.slots import Slots


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("7:3,5?", Slots(7, (3,), (5,))),
        ("7:3", Slots(7, (3,))),
        ("7:", Slots(7)),
        ("", Slots(7)),
        ("8:3", Slots(7)),
        ("77:3", Slots(7)),
        ("7:x,?,3", Slots(7, (3,))),
        ("by hand", Slots(7)),
    ],
)
def test_the_text_is_read(text: str, slots: Slots) -> None:
    assert Slots.read(text, 7) == slots


def test_what_is_written_is_read_again() -> None:
    slots = Slots(7, (3,)).asking((5, 6))
    assert str(slots) == "7:3,5?,6?"
    assert str(slots.having(5)) == "7:3,5,6?"
    assert Slots.read(str(slots), 7) == slots
    assert slots.missing((3, 5, 9)) == (5, 9)
