"""A line on which a server rings: who does not want to, who has gone without a word, and what is no ring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from connectors.directories.ldap.syncrepl import Syncrepl
from connectors.directories.ldap_wire.listening import LdapLine
from connectors.directories.ldap_wire.search import Search, control
from connectors.directories.ldap_wire.session import open_session
from syncd.errors import Incomplete, SyncdError, Unavailable
from tests.connectors.directories.ldap_reading import (
    active_directory,
    ad_options,
    bind,
    ldap_directory,
    ldap_options,
    request,
)
from tests.contracts.doorbell import rings
from tests.servers.ldap_proxy import Kind, LdapProxy, Trouble
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd

NOTIFICATION = b"1.2.840.113556.1.4.528"


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def opened(slapd: Slapd, clock: Clock, **options: object) -> Iterator[LdapLine]:
    """A line to hear of people by, and no groups."""
    with open_session(ldap_options(slapd, **options)) as session:
        asked = Syncrepl().bell(session, slapd.base, "(objectClass=inetOrgPerson)")
        line = LdapLine(session, *asked, clock=clock)
        line.open()
        yield line


def refusal(search: Search, oid: bytes, **server: object) -> SyncdError:
    options = ad_options(**server) if "samba" in server else ldap_options(**server)  # type: ignore[arg-type]
    with open_session(options) as session:
        line = LdapLine(session, search, [control(oid, critical=True)])
        with pytest.raises(Unavailable) as caught:
            line.open()
    return caught.value


def test_a_server_that_does_not_know_how_to_ring_is_no_passing_trouble(slapd: Slapd, samba: Samba) -> None:
    unknown = refusal(Search(slapd.base), b"1.2.3.4.5", server=slapd)
    picky = refusal(Search(samba.base, "(cn=ann)"), NOTIFICATION, samba=samba)
    assert "does not ring: critical extension not available" in unknown.message
    assert "does not ring: the server is unwilling" in picky.message
    assert not isinstance(unknown, Incomplete)
    assert not isinstance(picky, Incomplete)


def test_a_ring_that_would_have_everybody_read_is_not_listened_for(samba: Samba, slapd: Slapd) -> None:
    blunt = active_directory(samba, bind=bind(samba.sync_account))
    with pytest.raises(Unavailable, match="cannot tell what has changed") as caught, blunt.listen(request()):
        pass
    assert "deleted objects" in caught.value.next_step
    referring = ldap_directory(slapd)
    with pytest.raises(Unavailable) as caught, referring.listen(request("manager.mail")):
        pass
    assert "not while the configuration uses manager.mail" in caught.value.next_step


def test_check_says_whether_it_rings(samba: Samba, samba_ou: str, slapd: Slapd) -> None:
    samba.add_person("Ann Lee", ou=samba_ou)
    follower = active_directory(samba, base_dn=samba_ou, bind=bind(samba.following_account))
    for directory in (follower, ldap_directory(slapd)):
        *_, last = directory.check(request())
        assert (last.part, last.ok) == ("doorbell", True)
        assert "rings" in last.message
    *_, last = active_directory(samba, base_dn=samba_ou).check(request())
    assert (last.part, last.ok) == ("changes", True)
    assert "reads everybody" in last.message


@pytest.mark.parametrize(
    ("asked", "options", "why"),
    [
        ("manager.mail", {}, "not while the configuration uses manager.mail"),
        ("memberOf", {}, "not while the configuration uses memberOf"),
        ("mail", {"id_attribute": "uid"}, "not while id_attribute is uid: the server tells of entryuuid"),
    ],
)
def test_check_says_what_of_the_configuration_has_everybody_read(
    slapd: Slapd, asked: str, options: dict[str, str], why: str
) -> None:
    """And does not send whoever asks to a server that is set up as it should be."""
    *_, last = ldap_directory(slapd, **options).check(request(asked))
    assert (last.part, last.ok) == ("changes", True)
    assert last.next_step.startswith(why)


def test_what_happens_to_others_is_no_ring(slapd: Slapd, slapd_ou: str) -> None:
    with opened(slapd, Clock()) as line:
        slapd.add_group("Not-a-Person", ou=slapd_ou)
        assert not line.wait(0.5)
        slapd.add_person("Ann Lee", ou=slapd_ou)
        assert rings(line)


def test_a_line_is_idle_for_longer_than_an_answer_may_take(
    slapd: Slapd, slapd_ou: str, ldap_proxy: Callable[..., LdapProxy]
) -> None:
    """`receive_timeout` is for answers. A server that says that it is there may have nothing else to say."""
    clock = Clock()
    proxy = ldap_proxy(slapd)
    with opened(slapd, clock, servers=proxy.url, receive_timeout="1s") as line:
        for _ in range(20):
            clock.now += 40
            assert not line.wait(0)  # the server is asked whether it is there …
            while line._question is not None:  # … and takes its time to say so
                assert not line.wait(0.1)
        assert proxy.searches >= 20
        slapd.add_person("Ann Lee", ou=slapd_ou)
        assert rings(line)


def test_a_server_that_has_gone_without_a_word_is_noticed(
    slapd: Slapd, ldap_proxy: Callable[..., LdapProxy]
) -> None:
    clock = Clock()
    proxy = ldap_proxy(slapd)
    with opened(slapd, clock, servers=proxy.url) as line:
        proxy.arm(Trouble(Kind.STALL, reads=True))
        assert not line.wait(0)
        clock.now += 31  # it is asked whether it is there …
        assert not line.wait(0.2)
        clock.now += 61  # … and has had `receive_timeout` to say so
        with pytest.raises(Incomplete, match="sent nothing for 60 s"):
            line.wait(0)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Kind.CUT, "ended the connection"),
        (Kind.CUT_INSIDE, "ended the connection"),
        (Kind.NOTICE, "the server is shutting down"),
        (Kind.RESULT, "rings no more: the server is busy"),
    ],
)
def test_a_line_that_ends_says_so(
    slapd: Slapd, slapd_ou: str, ldap_proxy: Callable[..., LdapProxy], kind: Kind, words: str
) -> None:
    proxy = ldap_proxy(slapd)
    with opened(slapd, Clock(), servers=proxy.url) as line:
        proxy.arm(Trouble(kind))
        slapd.add_person("Ann Lee", ou=slapd_ou)
        with pytest.raises(Incomplete, match=words):
            any(line.wait(1) for _ in range(30))
