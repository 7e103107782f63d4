"""Template: the first configuration, written from a few answers and commented for who reads it next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Answers:
    """What `syncd init` asks. Without a `group`, everybody is synced.

    Without a `bind_user`, Active Directory is read with a Kerberos ticket, other LDAP anonymously.
    The password, or the client secret, is never asked for: only the variable (`password_env`) or file that
    will hold it.
    """

    company: str
    directory: Literal["active_directory", "ldap", "entra_id", "file"]
    timezone: str = "UTC"
    servers: tuple[str, ...] = ()
    base_dn: str = ""
    ca_file: str = ""
    bind_user: str = ""
    password_env: str = ""
    password_file: str = ""
    tenant_id: str = ""
    client_id: str = ""
    group: str = ""
    csv_path: str = "people.csv"
    csv_id: str = ""

    @property
    def is_ldif(self) -> bool:
        """Whether the file knows people by an identity of its own, and has their groups."""
        return self.csv_path.lower().endswith((".ldif", ".ldf"))

    @property
    def id_column(self) -> str:
        """The column of the file that identifies a person; empty where none has to."""
        return self.csv_id or ("" if self.is_ldif else "employee_id")

    @property
    def secret_variable(self) -> str:
        """The environment variable that will hold the password or secret."""
        return self.password_env or _VARIABLES.get(self.directory, "SYNCD_BIND_PASSWORD")


_VARIABLES = {"entra_id": "SYNCD_CLIENT_SECRET"}


def write_template(answers: Answers) -> str:
    """A complete configuration as YAML. It loads if the answers are true; every value is quoted as needed."""
    written = {"file": _file, "entra_id": _entra}.get(answers.directory, _ldap)
    directory = written(answers)
    return "\n".join([*_company(answers), *directory, *_scope(answers), _REST])


def quoted(text: str) -> str:
    """`text` as one YAML scalar that reads back as exactly this text."""
    if _UNPRINTABLE.search(text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + _UNPRINTABLE.sub(lambda found: _escape(found[0]), escaped) + '"'
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return "'" + text.replace("'", "''") + "'"


_UNPRINTABLE = re.compile("[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_PLAIN = re.compile(r"[A-Za-z/][\w./@+-]*(?:[ =][\w./@+-]+)*(?::/[\w./:-]*\w)?")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def _company(answers: Answers) -> list[str]:
    return [
        "# The configuration of syncd. `syncd check` tries it out; nothing is changed by that.",
        "",
        f"company: {quoted(answers.company)}",
        f"timezone: {quoted(answers.timezone)}   # where the company's days begin and end",
        "",
        "# Where syncd keeps its register. A relative path starts at this file's folder.",
        "database: sqlite:///syncd.db",
        "# On PostgreSQL:",
        "# database: { url: postgresql+psycopg://syncd@db/syncd, password: { env: DB_PASSWORD } }",
        "",
        "# Who works here. syncd only ever reads directories.",
        "directories:",
    ]


def _ldap(answers: Answers) -> list[str]:
    name = "active-directory" if answers.directory == "active_directory" else "ldap"
    servers = [f"      - {quoted(server)}" for server in answers.servers]
    return [
        f"  - name: {name}   # people are known by it: choose once",
        f"    type: {answers.directory}",
        "    servers:   # tried in this order until one answers",
        *servers,
        *_bind(answers),
        f"    base_dn: [{quoted(answers.base_dn)}]   # people are read below it",
        _tls(answers),
    ]


def _tls(answers: Answers) -> str:
    if answers.ca_file:
        return f"    tls: {{ ca_file: {quoted(answers.ca_file)} }}   # whom to trust for their certificates"
    return "    # tls: { ca_file: /etc/ssl/certs/company-ca.pem }   # for a certificate authority of your own"


def _bind(answers: Answers) -> list[str]:
    if answers.bind_user:
        lines = ["    bind:", f"      user: {quoted(answers.bind_user)}   # needs to read, nothing more"]
        return [*lines, f"      password: {_place(answers)}   # where it is kept; never the password itself"]
    if answers.directory == "active_directory":
        return ["    bind: { method: kerberos }   # with the ticket of the account syncd runs as"]
    return ["    bind: { method: anonymous }   # reads what the server shows to everybody"]


def _place(answers: Answers) -> str:
    if answers.password_file:
        return f"{{ file: {quoted(answers.password_file)} }}"
    return f"{{ env: {quoted(answers.secret_variable)} }}"


def _entra(answers: Answers) -> list[str]:
    return [
        "  - name: entra-id   # people are known by it: choose once",
        "    type: entra_id",
        f"    tenant_id: {quoted(answers.tenant_id)}   # Directory (tenant) ID of the app registration",
        f"    client_id: {quoted(answers.client_id)}   # its Application (client) ID",
        f"    credential: {{ secret: {_place(answers)} }}   # where it is kept; never the secret itself",
        "    # credential: { certificate: { file: /etc/syncd/entra.pem } }   # or managed_identity: system",
        "    # credential_expires: 2027-05-31   # the secret's end, to be warned of it in time",
        "    # proxy: http://proxy.example.com:8080",
    ]


def _file(answers: Answers) -> list[str]:
    groups = "    groups: { column: groups }   # several are separated by ;"
    known_by = f"    id: {quoted(answers.id_column)}   # the column that identifies a person for ever"
    columns = [known_by] if answers.id_column else []
    if not answers.is_ldif:
        columns += [groups if answers.group else groups.replace("    groups", "    # groups", 1)]
    return [
        "  - name: people   # people are known by it: choose once",
        "    type: file",
        f"    path: {quoted(answers.csv_path)}   # relative to this file's folder",
        *columns,
        "    # disabled_when: { column: status, equals: [disabled, left] }",
    ]


def _scope(answers: Answers) -> list[str]:
    if answers.group:
        include = [
            "  include:",
            f"    - group: {quoted(answers.group)}   # and the members of its member groups",
        ]
    else:
        include = ["  include: []   # everybody; or, for instance: [{ group: Staff }]"]
    exclude = "  exclude: []   # for instance: [{ attribute: employeeType, equals: [contractor, service] }]"
    return ["", "# Who of them is synced.", "scope:", *include, exclude]


_REST = """\

# People who get the role manager.
managers:
#  - { group: Training Managers }

# Profile fields and where they come from, when the usual attributes are not right. For instance:
mapping:
#  department: { first_of: [department, division], default: Unknown }
#  manager_email: manager.mail

# Everybody gets one license. When there are too few: fill (the rest wait), hold (nobody new until there
# are enough) or create_unlicensed.
licenses:
  type: premium
  on_shortfall: fill
  priority: []   # who goes first, such as [{ group: New starters }]
  renew: manual  # a license that ends: `syncd licenses renew`, or automatic
  request: { automatic: off }   # or draft: write an order, for a manager to confirm, when some are missing

# People who left are suspended, and later their license is free for somebody else. Nobody is deleted.
leavers:
  suspend_after: 0d
  release_after: 14d

# Who is told what, once: orders, shortfalls, ends, syncs that fail.
notify:
#  smtp: { server: smtp.example.com, sender: training@example.com }
#  to:
#    - { audience: admins, mail: it@example.com }
#    - { audience: company_managers, mail: [managers] }

# A run that would do more than this is held until somebody has looked at it.
guard:
  max_suspensions: 5%
  max_creations: 20%
  max_updates: 50%
  min_directory_size: 50%
"""
