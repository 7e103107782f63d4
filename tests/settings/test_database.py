"""The database URL is ready for SQLAlchemy, and its password comes from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.errors import ConfigError
from tests.settings.conftest import Loaded, Wrong


def test_it_lies_beside_the_configuration_by_default(also: Loaded, tmp_path: Path) -> None:
    assert also("").database_url() == f"sqlite:///{tmp_path}/syncd.db"


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("sqlite:///data/x.db", "sqlite:///{folder}/data/x.db"),
        ("sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db"),
        ("sqlite:///x.db?timeout=5", "sqlite:///{folder}/x.db?timeout=5"),
        ("sqlite:///C:/syncd/x.db", "sqlite:///C:/syncd/x.db"),
        ("postgresql+psycopg://u@db/x", "postgresql+psycopg://u@db/x"),
        ("postgresql://u@db/x", "postgresql+psycopg://u@db/x"),
        ("postgres://u@db/x", "postgresql+psycopg://u@db/x"),
    ],
)
def test_a_url_is_made_complete(also: Loaded, tmp_path: Path, written: str, url: str) -> None:
    assert also(f"database: {written}").database_url() == url.format(folder=tmp_path)


def test_a_password_is_put_into_the_url(also: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCD_TEST_SECRET", "p@ss:w/rd %")
    settings = also("database: { url: postgresql://syncd@db:5432/x, password: { env: SYNCD_TEST_SECRET } }")
    assert settings.database_url() == "postgresql+psycopg://syncd:p%40ss%3Aw%2Frd%20%25@db:5432/x"


def test_the_whole_url_may_be_kept_elsewhere(also: Loaded, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@db/x\n")
    assert also("database: { file: url }").database_url() == "postgresql+psycopg://u:p@db/x"


@pytest.mark.parametrize(
    "url", ["mysql://u:p@db/x", "sqlite://", "postgresql+asyncpg://u:p@db/x", "nonsense"]
)
def test_a_kept_url_is_checked_when_it_is_read(
    also: Loaded, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("SYNCD_TEST_URL", url)
    settings = also("database: { env: SYNCD_TEST_URL }")
    with pytest.raises(
        ConfigError, match="the database URL in environment variable SYNCD_TEST_URL must"
    ) as caught:
        settings.database_url()
    assert "u:p@" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("mysql://u@db/x", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("syncd.db", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("postgresql+psycopg2://u@db/x", "must use the driver psycopg: postgresql+psycopg://"),
        ("'sqlite:///:memory:'", "must name a database file, such as sqlite:///syncd.db"),
        ("'sqlite://'", "must name a database file, such as sqlite:///syncd.db"),
        ("postgresql://u:p@db/x", "must not contain the password; write { url: …, password: { env: NAME } }"),
        (
            "{ url: sqlite:///x, password: { env: X } }",
            "must have a postgresql+psycopg:// url to go with the password",
        ),
        ("{ password: { env: X } }", "must have exactly one of url, env, file or credential"),
        ("{ url: sqlite:///x, env: X }", "must have exactly one of url, env, file or credential"),
        ("{ uri: sqlite:///x }", "is not a known key; did you mean url?"),
        ("{ url: postgresql://db/x, password: { env: X } }", "must name a user"),
    ],
)
def test_what_cannot_be_a_database_is_refused(also_wrong: Wrong, written: str, message: str) -> None:
    (found,) = also_wrong(f"database: {written}")
    assert found.startswith("syncd.yaml:4: database")
    assert message in found


def test_a_missing_driver_is_a_warning(also: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncd.settings.database.find_spec", lambda _: None)
    (warning,) = also("database: postgresql://u@db/x").warnings
    assert (warning.line, warning.where) == (4, "database")
    assert "pip install 'syncd[postgresql]'" in warning.message
