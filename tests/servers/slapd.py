"""OpenLDAP's slapd in a directory of its own: mdb, TLS, memberOf and references kept by overlays.

accounts   admin      may do everything
           reader     reads everything, without limits: what an admin would give syncd
           capped     reads everything, but no more than `CAP` entries in one search, paged or not
           blind      may bind and sees nobody below ou=people
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.servers import inet_company as company
from tests.servers.certificates import Authority, ServerCertificate
from tests.servers.directory_server import DirectoryServer
from tests.servers.inet_company import BASE, GROUPS, PASSWORD, STAFF
from tests.servers.process import Child, find_program, run
from tests.servers.tcp import free_port

CAP = 25
ACCOUNTS = ("reader", "capped", "blind")
DIALECT = company.Dialect(
    root=[],
    person=[("objectClass", "shadowAccount")],
    disabled=("pwdAccountLockedTime", "000001010000Z"),
)
SCHEMAS = ("core", "cosine", "inetorgperson", "nis")

_CONF = """{includes}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload ppolicy
moduleload syncprov
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
sizelimit unlimited
timelimit unlimited
sortvals member memberOf memberUid
tool-threads 2
database mdb
suffix "{base}"
rootdn "cn=admin,{base}"
rootpw {password}
directory {directory}/db
maxsize 8589934592
envflags nosync writemap
index objectClass,uid,mail,member,memberUid,entryUUID,entryCSN,modifyTimestamp,cn eq
limits dn.exact="cn=capped,{base}" size.soft={cap} size.hard={cap} size.prtotal={cap}
access to attrs=userPassword by anonymous auth by * none
access to dn.children="{staff}" by dn.exact="cn=blind,{base}" none by users read
access to * by users read by anonymous auth
overlay memberof
memberof-group-oc groupOfNames
memberof-dangling ignore
memberof-refint true
overlay refint
refint_attributes manager
overlay ppolicy
overlay syncprov
syncprov-sessionlog 10000
"""


class Slapd(DirectoryServer):
    """One slapd for dc=contoso,dc=test. `people` are there from the start, in ou=people."""

    base = BASE
    staff = STAFF
    groups = GROUPS
    cap = CAP
    person_dn = staticmethod(company.person_dn)
    group_dn = staticmethod(company.group_dn)
    administrator = company.account("admin")
    sync_account = company.account("reader")
    capped_account = company.account("capped")
    blind_account = company.account("blind")

    def __init__(self, directory: Path, *, people: int) -> None:
        self._directory = directory
        self._numbers = count(1)
        self.people = people
        self.address = "127.0.0.1"
        self.port, self.tls_port = free_port(), free_port()
        self._program = directory / "slapd"
        addresses = f"ldap://{self.address}:{self.port}/ ldaps://{self.address}:{self.tls_port}/"
        child = Child(
            [str(self._program), "-f", f"{directory}/slapd.conf", "-h", addresses, "-d", "0"],
            log=directory / "slapd.log",
            stop_with=signal.SIGINT,
        )
        super().__init__(Authority.create(directory / "tls", "Contoso LDAP Test CA"), child)

    @classmethod
    @contextmanager
    def start(cls, directory: Path, *, people: int = 40) -> Iterator[Slapd]:
        """Run one in `directory` until the block ends. 100,000 people take about ten seconds to load."""
        server = cls(directory, people=people)
        server._load()
        with server.running():
            yield server

    def resume(self, certificate: ServerCertificate | None = None) -> None:
        """Start, or start again after `stop` or `kill`; perhaps with another certificate."""
        self._write_conf(certificate or self.certificate)
        super().resume()

    def add_person(self, name: str, *, ou: str = STAFF, **attributes: Any) -> str:
        """A person `name` with an e-mail address; attributes given replace those made up. Returns the DN."""
        login = f"person-{next(self._numbers)}"
        first, _, last = name.partition(" ")
        made_up = {
            "objectClass": ["inetOrgPerson", "shadowAccount"],
            "uid": login,
            "cn": name,
            "sn": last or name,
            "givenName": first,
            "mail": f"{login}@contoso.test",
        }
        present = {key: value for key, value in (made_up | attributes).items() if value not in ("", None)}
        return self.admin.add(f"uid={present['uid']},{ou}", present)

    def add_group(self, name: str, members: Sequence[str] = (), *, ou: str = GROUPS) -> str:
        """A groupOfNames. The class wants a member: without any, the group holds itself."""
        dn = f"cn={name},{ou}"
        return self.admin.add(dn, {"objectClass": "groupOfNames", "member": list(members) or [dn]})

    def _write_conf(self, tls: ServerCertificate) -> None:
        values = {
            **tls._asdict(),
            "includes": "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in SCHEMAS),
            "base": BASE,
            "staff": STAFF,
            "password": PASSWORD,
            "cap": CAP,
            "directory": self._directory,
        }
        (self._directory / "slapd.conf").write_text(_CONF.format_map(values))

    def _load(self) -> None:
        (self._directory / "db").mkdir()
        # A copy, as Ubuntu's AppArmor profile keeps /usr/sbin/slapd out of every directory but its own.
        shutil.copy(find_program("slapd") or "slapd", self._program)
        self._write_conf(self.certificate)
        records = self._directory / "all.ldif"
        with records.open("w") as out:
            out.writelines(company.entries(self.people, DIALECT, ACCOUNTS))
        slapadd = [str(self._program), "-T", "add", "-q", "-w", "-f", f"{self._directory}/slapd.conf"]
        run([*slapadd, "-l", str(records)])
        records.unlink()
