"""The files of a Samba AD domain: provisioned once, filled with people, kept as an archive in `.cache/`.

A tree holds no absolute path and no address: it runs wherever it is unpacked; `smb.conf` is made anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.servers import people as company
from tests.servers.people import CIRCLE_CLOSED_BY, Group, Person, ldif
from tests.servers.process import run

CACHE = Path(__file__).resolve().parents[2] / ".cache"
DOMAIN = "contoso.test"
BASE = "DC=contoso,DC=test"
STAFF = f"OU=Staff,{BASE}"
GROUPS = f"OU=Groups,{BASE}"
HOST = f"dc1.{DOMAIN}"
ADMINISTRATOR_PASSWORD = "Adm1n-of-Contoso"
SYNC_PASSWORD = "Sync-of-Contoso-1"
ENABLED, DISABLED, NEVER_EXPIRES = 0x200, 0x202, 0x10200
UNIVERSAL_SECURITY = "-2147483640"
RECYCLE_BIN = "766ddcd8-acd0-445e-f3b9-a7f9b6744f2a"
_REPLICATE = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"  # DS-Replication-Get-Changes

_CONF = """[global]
    netbios name = DC1
    workgroup = CONTOSO
    realm = CONTOSO.TEST
    server role = active directory domain controller
    interfaces = {address}/8
    bind interfaces only = yes
    server services = ldap kdc
    dcerpc endpoint servers =
    ldap server require strong auth = {strong_auth}
    private dir = {directory}/private
    state directory = {directory}/state
    cache directory = {directory}/cache
    lock directory = {directory}/lock
    pid directory = {directory}/run
    ncalrpc dir = {directory}/ncalrpc
    ntp signd socket directory = {directory}/ntp_signd
    winbindd socket directory = {directory}/winbindd
    binddns dir = {directory}/bind-dns
    log file = {directory}/log.%m
    tls enabled = yes
    tls keyfile = {key}
    tls certfile = {certificate}
    tls cafile = {ca}
    ldb:nosync = true
[sysvol]
    path = {directory}/state/sysvol
    read only = no
[netlogon]
    path = {directory}/state/sysvol/contoso.test/scripts
    read only = no
"""


def write_conf(
    directory: Path, *, address: str = "127.0.0.1", strong_auth: str = "yes", tls: tuple[Path, ...] = ()
) -> None:
    """Write `smb.conf`. `tls` is certificate, key and CA; tools that do not listen need none."""
    certificate, key, ca = tls or (directory / "none",) * 3
    text = _CONF.format_map(
        {
            "directory": directory,
            "address": address,
            "strong_auth": strong_auth,
            "certificate": certificate,
            "key": key,
            "ca": ca,
        }
    )
    (directory / "smb.conf").write_text(text)


def unpack(directory: Path, *, people: int) -> None:
    """Fill an empty directory with a domain of `people`; the first time for this many, build it."""
    archive = CACHE / f"samba-{people}-{_inputs()}.tar.zst"
    if archive.exists():
        run(["tar", "--zstd", "-xf", str(archive), "-C", str(directory)])
        return
    _build(directory, people)
    CACHE.mkdir(exist_ok=True)
    unfinished = archive.with_suffix(f".{os.getpid()}")
    run(["tar", "--zstd", "-cf", str(unfinished), "-C", str(directory), "--exclude=smb.conf", "."])
    unfinished.rename(archive)
    for outdated in set(CACHE.glob(f"samba-{people}-*.tar.zst")) - {archive}:
        outdated.unlink(missing_ok=True)


def offline(directory: Path, tool: str, records: str) -> None:
    """Run ldbadd or ldbmodify on the files themselves, as SYSTEM: no LDAP, no password, no limits."""
    # Without batch_mode the time grows with the square of the number of records.
    options = ["--nosync", "-o", "batch_mode:1"] if tool == "ldbadd" else []
    conf, database = directory / "smb.conf", directory / "private/sam.ldb"
    run([tool, f"--configfile={conf}", "-H", str(database), *options], stdin=records)


def deny_replication(directory: Path, sid: str) -> None:
    """Take the right "Replicating Directory Changes" from one account."""
    files = [f"--configfile={directory}/smb.conf", "-H", f"{directory}/private/sam.ldb"]
    entry = f"(OD;;CR;{_REPLICATE};;{sid})"
    run(["samba-tool", "dsacl", "set", *files, f"--objectdn={BASE}", f"--sddl={entry}"])


def password_value(password: str) -> bytes:
    """What `unicodePwd` wants: the password in quotes, UTF-16 (MS-ADTS 3.1.1.3.1.5.1)."""
    return f'"{password}"'.encode("utf-16-le")


def person_dn(number: int) -> str:
    department = company.DEPARTMENTS[number % len(company.DEPARTMENTS)]
    return f"CN=Employee {number:06d},OU={department},{STAFF}"


def group_dn(name: str) -> str:
    return f"CN={name},{GROUPS}"


def _inputs() -> str:
    sources = b"".join(Path(str(path)).read_bytes() for path in (__file__, company.__file__))
    return hashlib.sha256(sources + run(["samba", "--version"]).encode()).hexdigest()[:12]


def _build(directory: Path, people: int) -> None:
    write_conf(directory)
    run(
        [
            *("samba-tool", "domain", "provision", f"--configfile={directory}/smb.conf"),
            *("--realm=CONTOSO.TEST", "--domain=CONTOSO", "--host-name=dc1", "--host-ip=127.0.0.1"),
            *("--server-role=dc", f"--adminpass={ADMINISTRATOR_PASSWORD}", "--dns-backend=NONE"),
        ]
    )
    modify, add = partial(offline, directory, "ldbmodify"), partial(offline, directory, "ldbadd")
    modify(_settings())
    add("".join(_units()) + "".join(map(_account, ("svc-syncd", "svc-follow", "svc-gone"))))
    follower, gone = (f"CN={name},CN=Users,{BASE}" for name in ("svc-follow", "svc-gone"))
    modify(f"dn: CN=Domain Admins,CN=Users,{BASE}\nchangetype: modify\nadd: member\nmember: {follower}\n")
    modify(f"dn: {gone}\nchangetype: delete\n")  # so that there is something deleted to be seen
    if people:
        add("".join(map(_person, company.make_people(people, domain=DOMAIN))))
        add("".join(map(_group, company.make_groups(people))))
        holder, held = map(group_dn, CIRCLE_CLOSED_BY)
        modify(f"dn: {holder}\nchangetype: modify\nadd: member\nmember: {held}\n")


def _settings() -> str:
    """Passwords that never age and may be simple; the recycle bin on; the names Kerberos asks for."""
    policy = {"maxPwdAge": 0, "minPwdAge": 0, "minPwdLength": 1, "pwdProperties": 0, "pwdHistoryLength": 0}
    replaced = "-\n".join(f"replace: {name}\n{name}: {value}\n" for name, value in policy.items())
    names = "".join(f"servicePrincipalName: ldap/{name}\n" for name in (HOST, "localhost"))
    return (
        f"dn: {BASE}\nchangetype: modify\n{replaced}\n"
        f"dn: CN=DC1,OU=Domain Controllers,{BASE}\nchangetype: modify\nadd: servicePrincipalName\n{names}\n"
        "dn:\nchangetype: modify\nadd: enableOptionalFeature\n"
        f"enableOptionalFeature: CN=Partitions,CN=Configuration,{BASE}:{RECYCLE_BIN}\n"
    )


def _units() -> Iterator[str]:
    for dn in (STAFF, GROUPS, *(f"OU={name},{STAFF}" for name in company.DEPARTMENTS)):
        yield ldif(dn, [("objectClass", "organizationalUnit")])


def _account(name: str) -> str:
    return ldif(
        f"CN={name},CN=Users,{BASE}",
        [
            ("objectClass", "user"),
            ("sAMAccountName", name),
            ("userPrincipalName", f"{name}@{DOMAIN}"),
            ("userAccountControl", str(NEVER_EXPIRES)),
            ("unicodePwd", password_value(SYNC_PASSWORD)),
        ],
    )


def _person(person: Person) -> str:
    return ldif(
        person_dn(person.number),
        [
            ("objectClass", "user"),
            ("sAMAccountName", person.uid),
            ("userPrincipalName", person.mail),
            ("mail", person.mail),
            ("givenName", person.first),
            ("sn", person.last),
            ("displayName", person.full_name),
            ("department", person.department),
            ("title", person.title),
            ("employeeID", person.employee_id),
            ("userAccountControl", str(ENABLED if person.enabled else DISABLED)),
            ("manager", "" if person.manager is None else person_dn(person.manager)),
        ],
    )


def _group(group: Group) -> str:
    members = [*map(person_dn, group.people), *map(group_dn, group.groups)]
    return ldif(
        group_dn(group.name),
        [
            ("objectClass", "group"),
            ("sAMAccountName", group.name),
            ("groupType", UNIVERSAL_SECURITY),
            *(("member", member) for member in members),
        ],
    )
