"""What `syncd init` writes loads, whatever was answered."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from syncd.settings import Settings, load
from syncd.settings.document import read_document
from syncd.settings.schema import json_schema
from syncd.settings.template import Answers, quoted, write_template

WEIRD = [
    "Müller & Söhne",
    'O\'Neill "and" Sons',
    "#1: the best",
    "CONTOSO\\user",
    "- dash",
    "{braces} [brackets]",
    "*star &and !bang %percent @at `tick`",
    "yes",
    "null",
    "1234",
    "007",
    "  spaces  ",
    "tab\there",
    "a: b # c",
    "株式会社",
    "🙂",
    "line\nbreak",
    "x" * 200,
    "C:\\",
    "key:",
]
LDAP = Answers(
    company="Contoso",
    directory="ldap",
    servers=("ldaps://dc1.contoso.com", "ldaps://dc2.contoso.com:3269"),
    base_dn="OU=Staff,DC=contoso,DC=com",
    bind_user="CN=syncd,DC=contoso,DC=com",
)


def _loaded(answers: Answers, folder: Path) -> Settings:
    path = folder / "syncd.yaml"
    path.write_text(write_template(answers), encoding="utf-8")
    settings = load(path)
    assert list(Draft202012Validator(json_schema()).iter_errors(read_document(path).data)) == []
    assert settings.warnings == ()
    return settings


@pytest.mark.parametrize(
    ("directory", "user", "place", "group"),
    list(product(("active_directory", "ldap"), ("", "CONTOSO\\svc"), ("", "env", "file"), ("", "Staff"))),
)
def test_every_way_into_ldap_loads(tmp_path: Path, directory: str, user: str, place: str, group: str) -> None:
    answers = replace(
        LDAP,
        directory=directory,  # type: ignore[arg-type]
        bind_user=user,
        password_env="AD_PASSWORD" if place == "env" else "",
        password_file="/run/secrets/ad" if place == "file" else "",
        group=group,
    )
    settings = _loaded(answers, tmp_path)
    options = vars(settings.directories[0].options)
    assert options["servers"] == LDAP.servers
    assert options["base_dn"] == (LDAP.base_dn,)
    if user:
        assert options["bind"].user == user
        assert options["bind"].password.place in str(settings)
    assert [rule.group.name for rule in settings.policy.scope.include if rule.group] == (
        [group] if group else []
    )


@pytest.mark.parametrize("group", ["", "Staff"])
def test_a_file_loads(tmp_path: Path, group: str) -> None:
    settings = _loaded(
        Answers("Contoso", "file", "Europe/Berlin", csv_path="hr/leute.csv", group=group), tmp_path
    )
    assert vars(settings.directories[0].options)["path"] == tmp_path / "hr/leute.csv"
    assert str(settings.zone) == "Europe/Berlin"


@pytest.mark.parametrize("text", WEIRD)
def test_every_answer_arrives_as_it_was_given(tmp_path: Path, text: str) -> None:
    answers = replace(LDAP, company=text, bind_user=text, group=text, base_dn=r"OU=A\, B #1: 'x',DC=y")
    settings = _loaded(answers, tmp_path)
    options = vars(settings.directories[0].options)
    (rule,) = settings.policy.scope.include
    assert settings.company == text
    assert options["bind"].user == text
    assert options["base_dn"] == (r"OU=A\, B #1: 'x',DC=y",)
    assert rule.group is not None
    assert rule.group.name == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_reads_back_as_itself(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "quoted.yaml"
    path.write_text(
        f"a: {quoted(text)}   # comment\nb: [{quoted(text)}]\nc: {{ d: {quoted(text)} }}\n", "utf-8"
    )
    assert read_document(path).data == {"a": text, "b": [text], "c": {"d": text}}
