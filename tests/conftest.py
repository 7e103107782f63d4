"""Fixtures every test may ask for: real servers, one of each a run, and a fresh database each test.

A server that cannot run here skips its tests, and one line at the end says so; with CI=true they fail.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from tests.servers.availability import reason_missing
from tests.servers.certificates import Authority
from tests.servers.ds389 import Ds389
from tests.servers.hosts import Network
from tests.servers.ldap_proxy import LdapProxy
from tests.servers.postgresql import Postgresql
from tests.servers.process import find_program, run
from tests.servers.samba import Samba
from tests.servers.scim.scimmy import Scimmy
from tests.servers.slapd import Slapd
from tests.servers.smtp import MailServer

if TYPE_CHECKING:
    from tests.servers.browser import Browser

Server = TypeVar("Server")
MISSING_SERVER = re.compile(r"server missing: (\w+ \([^()]*\))")
FOREIGN_SETTINGS = (
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("LDAPCONF", "LDAPRC", "LDAPTLS_CACERT", "KRB5_CONFIG", "KRB5CCNAME"),
    *("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSERVICE"),
)


def pytest_configure(config: pytest.Config) -> None:
    # ldap3 checks host names by a function Python 3.12 no longer has, and brings its own there.
    config.addinivalue_line("filterwarnings", r"ignore:ssl.match_hostname\(\):DeprecationWarning")
    # What Selenium brings along registers with Hypothesis in a way that this one does not like.
    config.addinivalue_line("filterwarnings", "ignore:It looks like `register_random` was passed")
    for name in FOREIGN_SETTINGS:
        os.environ.pop(name, None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    kinds = ("skipped", "failed", "error")
    reports = [report for kind in kinds for report in terminalreporter.getreports(kind)]
    found = {name for report in reports for name in MISSING_SERVER.findall(str(report.longrepr))}
    if found:
        servers = "; ".join(sorted(found))
        terminalreporter.write_line(
            f"servers that cannot run here: {servers}; script/test installs what it can"
        )


@pytest.fixture(scope="session")
def certificates() -> Iterator[Authority]:
    """An authority no server uses: its certificates are expired, for another host, or simply not trusted."""
    with TemporaryDirectory(prefix="syncd-") as directory:
        yield Authority.create(Path(directory), "Another Test CA")


@pytest.fixture(scope="session")
def samba() -> Iterator[Samba]:
    """An Active Directory with 40 people."""
    yield from _running("samba", Samba.start)


@pytest.fixture(scope="session")
def slapd() -> Iterator[Slapd]:
    """An OpenLDAP directory with 40 people."""
    yield from _running("slapd", Slapd.start)


@pytest.fixture(scope="session")
def ds389() -> Iterator[Ds389]:
    """A 389 Directory Server with 40 people."""
    yield from _running("ds389", Ds389.start)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    yield from _running("postgresql", Postgresql.start)


@pytest.fixture(scope="session")
def scimmy() -> Iterator[Scimmy]:
    """A SCIM server in JavaScript."""
    yield from _running("scimmy", Scimmy.start)


@pytest.fixture
def own_postgresql() -> Iterator[Postgresql]:
    """A cluster of the test's own, to be stopped and started at will."""
    yield from _running("postgresql", Postgresql.start)


@pytest.fixture
def hosts() -> Iterator[Network]:
    """Two machines and a hub between them."""
    yield from _running("hosts", lambda directory: Network.start(directory, "first", "second"))


@pytest.fixture
def hub_postgresql(hosts: Network) -> Iterator[Postgresql]:
    """A cluster on the hub of `hosts`."""
    yield from _running("postgresql", lambda directory: Postgresql.start(directory, hosts.hub))


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 32 megabytes, in memory, that every user may write to."""
    _require("disk")
    with TemporaryDirectory(prefix="syncd-") as place:
        run(["mount", "-t", "tmpfs", "-o", "size=32m,mode=1777", "small-disk", place])
        try:
            yield Path(place)
        finally:
            run(["umount", place])


@pytest.fixture(scope="session")
def systemd() -> None:
    """A systemd to judge units by; it need not run."""
    _require("systemd")


@pytest.fixture(scope="session")
def helm() -> str:
    """Where Helm is; beside it there is something that judges what it renders."""
    return _program("helm")


@pytest.fixture(scope="session")
def hadolint() -> str:
    return _program("hadolint")


@pytest.fixture(scope="session")
def promtool() -> str:
    _require("prometheus")
    return str(find_program("promtool"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real one, for all tests in turn."""
    from tests.servers.browser import Browser  # half a second that other tests need not wait

    yield from _running("chromium", Browser.start)


@pytest.fixture(scope="session")
def kerberos() -> None:
    """A client that can ask for tickets."""
    _require("kerberos")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A mail server that keeps what it is sent."""
    server = MailServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def ldap_proxy() -> Iterator[Callable[..., LdapProxy]]:
    """`ldap_proxy(samba, …)` starts an `LdapProxy` before a server, until the test ends."""
    with ExitStack() as stack:
        yield lambda upstream, **options: stack.enter_context(LdapProxy(upstream, **options))


@pytest.fixture
def samba_ou(samba: Samba) -> Iterator[str]:
    """The DN of an empty unit in Active Directory, for one test."""
    with samba.admin.scratch() as dn:
        yield dn


@pytest.fixture
def slapd_ou(slapd: Slapd) -> Iterator[str]:
    """The DN of an empty unit in OpenLDAP, for one test."""
    with slapd.admin.scratch() as dn:
        yield dn


@pytest.fixture
def ds389_ou(ds389: Ds389) -> Iterator[str]:
    """The DN of an empty unit in 389 Directory Server, for one test."""
    with ds389.admin.scratch() as dn:
        yield dn


@pytest.fixture
def postgresql_url(postgresql: Postgresql) -> Iterator[str]:
    """An empty PostgreSQL database, for one test."""
    with postgresql.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind the register supports."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/syncd.db"
    return str(request.getfixturevalue("postgresql_url"))


def _running(name: str, start: Callable[[Path], AbstractContextManager[Server]]) -> Iterator[Server]:
    _require(name)
    with ExitStack() as stack:
        directory = stack.enter_context(TemporaryDirectory(prefix="syncd-"))
        yield stack.enter_context(start(Path(directory)))


def _program(name: str) -> str:
    _require(name)
    return str(find_program(name))


def _require(name: str) -> None:
    if why := reason_missing(name):
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop(f"server missing: {name} ({why})")
