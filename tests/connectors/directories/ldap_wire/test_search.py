"""Paging against servers that misbehave in ways no real one here does."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.directories.ldap_wire.ber import ENUMERATED, OCTETS, SEQUENCE, encode, encode_integer
from connectors.directories.ldap_wire.messages import DONE, ENTRY, Messages
from connectors.directories.ldap_wire.search import PAGED_RESULTS, Assertion, Search, answers, pages
from connectors.directories.ldap_wire.session import Session
from syncd.errors import ConfigError, Incomplete, SyncdError
from syncd.ports import UNHEARD, Answered, Calls
from tests.heard import Heard


class Wire:
    """In place of a socket: remembers what is sent, gives what was prepared."""

    def __init__(self, answer: bytes) -> None:
        self.sent: list[bytes] = []
        self._answer = answer

    def sendall(self, data: bytes) -> None:
        self.sent.append(data)

    def recv(self, size: int) -> bytes:
        piece, self._answer = self._answer[:size], self._answer[size:]
        return piece


def session_with(*messages: bytes, calls: Calls | None = None) -> tuple[Session, Wire]:
    wire = Wire(b"".join(messages))
    numbers = iter(range(1, 100))
    stub = SimpleNamespace(
        url="ldaps://dc1",
        calls=calls or UNHEARD,
        receive_timeout=60,
        socket=wire,
        messages=Messages(wire),  # type: ignore[arg-type]
        next_id=lambda: next(numbers),
    )
    return cast(Session, stub), wire


def entry(number: int, name: bytes = b"cn=x") -> bytes:
    return encode(SEQUENCE, encode_integer(number), encode(ENTRY, encode(OCTETS, name), encode(SEQUENCE)))


def done(number: int, code: int = 0, cookie: bytes | None = None) -> bytes:
    operation = encode(DONE, encode(ENUMERATED, bytes([code])), encode(OCTETS), encode(OCTETS))
    if cookie is None:
        return encode(SEQUENCE, encode_integer(number), operation)
    value = encode(SEQUENCE, encode_integer(0), encode(OCTETS, cookie))
    control = encode(SEQUENCE, encode(OCTETS, PAGED_RESULTS), encode(OCTETS, value))
    return encode(SEQUENCE, encode_integer(number), operation, encode(0xA0, control))


def heard(*messages: bytes) -> list[tuple[str, Answered]]:
    """The calls a search and one made all at once are heard as, whatever comes of them."""
    calls = Heard()
    for ask in (lambda s: list(pages(s, Search("dc=x"))), lambda s: list(answers(s, Search("dc=x"), []))):
        session, _ = session_with(*messages, calls=calls)
        with suppress(SyncdError):
            ask(session)
    return calls.calls


def sizes(session: Session, page_size: int = 3) -> list[int]:
    return [len(page.entries) for page in pages(session, Search("dc=x", page_size=page_size))]


def test_the_next_page_is_asked_for_before_this_one_is_handed_out() -> None:
    session, wire = session_with(entry(1), done(1, cookie=b"more"), entry(2), done(2, cookie=b""))
    reading = pages(session, Search("dc=x"))
    next(reading)
    assert len(wire.sent) == 2
    assert b"more" in wire.sent[1]
    assert [len(page.entries) for page in reading] == [1]


def test_a_server_that_does_not_page_is_read_in_portions() -> None:
    session, _ = session_with(*(entry(1) for _ in range(10)), done(1))
    assert sizes(session) == [4, 4, 2]


def test_an_empty_page_with_a_cookie_is_not_the_end() -> None:
    session, _ = session_with(done(1, cookie=b"a"), entry(2), done(2, cookie=b""))
    assert sizes(session) == [1]


def test_paging_in_a_circle_ends() -> None:
    session, _ = session_with(*(done(number, cookie=b"same") for number in range(1, 9)))
    with pytest.raises(Incomplete, match="circle"):
        sizes(session)


def test_an_answer_to_another_question_is_no_answer() -> None:
    session, _ = session_with(entry(7), done(1))
    with pytest.raises(Incomplete, match="message 7"):
        sizes(session)


def test_what_is_not_ldap_is_incomplete() -> None:
    session, _ = session_with(entry(1), b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
    with pytest.raises(Incomplete, match="not LDAP"):
        sizes(session)


def test_an_end_without_a_done_is_incomplete() -> None:
    session, _ = session_with(entry(1))
    with pytest.raises(Incomplete, match="ended the connection"):
        sizes(session)


def test_a_filter_ldap3_cannot_read_is_the_configuration_that_is_wrong() -> None:
    session, wire = session_with()
    with pytest.raises(ConfigError, match="filter"):
        list(pages(session, Search("dc=x", "(cn=")))
    assert wire.sent == []


def _filter(attribute: str, value: bytes) -> str:
    return f"({attribute}={''.join(f'{chr(92)}{byte:02x}' for byte in value)})"


@given(
    st.lists(
        st.builds(Assertion, st.sampled_from(["entryUUID", "objectGUID", "manager"]), st.binary(min_size=1)),
        min_size=1,
        max_size=30,
    )
)
def test_assertions_are_encoded_as_ldap3_encodes_a_filter_of_them(among: list[Assertion]) -> None:
    people = "(&(objectClass=person)(!(sn=Pr\\fcf*)))"
    either = f"(|{''.join(_filter(*one) for one in among)})"
    ours = Search("dc=test", people, ("mail",), among=among)
    theirs = Search("dc=test", f"(&{people}{either})", ("mail",))
    assert ours.message(7, []) == theirs.message(7, [])


@pytest.mark.parametrize(
    ("code", "answered"), [(0, Answered.OK), (51, Answered.THROTTLED), (53, Answered.REFUSED)]
)
def test_how_a_search_was_answered_is_heard(code: int, answered: Answered) -> None:
    assert heard(entry(1), entry(1), done(1, code)) == [("search", answered), ("changes", answered)]


def test_a_search_without_an_end_is_heard_as_failed() -> None:
    assert heard(entry(1)) == [("search", Answered.FAILED), ("changes", Answered.FAILED)]
    assert heard(b"HTTP/1.1")[0] == ("search", Answered.FAILED)


def test_every_page_is_heard_and_no_person() -> None:
    calls = Heard()
    full = [entry(1), entry(1), entry(1), done(1, cookie=b"more"), entry(2), done(2, cookie=b"")]
    session, _ = session_with(*full, calls=calls)
    assert sizes(session) == [3, 1]
    assert calls.calls == [("search", Answered.OK)] * 2
