"""A secret is only ever a reference: refused in plain text, and shown by nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.errors import ConfigError
from syncd.settings.types import Secret
from tests.settings.conftest import Loaded, Wrong

SECRET = "hunter2-correct-horse"
LDAP = """\
company: x
directories:
  - name: a
    type: ldap
    servers: [ldaps://dc1]
    base_dn: [DC=x]
    bind:
      user: u
      password: {}
"""
REFUSED = "must not be written here; say where it is kept: { env: NAME } or { file: /path/to/it }"


@pytest.mark.parametrize("written", [SECRET, f"'{SECRET}'", f"[{SECRET}]", "12345", f"{{ {SECRET} }}"])
def test_a_password_in_plain_text_is_refused_and_not_repeated(wrong: Wrong, written: str) -> None:
    found = wrong(LDAP.replace("{}", written))
    assert found == [f"syncd.yaml:9: directories[0].bind.password {REFUSED}"]


@pytest.mark.parametrize("written", ["{ env: A, file: b }", "{ env: }"])
def test_a_reference_names_one_place(wrong: Wrong, written: str) -> None:
    found = wrong(LDAP.replace("{}", written))
    assert found == [
        "syncd.yaml:9: directories[0].bind.password must name exactly one place: env, file or credential"
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"database: postgresql://syncd:{SECRET}@db/syncd",
        f"database: {{ url: 'postgresql://syncd:{SECRET}@db/syncd', password: {{ env: X }} }}",
        f"database: postgresql://db/syncd?password={SECRET}",
        f"database: mysql://syncd:{SECRET}@db/syncd",
        f"database: {{ url: postgresql://u@db/x, password: {SECRET} }}",
        f"password: {SECRET}",
        f"timezone: {SECRET}",
        f"log: {SECRET}",
        f"log: {{ level: {SECRET} }}",
        f"guard: {{ floor: {SECRET}, max_updates: {SECRET}, min_directory_size: {SECRET} }}",
        f"leavers: {{ suspend_after: {SECRET} }}",
        f"licenses: {{ type: {SECRET} }}",
        f"match: {{ adopt_by_email: {SECRET} }}",
        f"log: *{SECRET}",
        f"log: !{SECRET} x",
        f"log: &{SECRET} [*{SECRET}]",
        f'log: "\\{SECRET}"',
        f"log: @{SECRET}",
        f"managers: [{{ attribute: a, matches: '({SECRET}' }}, {{ ou: {SECRET} }}]",
    ],
)
def test_no_wrong_value_is_ever_repeated(also_wrong: Wrong, line: str) -> None:
    found = also_wrong(line)
    assert all(problem.startswith("syncd.yaml:4: ") for problem in found)
    assert SECRET not in "\n".join(found)


def test_settings_show_no_secret(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCD_TEST_SECRET", SECRET)
    monkeypatch.setenv("SYNCD_TEST_URL", f"postgresql://u:{SECRET}@db/x")
    settings = loaded(
        LDAP.replace("{}", "{ env: SYNCD_TEST_SECRET }") + "database: { env: SYNCD_TEST_URL }\n"
    )
    assert SECRET in settings.database_url()
    assert settings.directories[0].options.bind.password.reveal() == SECRET  # type: ignore[attr-defined]
    for shown in (
        repr(settings),
        str(settings),
        repr(settings.directories),
        settings.policy,
        settings.warnings,
    ):
        assert SECRET not in str(shown)
    assert "environment variable SYNCD_TEST_SECRET" in repr(settings)


def test_a_file_loses_only_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "s").write_text(f" {SECRET} \r\n")
    assert Secret.model_validate({"file": "s"}, context={"folder": tmp_path}).reveal() == f" {SECRET} "


def test_a_systemd_credential_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ad").write_text(SECRET)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secret(credential="ad", env=None, file=None).reveal() == SECRET


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (
            lambda _: {"env": "SYNCD_TEST_UNSET"},
            "environment variable SYNCD_TEST_UNSET is empty or not set",
        ),
        (lambda path: {"file": path / "none"}, "cannot be read: No such file"),
        (lambda path: {"file": path}, "cannot be read: Is a directory"),
        (lambda path: {"file": path / "empty"}, "is empty or not set"),
        (lambda path: {"file": path / "binary"}, "cannot be read: not UTF-8 text"),
        (lambda _: {"credential": "ad"}, "systemd passed no credentials"),
    ],
)
def test_a_secret_that_is_not_there_says_where_it_was_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: Callable[[Path], dict[str, object]], message: str
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ConfigError, match=message) as caught:
        Secret.model_validate(secret(tmp_path)).reveal()
    assert caught.value.next_step


def test_a_credential_cannot_leave_its_folder(also_wrong: Wrong) -> None:
    (found,) = also_wrong(
        "database: { url: postgresql://u@db/x, password: { credential: ../../etc/shadow } }"
    )
    assert found == "syncd.yaml:4: database.password.credential contains a character that is not allowed here"
