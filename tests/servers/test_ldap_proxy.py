"""The proxy limits and breaks as Microsoft's servers and bad networks do; ldap3 is the witness."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ldap3
import pytest
from ldap3.core.exceptions import (
    LDAPBusyResult,
    LDAPCommunicationError,
    LDAPSessionTerminatedByServerError,
)

from tests.servers.ldap_limits import Limits
from tests.servers.ldap_proxy import Kind, LdapProxy, Trouble
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd

SMALL = Limits(page=10, values=15)
PEOPLE = "(&(objectClass=person)(employeeNumber=*))"
Proxied = Callable[..., LdapProxy]


def test_a_page_is_no_larger_than_allowed(slapd: Slapd, ldap_proxy: Proxied) -> None:
    with _reader(ldap_proxy(slapd, limits=SMALL), slapd) as connection:
        connection.search(slapd.staff, PEOPLE, attributes=["mail"], paged_size=500)
        assert len(connection.response) == 10
        assert connection.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]


def test_all_pages_together_are_everybody(slapd: Slapd, ldap_proxy: Proxied) -> None:
    with _reader(ldap_proxy(slapd, limits=SMALL), slapd) as connection:
        assert len(_paged(connection, slapd)) == slapd.people


def test_a_search_without_pages_is_cut_short(slapd: Slapd, ldap_proxy: Proxied) -> None:
    with _reader(ldap_proxy(slapd, limits=SMALL), slapd) as connection:
        connection.search(slapd.staff, PEOPLE, attributes=["mail"])
        assert (len(connection.response), connection.result["description"]) == (10, "sizeLimitExceeded")
        connection.search(slapd.staff, PEOPLE, attributes=["mail"], size_limit=3)
        assert (len(connection.response), connection.result["description"]) == (3, "sizeLimitExceeded")


@pytest.mark.parametrize("server", ["samba", "slapd"])
def test_values_come_in_ranges(server: str, request: pytest.FixtureRequest, ldap_proxy: Proxied) -> None:
    upstream = request.getfixturevalue(server)
    with _reader(ldap_proxy(upstream, limits=SMALL), upstream) as connection:
        everyone = upstream.group_dn("everyone")
        assert _values(connection, everyone, "member") == {"member": 0, "member;range=0-14": 15}
        assert _values(connection, everyone, "member;range=15-*") == {"member;range=15-29": 15}
        assert _values(connection, everyone, "member;range=30-44") == {"member;range=30-*": 10}
        assert _values(connection, everyone, "member;range=40-*") == {}


def test_few_values_come_as_they_are(slapd: Slapd, ldap_proxy: Proxied) -> None:
    with _reader(ldap_proxy(slapd, limits=SMALL), slapd) as connection:
        assert _values(connection, slapd.group_dn("chain-0"), "member") == {"member": 10}


def test_answers_encoded_as_active_directory_does_mean_the_same(samba: Samba, ldap_proxy: Proxied) -> None:
    with _reader(ldap_proxy(samba, long_lengths=True), samba) as connection:
        connection.search(samba.staff, "(objectClass=user)", attributes=["mail"])
        assert len(connection.response) == samba.people


def test_a_referral_comes_before_the_end(slapd: Slapd, ldap_proxy: Proxied) -> None:
    elsewhere = "ldap://child.contoso.test/dc=child,dc=contoso,dc=test"
    with _reader(ldap_proxy(slapd, referral=elsewhere), slapd) as connection:
        connection.search(slapd.staff, PEOPLE, attributes=["mail"])
        assert connection.response[-1]["uri"] == [elsewhere]
        assert len(connection.response) == slapd.people + 1


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.CUT_INSIDE, Kind.NOTICE])
def test_the_connection_ends_after_so_many_entries(slapd: Slapd, ldap_proxy: Proxied, kind: Kind) -> None:
    proxy = ldap_proxy(slapd, limits=SMALL)
    with _reader(proxy, slapd) as connection:
        proxy.arm(Trouble(kind, after_entries=25))
        expected = LDAPSessionTerminatedByServerError if kind is Kind.NOTICE else LDAPCommunicationError
        with pytest.raises(expected):
            _paged(connection, slapd)
    with _reader(proxy, slapd) as connection:
        assert len(_paged(connection, slapd)) == slapd.people
    assert proxy.connections == 2


def test_the_connection_ends_after_so_many_bytes(slapd: Slapd, ldap_proxy: Proxied) -> None:
    proxy = ldap_proxy(slapd)
    with _reader(proxy, slapd) as connection:
        proxy.arm(Trouble(Kind.CUT, after_bytes=1000))
        with pytest.raises(LDAPCommunicationError):
            _paged(connection, slapd)


def test_a_stalled_server_says_nothing_more(slapd: Slapd, ldap_proxy: Proxied) -> None:
    proxy = ldap_proxy(slapd)
    with _reader(proxy, slapd, receive_timeout=1) as connection:
        proxy.arm(Trouble(Kind.STALL, after_entries=5))
        with pytest.raises(LDAPCommunicationError):
            _paged(connection, slapd)


def test_a_busy_server_is_busy_as_often_as_asked(slapd: Slapd, ldap_proxy: Proxied) -> None:
    proxy = ldap_proxy(slapd)
    with _reader(proxy, slapd) as connection:
        proxy.arm(Trouble(Kind.RESULT, times=2))
        for _ in range(2):
            with pytest.raises(LDAPBusyResult):
                _paged(connection, slapd)
        assert len(_paged(connection, slapd)) == slapd.people


def test_trouble_with_reads_spares_searches(slapd: Slapd, ldap_proxy: Proxied) -> None:
    proxy = ldap_proxy(slapd)
    with _reader(proxy, slapd) as connection:
        proxy.arm(Trouble(Kind.RESULT, reads=True))
        assert len(_paged(connection, slapd)) == slapd.people
        with pytest.raises(LDAPBusyResult):
            _values(connection, slapd.group_dn("chain-0"), "member")


@contextmanager
def _reader(proxy: LdapProxy, server: Samba | Slapd, receive_timeout: int = 20) -> Iterator[ldap3.Connection]:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(server.ca))
    where = ldap3.Server(proxy.url, tls=tls, get_info=ldap3.NONE, connect_timeout=10)
    connection = ldap3.Connection(
        where,
        *server.sync_account,
        raise_exceptions=True,
        receive_timeout=receive_timeout,
        auto_referrals=False,
        auto_range=False,
        return_empty_attributes=False,
    )
    connection.bind()
    try:
        yield connection
    finally:
        connection.strategy.close()


def _paged(connection: ldap3.Connection, server: Slapd) -> list[Any]:
    return list(
        connection.extend.standard.paged_search(server.staff, PEOPLE, attributes=["mail"], paged_size=500)
    )


def _values(connection: ldap3.Connection, dn: str, attribute: str) -> dict[str, int]:
    """How many values came under each name."""
    connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[attribute])
    return {name: len(values or ()) for name, values in connection.response[0]["raw_attributes"].items()}
