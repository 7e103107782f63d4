"""What LDIF exports look like from ldapsearch, slapcat and ldifde, and which of them are no truth."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from connectors.directories.files.face import FileDirectory
from connectors.directories.files.options import FileOptions
from syncd.errors import ConfigError, Incomplete, Skipped, SyncdError
from syncd.model import DirectoryUser, GroupRef
from syncd.ports import ReadRequest, Sighting

_MAIL = frozenset({"mail"})
_NOW = 1_760_000_000
_GUID = b64encode(bytes(range(16))).decode()

_ALICE = """\
dn: uid=alice,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
entryUUID: 0d4fb1a2-0000-4000-8000-000000000001
mail: alice@example.com
givenName:: WmXDqw==
sn: Ashby
title: Controller
employeeNumber: 1001
"""


class Folder:
    """Writes people.ldif and reads it back through the connector."""

    def __init__(self, path: Path) -> None:
        self.path = path / "people.ldif"

    def sightings(
        self, text: str, attributes: frozenset[str] = _MAIL, *groups: GroupRef, **options: Any
    ) -> list[Sighting]:
        self.path.write_text(text, encoding="utf-8", newline="")
        directory = FileDirectory("export", FileOptions.model_validate({"path": self.path, **options}))
        request = ReadRequest(attributes, frozenset(groups), now=_NOW)
        return [sighting for page in directory.read(request) for sighting in page]

    def people(
        self, text: str, attributes: frozenset[str] = _MAIL, *groups: GroupRef, **options: Any
    ) -> list[DirectoryUser]:
        return [sighting.open() for sighting in self.sightings(text, attributes, *groups, **options)]

    def error(self, text: str, attributes: frozenset[str] = _MAIL) -> SyncdError:
        with pytest.raises(SyncdError) as raised:
            self.sightings(text, attributes)
        raised.value.message = raised.value.message.replace(f"{self.path.parent}/", "")
        return raised.value


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def _from_ad(*lines: str, name: str = "Alice") -> str:
    facts = [
        f"dn: CN={name},OU=Staff,DC=example,DC=com",
        "changetype: add",
        "objectClass: user",
        f"objectGUID:: {_GUID}",
        "userAccountControl: 512",
        f"mail: {name.lower()}@example.com",
    ]
    return "\n".join([*facts, *lines]) + "\n"


def test_an_entry_of_openldap_is_read(folder: Folder) -> None:
    (user,) = folder.people(_ALICE)
    assert user.identity == ("export", "0d4fb1a2-0000-4000-8000-000000000001")
    assert user.where == "uid=alice,ou=people,dc=example,dc=com"
    assert user.attributes == {"mail": ("alice@example.com",)}
    assert (user.enabled, user.links) == (True, ())


def test_the_mappings_defaults_find_ldaps_attributes(folder: Folder) -> None:
    (user,) = folder.people(_ALICE, frozenset(FileOptions.mapping_defaults.values()))
    assert user.attributes == {
        "email": ("alice@example.com",),
        "first_name": ("Zeë",),
        "last_name": ("Ashby",),
        "job_title": ("Controller",),
        "employee_id": ("1001",),
    }


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_folded_lines_comments_and_versions_are_understood(folder: Folder, end: str) -> None:
    text = "version: 1\n\n# people\n#  of\n  two lines\n" + _ALICE.replace(
        "alice@example", "alice@\n exam\n ple"
    )
    (user,) = folder.people(text.replace("\n", end))
    assert user.attributes == {"mail": ("alice@example.com",)}


def test_an_export_of_active_directory_links_by_guid_and_sid(folder: Folder) -> None:
    sid = b64encode(bytes.fromhex("010100000000000512000000")).decode()
    (user,) = folder.people(_from_ad(f"objectSid:: {sid}"))
    assert user.identity.id == "03020100-0504-0706-0809-0a0b0c0d0e0f"
    assert user.links == ("guid:03020100-0504-0706-0809-0a0b0c0d0e0f", "sid:S-1-5-18")


@pytest.mark.parametrize(
    ("line", "because"),
    [
        ("userAccountControl: 514", "the account is disabled"),
        ("accountExpires: 1", "the account expired on 1601-01-01"),
        ("nsAccountLock: TRUE", "the account is locked"),
        ("pwdAccountLockedTime: 000001010000Z", "the account is locked"),
        ("employeeType: Left", "employeetype is Left"),
    ],
)
def test_the_disabled_are_told_with_the_reason(folder: Folder, line: str, because: str) -> None:
    text = _from_ad(line).replace(
        "userAccountControl: 512\n", "" if "Control" in line else "userAccountControl: 512\n"
    )
    (user,) = folder.people(text, disabled_when={"column": "employeeType", "equals": ["left"]})
    assert (user.enabled, user.disabled_because) == (False, because)


def test_an_account_that_will_expire_says_when(folder: Folder) -> None:
    (user,) = folder.people(_from_ad(f"accountExpires: {(_NOW + 60 + 11_644_473_600) * 10_000_000}"))
    assert (user.enabled, user.changes_at) == (True, _NOW + 60)


def test_what_is_no_person_is_passed_over(folder: Folder) -> None:
    others = "\n".join(
        f"dn: CN={name},DC=example,DC=com\nobjectClass: {name}\nobjectClass: {extra}\n"
        for name, extra in (("computer", "user"), ("group", "top"), ("contact", "person"), ("top", "domain"))
    )
    assert len(folder.people(f"{others}\n{_ALICE}")) == 1


def test_groups_go_by_name_or_dn_and_nest_where_the_file_has_them(folder: Folder) -> None:
    company = "CN=Sales\\, EMEA,OU=Groups,DC=example,DC=com"
    inner = f"dn: CN=Team,DC=example,DC=com\nobjectClass: group\nmemberOf: {company}\n"
    asked = (
        GroupRef("sales, emea"),
        GroupRef("Sales, EMEA", nested=False),
        GroupRef("cn=sales\\2C emea, ou=groups,dc=example,dc=com"),
        GroupRef("Team", nested=False),
    )
    bruno = _from_ad(f"memberOf: {company}", name="Bruno").replace(_GUID, b64encode(b"x" * 16).decode())
    text = "\n".join([inner, _from_ad("memberOf: CN=Team,DC=example,DC=com"), bruno])
    first, second = folder.people(text, _MAIL, *asked)
    assert first.groups == {asked[0], asked[2], asked[3]}
    assert second.groups == {asked[0], asked[1], asked[2]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (_ALICE.replace("entryUUID", "uidNumber"), "there is no objectGUID or entryUUID to tell who this is"),
        (_from_ad().replace("userAccountControl", "description"), "userAccountControl was not exported"),
        (_from_ad("accountExpires: soon"), "accountExpires 'soon' is not a number"),
        (_ALICE.replace("mail: alice@example.com", "mail:: /w=="), "mail is not text"),
        (_from_ad().replace(_GUID, "c2hvcnQ="), "objectguid is not text"),
    ],
)
def test_who_cannot_be_read_is_skipped_by_their_dn(folder: Folder, text: str, why: str) -> None:
    bob = _ALICE.replace("alice", "bob").replace("0001", "0002")
    skipped_one, other = folder.sightings(f"{text}\n{bob}")
    with pytest.raises(Skipped) as skipped:
        skipped_one.open()
    assert why in skipped.value.message
    assert skipped.value.message.startswith(("uid=alice,", "CN=Alice,"))
    assert skipped.value.next_step
    assert (skipped.value.identity is None) == ("who this is" in skipped.value.message)
    assert other.open().enabled


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("hello\n", Incomplete, "people.ldif:1: an entry begins with dn:, not with 'hello'"),
        (f"{_ALICE}sn\n", Incomplete, "people.ldif:9: neither an attribute nor a continued line: 'sn'"),
        (f"{_ALICE}mail:: a\n", Incomplete, "people.ldif:9: not base64"),
        (
            f"{_ALICE}\n{_ALICE}",
            ConfigError,
            "people.ldif:10: '0d4fb1a2-0000-4000-8000-000000000001' identifies",
        ),
        (
            f"{_ALICE}jpegPhoto:< file:///etc/passwd\n",
            ConfigError,
            "people.ldif:9: jpegphoto refers to another file",
        ),
        ("dn: uid=a\nchangetype: delete\n", ConfigError, "people.ldif:2: changetype: delete is a change"),
        (f"{_ALICE}sn: \0\n", ConfigError, "people.ldif:9: character 5 is NUL"),
        (
            f"{_ALICE}mail;range=0-1499: a\n",
            Incomplete,
            "people.ldif:9: only the first part of mail was exported",
        ),
        (
            f"# extended LDIF\n#\n\n{_ALICE}\nsearch: 2\nresult: 4 Size limit exceeded\n",
            Incomplete,
            "people.ldif:14: the search that wrote this file ended with '4 Size limit exceeded'",
        ),
        (f"# extended LDIF\n#\n\n{_ALICE}", Incomplete, "people.ldif:4: ldapsearch did not reach its end"),
        (
            f"{_ALICE}description: {'x' * (1 << 20)}\n",
            ConfigError,
            "people.ldif:9: a line of more than 1,048,576",
        ),
    ],
)
def test_a_broken_export_is_no_truth(folder: Folder, text: str, kind: type[SyncdError], message: str) -> None:
    error = folder.error(text)
    assert type(error) is kind
    assert error.message.startswith(message)
    assert error.next_step


def test_an_export_of_ldapsearch_that_reached_its_end_is_read(folder: Folder) -> None:
    referral = "# search reference\nref: ldap://dc.example.com/CN=Configuration\n"
    end = "# search result\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1\n"
    assert len(folder.people(f"# extended LDIF\n#\n# LDAPv3\n\n{_ALICE}\n{referral}\n{end}")) == 1


def test_the_last_part_of_a_list_is_all_of_it(folder: Folder) -> None:
    text = _from_ad("memberOf;range=0-*: CN=Staff,DC=example,DC=com")
    (user,) = folder.people(text, _MAIL, GroupRef("Staff"))
    assert user.groups == {GroupRef("Staff")}


def test_an_export_without_addresses_is_the_configuration_that_is_wrong(folder: Folder) -> None:
    error = folder.error(_ALICE.replace("mail:", "description:"), frozenset({"email"}))
    assert isinstance(error, ConfigError)
    assert "nobody has the attribute mail" in error.message


def test_a_photo_or_a_list_nobody_asked_for_is_not_decoded(folder: Folder) -> None:
    assert len(folder.people(f"{_ALICE}jpegPhoto:: not base64 at all\nmember;range=0-1499: x\n")) == 1


def test_an_empty_export_is_nobody(folder: Folder) -> None:
    assert folder.people("version: 1\n", _MAIL, GroupRef("Staff")) == []
