"""389 Directory Server in a directory of its own, without dscreate, systemd, /etc or /var.

`ns-slapd` reads one file of settings; it is made here of the template the package ships. The dialect
differs from OpenLDAP's: everybody has nsUniqueId, only those added later entryUUID too, as after an
upgrade from before 2.0; nsAccountLock; memberOf kept by a plug-in.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha512
from itertools import count
from pathlib import Path
from pwd import getpwuid
from typing import Any

from tests.servers import inet_company as company
from tests.servers.certificates import Authority
from tests.servers.directory_server import DirectoryServer
from tests.servers.inet_company import BASE, GROUPS, PASSWORD, STAFF
from tests.servers.ldap_admin import Account
from tests.servers.process import Child, find_program, run
from tests.servers.tcp import free_port

SHARE = Path("/usr/share/dirsrv")
DIRECTORIES = (
    "config",
    "config/schema",
    "certs",
    "db",
    "db/userroot",
    "run",
    "lock",
    "tmp",
    "ldif",
    "bak",
    "log",
)
DIALECT = company.Dialect(
    root=[
        ("aci", '(targetattr="*")(version 3.0; acl "read"; allow(read,search,compare) userdn="ldap:///all";)')
    ],
    person=[("objectClass", "nsMemberOf")],
    disabled=("nsAccountLock", "true"),
)
_BACKEND = f"""
dn: cn=userroot,cn=ldbm database,cn=plugins,cn=config
objectclass: top
objectclass: extensibleObject
objectclass: nsBackendInstance
cn: userroot
nsslapd-suffix: {BASE}
nsslapd-directory: %db_dir%/userroot

dn: cn="{BASE}",cn=mapping tree,cn=config
objectclass: top
objectclass: extensibleObject
objectclass: nsMappingTree
cn: "{BASE}"
nsslapd-state: backend
nsslapd-backend: userroot
"""
CHANGELOG = "cn=changelog"
SHOWN_TO_THE_READER = (
    '(targetattr!="changes")'
    f'(version 3.0; acl "syncd"; allow(read,search,compare) userdn="ldap:///cn=reader,{BASE}";)'
)
_OWN_SCHEMA = (
    "dn: cn=schema\nobjectclass: top\nobjectclass: ldapSubentry\nobjectclass: subschema\ncn: schema\n"
)


class Ds389(DirectoryServer):
    """One ns-slapd for dc=contoso,dc=test. `people` are there from the start, in ou=people."""

    base = BASE
    staff = STAFF
    groups = GROUPS
    administrator = Account("cn=Directory Manager", PASSWORD)
    sync_account = company.account("reader")
    person_dn = staticmethod(company.person_dn)
    group_dn = staticmethod(company.group_dn)

    def __init__(self, directory: Path, *, people: int) -> None:
        self._directory = directory
        self._numbers = count(1)
        self.people = people
        self.address = "127.0.0.1"
        self.port, self.tls_port = free_port(), free_port()
        self._program = find_program("ns-slapd") or "ns-slapd"
        child = Child(
            [self._program, "-D", f"{directory}/config", "-i", f"{directory}/run/pid", "-d", "0"],
            log=directory / "ns-slapd.log",
        )
        super().__init__(Authority.create(directory / "tls", "Contoso 389 Test CA"), child)

    @classmethod
    @contextmanager
    def start(cls, directory: Path, *, people: int = 40) -> Iterator[Ds389]:
        """Run one in `directory` until the block ends."""
        server = cls(directory, people=people)
        server._install()
        with server.running():
            server.admin.add_values(CHANGELOG, {"aci": SHOWN_TO_THE_READER})
            yield server

    def add_person(self, name: str, *, ou: str = STAFF, **attributes: Any) -> str:
        """A person `name` with an e-mail address; attributes given replace those made up. Returns the DN."""
        login = f"person-{next(self._numbers)}"
        first, _, last = name.partition(" ")
        made_up = {
            "uid": login,
            "cn": name,
            "sn": last or name,
            "givenName": first,
            "mail": f"{login}@contoso.test",
        }
        present = {key: value for key, value in (made_up | attributes).items() if value not in ("", None)}
        return self.admin.add(f"uid={present['uid']},{ou}", {"objectClass": "inetOrgPerson", **present})

    def add_group(self, name: str, members: Sequence[str] = (), *, ou: str = GROUPS) -> str:
        attributes = {"objectClass": "groupOfNames", **({"member": list(members)} if members else {})}
        return self.admin.add(f"cn={name},{ou}", attributes)

    def _install(self) -> None:
        for name in DIRECTORIES:
            (self._directory / name).mkdir()
        self._write_settings()
        self._load_certificate()
        records = self._directory / "ldif/all.ldif"
        with records.open("w") as out:
            out.writelines(company.entries(self.people, DIALECT, ["reader"]))
        run(
            [
                self._program,
                "ldif2db",
                "-D",
                f"{self._directory}/config",
                "-n",
                "userroot",
                "-i",
                str(records),
            ]
        )
        records.unlink()

    def _write_settings(self) -> None:
        values = {f"{name}_dir": str(self._directory / name) for name in DIRECTORIES} | {
            "schema_dir": str(self._directory / "config/schema"),
            "cert_dir": str(self._directory / "certs"),
            "inst_dir": str(self._directory),
            "db_home_dir": str(self._directory / "db"),
            "db_lib": "bdb\nnsslapd-import-cache-autosize: 0",  # or it takes a third of the memory there is
            "fqdn": "localhost",
            "ds_port": str(self.port),
            "ds_user": getpwuid(os.geteuid()).pw_name,
            "ds_suffix": BASE,
            "ds_passwd": _hashed(PASSWORD),
            "rootdn": self.administrator.user,
            "ldapi": f"{self._directory}/run/ldapi",
            "ldapi_enabled": "off",
            "ldapi_autobind": "off",
        }
        template = (SHARE / "data/template-dse.ldif").read_text().rstrip() + "\n" + _BACKEND
        text = re.sub(r"%(\w+)%", lambda found: values[found[1]], template)
        listen = (
            f"nsslapd-listenhost: {self.address}\nnsslapd-securelistenhost: {self.address}\n"
            f"nsslapd-secureport: {self.tls_port}\nnsslapd-security: on\n"
        )
        text = text.replace("objectclass:nsslapdConfig\n", f"objectclass:nsslapdConfig\n{listen}", 1)
        member_of = "nsslapd-plugintype: betxnpostoperation\nnsslapd-pluginenabled: "
        start = text.index("dn: cn=MemberOf Plugin")
        text = text[:start] + text[start:].replace(f"{member_of}off", f"{member_of}on", 1)
        changelog = "nsslapd-plugintype: object\nnsslapd-pluginbetxn: on\nnsslapd-pluginenabled: "
        noted = "nsslapd-attribute: nsuniqueid:targetUniqueId\n"
        start = text.index("dn: cn=Retro Changelog Plugin")
        enabled = text[start:].replace(f"{changelog}off\n", f"{changelog}on\n{noted}", 1)
        (self._directory / "config/dse.ldif").write_text(text[:start] + enabled)
        (self._directory / "config/schema/99user.ldif").write_text(_OWN_SCHEMA)
        (self._directory / "config/slapd-collations.conf").touch()

    def _load_certificate(self) -> None:
        store = f"sql:{self._directory}/certs"
        run(["certutil", "-N", "-d", store, "--empty-password"])
        run(["certutil", "-A", "-d", store, "-n", "CA", "-t", "CT,,", "-i", str(self.ca)])
        bundle = self.certificate.bundle("Server-Cert")
        run(["pk12util", "-i", str(bundle), "-d", store, "-W", "", "-K", ""])


def _hashed(password: str) -> str:
    """As the settings want it; the server stores it so after any change."""
    salt = os.urandom(8)
    return "{SSHA512}" + b64encode(sha512(password.encode() + salt).digest() + salt).decode()
