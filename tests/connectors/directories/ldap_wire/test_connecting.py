"""Connecting and binding: which server is used, what is never tried, and every refusal in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.directories.ldap.face import LdapDirectory
from syncd.errors import ConfigError, Retriable, Unavailable
from syncd.ports import Answered
from tests.connectors.directories.ldap_reading import (
    Pauses,
    active_directory,
    bind,
    everybody,
    ldap_directory,
    ldap_options,
    request,
)
from tests.heard import Heard
from tests.servers.certificates import Authority
from tests.servers.ldap_admin import Account
from tests.servers.ldap_proxy import LdapProxy
from tests.servers.samba import Samba
from tests.servers.slapd import Slapd
from tests.servers.tcp import free_port, silent_server, tls_server

NOT_IT = "not-the-pass-phrase"


def failure(slapd: Slapd, **changes: Any) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        everybody(ldap_directory(slapd, **changes))
    return caught.value


def test_a_wrong_password_is_sent_once_and_to_one_server(
    samba: Samba, ldap_proxy: Callable[..., LdapProxy]
) -> None:
    first, second = ldap_proxy(samba), ldap_proxy(samba)
    account = Account(samba.sync_account.user, NOT_IT)
    with pytest.raises(Unavailable, match="password is wrong") as caught:
        everybody(active_directory(samba, servers=[first.url, second.url], bind=bind(account)))
    assert not isinstance(caught.value, Retriable)
    assert (first.connections, second.connections) == (1, 0)
    assert (
        NOT_IT not in f"{caught.value!r} {caught.value} {caught.value.next_step} {caught.value.__cause__!r}"
    )


def test_a_disabled_account_is_called_disabled(samba: Samba, samba_ou: str) -> None:
    dn = samba.add_person(
        "Former Reader", ou=samba_ou, password="Former-1", userPrincipalName="former@contoso.test"
    )
    samba.disable(dn)
    with pytest.raises(Unavailable, match="is disabled"):
        everybody(active_directory(samba, bind=bind(Account("former@contoso.test", "Former-1"))))


def test_openldap_refuses_credentials_in_words(slapd: Slapd) -> None:
    error = failure(slapd, bind=bind(Account(slapd.sync_account.user, NOT_IT)))
    assert "credentials refused" in error.message
    assert NOT_IT not in f"{error!r}{error.next_step}"


def test_the_second_server_is_used_when_the_first_is_down(slapd: Slapd) -> None:
    dead = f"ldaps://127.0.0.1:{free_port()}"
    assert len(everybody(ldap_directory(slapd, servers=[dead, slapd.url]))) == 40


def test_when_all_are_down_each_is_named_and_it_is_tried_again(slapd: Slapd) -> None:
    dead = [f"ldaps://127.0.0.1:{free_port()}" for _ in range(2)]
    pauses = Pauses()
    with pytest.raises(Retriable) as caught:
        everybody(LdapDirectory("campus", ldap_options(slapd, servers=dead), sleep=pauses))
    assert all(f"{url}: refused the connection" in caught.value.message for url in dead)
    assert len(pauses) == 2


def test_an_unknown_authority_is_named_as_the_trouble(slapd: Slapd, certificates: Authority) -> None:
    error = failure(slapd, tls={"ca_file": certificates.ca})
    assert "unknown authority" in error.message
    assert "tls.ca_file" in error.next_step
    assert not isinstance(error, Retriable)


def test_an_expired_certificate_is_named_as_the_trouble(slapd: Slapd, certificates: Authority) -> None:
    with tls_server(certificates.expired("127.0.0.1")) as server:
        error = failure(slapd, servers=f"ldaps://127.0.0.1:{server.port}", tls={"ca_file": certificates.ca})
    assert "has expired" in error.message


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_for_another_host_is_named_as_the_trouble(
    slapd: Slapd, certificates: Authority, host: str
) -> None:
    with tls_server(certificates.wrong_host()) as server:
        error = failure(slapd, servers=f"ldaps://{host}:{server.port}", tls={"ca_file": certificates.ca})
    assert "its certificate is" in error.message
    assert "tls.server_name" in error.next_step


def test_a_server_name_says_which_certificate_to_expect(slapd: Slapd) -> None:
    assert everybody(ldap_directory(slapd, tls={"ca_file": slapd.ca, "server_name": "ldap.contoso.test"}))
    assert (
        "its certificate is" in failure(slapd, tls={"ca_file": slapd.ca, "server_name": "other.test"}).message
    )


def test_certificates_are_ignored_only_when_told(slapd: Slapd) -> None:
    assert "unknown authority" in failure(slapd, tls={}).message
    assert everybody(ldap_directory(slapd, tls={"verify": False}))


def test_an_unreadable_ca_file_is_the_configuration_that_is_wrong(slapd: Slapd) -> None:
    with pytest.raises(ConfigError, match=r"tls\.ca_file"):
        everybody(ldap_directory(slapd, tls={"ca_file": "/nowhere/ca.pem"}))


def test_an_unknown_host_name_is_named_as_the_trouble(slapd: Slapd) -> None:
    assert "name is not known" in failure(slapd, servers="ldaps://dc.invalid").message


def test_tls_to_a_port_without_tls_is_named_as_the_trouble(slapd: Slapd) -> None:
    error = failure(slapd, servers=f"ldaps://127.0.0.1:{slapd.port}")
    assert "TLS" in error.message


def test_a_server_that_never_answers_is_given_up(slapd: Slapd) -> None:
    with silent_server() as port:
        error = failure(slapd, servers=f"ldap://127.0.0.1:{port}", receive_timeout="1s", tls={"start": True})
    assert "no answer within 1 s" in error.message


def test_start_tls_protects_a_plain_connection(slapd: Slapd, samba: Samba) -> None:
    slapd_tls, samba_tls = ({"start": True, "ca_file": server.ca} for server in (slapd, samba))
    assert len(everybody(ldap_directory(slapd, servers=slapd.plain_url, tls=slapd_tls))) == 40
    assert len(everybody(active_directory(samba, servers=samba.plain_url, tls=samba_tls))) == 40


def test_start_tls_checks_the_certificate_too(slapd: Slapd, certificates: Authority) -> None:
    error = failure(slapd, servers=slapd.plain_url, tls={"start": True, "ca_file": certificates.ca})
    assert "unknown authority" in error.message


def test_a_password_is_not_sent_readable_unless_told(slapd: Slapd) -> None:
    with pytest.raises(ValidationError, match="would travel readable"):
        ldap_options(slapd, servers=slapd.plain_url)
    allowed = ldap_directory(slapd, servers=slapd.plain_url, allow_clear_text_password=True)
    assert len(everybody(allowed)) == 40


def test_active_directory_asks_for_tls_in_words(samba: Samba) -> None:
    directory = active_directory(samba, servers=samba.plain_url, allow_clear_text_password=True)
    with pytest.raises(Unavailable, match="stronger authentication required") as caught:
        everybody(directory)
    assert "ldaps://" in caught.value.next_step


def test_nobody_may_bind_and_is_told_that_nothing_is_shown(slapd: Slapd) -> None:
    with pytest.raises(Unavailable, match="insufficient access"):
        everybody(ldap_directory(slapd, bind={"method": "anonymous"}))


def test_a_missing_password_is_the_configuration_that_is_wrong(slapd: Slapd) -> None:
    directory = ldap_directory(slapd, bind={"user": "cn=x", "password": {"env": "SYNCD_TEST_NOT_SET"}})
    with pytest.raises(ConfigError, match="SYNCD_TEST_NOT_SET"):
        everybody(directory, request())


def test_every_connection_is_heard_of_and_every_search(slapd: Slapd) -> None:
    dead = f"ldaps://127.0.0.1:{free_port()}"
    calls = Heard()
    options = ldap_options(slapd, servers=[dead, slapd.url], page_size=30)
    assert len(everybody(LdapDirectory("campus", options, calls=calls))) == 40
    assert calls.calls[:2] == [("connect", Answered.FAILED), ("connect", Answered.OK)]
    assert set(calls.calls[2:]) == {("search", Answered.OK)}
    assert len(calls.calls) < 10
    assert calls.pauses == []


def test_refused_credentials_are_heard_of_as_refused_and_a_dead_server_as_failed(slapd: Slapd) -> None:
    refused, failed, pauses = Heard(), Heard(), Pauses()
    wrong = ldap_options(slapd, bind=bind(Account(slapd.sync_account.user, NOT_IT)))
    dead = ldap_options(slapd, servers=[f"ldaps://127.0.0.1:{free_port()}"])
    for options, calls in ((wrong, refused), (dead, failed)):
        with pytest.raises(Unavailable):
            everybody(LdapDirectory("campus", options, calls=calls, sleep=pauses))
    assert (refused.calls, refused.pauses) == ([("connect", Answered.REFUSED)], [])
    assert failed.calls == [("connect", Answered.FAILED)] * 3
    assert failed.pauses == [(seconds, False) for seconds in pauses]
