"""A secret is masked wherever a text gives it away, and what is said about secrets can still be read."""

from __future__ import annotations

import ast

import pytest

from syncd.masking import without_secrets
from tests.architecture import sources


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password=hunter2", "password=***"),
        ("Password = hunter2", "Password = ***"),
        ("lost user=syncd password=hunter2 host=db", "lost user=syncd password=*** host=db"),
        ("password='hunter2 and more' host=db", "password='***' host=db"),
        (r'password="hun\"ter2"', 'password="***"'),
        ('password="hunter2', "password=***"),
        ("password=hunter,2&3;4 host=db", "password=*** host=db"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
        ("passwd: hunter2", "passwd: ***"),
        ("pwd: x", "pwd: ***"),
        ("pwd: x, user: ann", "pwd: ***, user: ann"),
        ("Server=db;Pwd=hunter2;Uid=ann", "Server=db;Pwd=***;Uid=ann"),
        ("password: hunter2 was refused", "password: *** was refused"),
        ("password: x\nuser: ann", "password: ***\nuser: ann"),
        ("userPassword: {SSHA}hunter2", "userPassword: ***"),
        ("unicodePwd:: aHVudGVyMg==", "unicodePwd:: ***"),
        ('{"client_secret": "x", "scope": "y"}', '{"client_secret": "***", "scope": "y"}'),
        ('{"secretText":"hunter2"}', '{"secretText":"***"}'),
        (r'"{\"client_secret\": \"hunter2\", \"a\": 1}"', r'"{\"client_secret\": \"***\", \"a\": 1}"'),
        ("{'password': 'hunter2', 'user': 'ann'}", "{'password': '***', 'user': 'ann'}"),
        ("{'password': b'hunter2'}", "{'password': '***'}"),
        ("headers['api_key'] = 'hunter2'", "headers['api_key'] = '***'"),
        ("connect(user='ann', password='hunter2')", "connect(user='ann', password='***')"),
        ("ValueError('password=hunter2')", "ValueError('password=***')"),
        ("https://x/?access_token=hunter2&page=2", "https://x/?access_token=***&page=2"),
        ("client_secret=a~b&client_assertion=c.d&scope=e", "client_secret=***&client_assertion=***&scope=e"),
        ("Authorization: Bearer x", "Authorization: Bearer ***"),
        ("{'Authorization': 'Basic aHVudGVyMg=='}", "{'Authorization': '***'}"),
        ("('Authorization', 'Bearer hunter2')", "('Authorization', 'Bearer ***')"),
        ("X-Api-Key: hunter2", "X-Api-Key: ***"),
        ("Set-Cookie: sid=hunter2; Path=/", "Set-Cookie: ***"),
        ("got eyJhbGciOiJI.eyJzdWIiOiJ4.c2ln from x", "got *** from x"),
        ("postgresql://syncd:hunter2@db/x", "postgresql://syncd:***@db/x"),
        ("postgresql://syncd:hunt@er2@db/x", "postgresql://syncd:***@db/x"),
    ],
)
def test_a_secret_is_masked(text: str, masked: str) -> None:
    assert without_secrets(text) == masked
    assert without_secrets(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "password: must not be empty",
        "password: wrong, try again",
        "password=None",
        "token: expired",
        "password: { env: AD_PASSWORD }",
        "bind: { user: svc, password: { file: /run/secrets/ad } }",
        "{'credential': {'secret': {'env': 'ENTRA_SECRET'}}}",
        "directories[0].bind.password is required (where it is kept)",
        'password authentication failed for user "syncd"',
        "allow_clear_text_password: true",
        "password_file=/run/secrets/ad",
        "add LoadCredential=ad:/etc/syncd/ad to the unit",
        "give a token: Authorization: Bearer …",
        'WWW-Authenticate: Bearer realm="x", error="invalid_token"',
        "Basic authentication failed",
        "Bearer tokens are refused",
        "tokens: 3, passwords=4, token_type=bearer, compass=north",
        "if token == expected:",
        "the secret ends on 2026-12-01",
    ],
)
def test_what_is_said_about_secrets_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_nothing_syncd_says_itself_is_masked() -> None:
    said = [
        node.value
        for source in sources("syncd", "connectors")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and source.module != "syncd.masking"
    ]
    assert len(said) > 1000
    assert [text for text in said if without_secrets(text) != text] == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "part",
    [
        "x",
        "a,",
        "'",
        ")",
        "password",
        "token=",
        'pwd=\\"',
        "pwd: a word ",
        "secret: { ",
        "eyJ.",
        "pwd=&a",
        "://a:",
    ],
)
def test_a_long_text_takes_no_longer_than_many_short_ones(part: str) -> None:
    """It would take minutes if every place were looked at from every other."""
    assert without_secrets(part * 50_000)
