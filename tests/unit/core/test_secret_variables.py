"""Variables with secrets in them, and those that only sound so."""

import json

import pytest

from pytest_canary.core.secret_variables import secrets_of


@pytest.mark.parametrize(
    "name",
    [
        *("DB_PASSWORD", "api_token", "SECRET_KEY_BASE", "MAIL_PASS", "MYSQL_PWD", "PGPASSPHRASE"),
        *("API_CREDENTIALS", "SENTRY_DSN", "REDISCLI_AUTH", "Authorization", "SSH_PRIVATE"),
        *("TLS_CERT", "AWS_ACCESS_KEY_ID", "SESSION_SALT", "X-Api-Key", "Cookie", "JWT"),
    ],
)
def test_a_secret_is_told_by_its_variables_name(name: str) -> None:
    assert secrets_of({name: "hunter22"}) == ["hunter22"]


@pytest.mark.parametrize(
    "name",
    [
        *("DB_HOST", "PWD", "OLDPWD", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "TOKEN_URL", "KEYCLOAK"),
        *("GIT_AUTHOR_NAME", "SESSION_KEY_TTL", "KEY_PATH", "DOCKER_CERT_DIR", "CERT_NAME"),
    ],
)
def test_what_only_stands_beside_a_secret_is_none(name: str) -> None:
    assert secrets_of({name: "/home/me/shop"}) == []


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        *(("hunt1", True), ("123456", True), ("hunt", False), ("3600", False), ("86400", False)),
        *(("true", False), ("False", False), ("required", False), ("", False)),
    ],
)
def test_a_short_value_may_be_a_secret_and_a_small_number_is_none(value: str, is_one: bool) -> None:
    assert secrets_of({"PIN_PASSWORD": value}) == [value] * is_one


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("postgres://app:hunter22@db/app", ["hunter22", "hunter22"]),
        ("postgres://app:hunt%40r22@db", ["hunt%40r22", "hunt@r22"]),
        ("Server=db;User=me;Password=hunter22;Port=1", ["hunter22", "hunter22"]),
        ("host=db password=hunter22 user=app", ["hunter22", "hunter22"]),
        ("https://db:5432/app?mail=me@here", []),
        (json.dumps({"type": "account", "private_key": "-----\nMII", "n": 1}), ["-----\nMII"]),
        (json.dumps({"auths": [{"registry": {"auth": "hunter22"}}]}), ["hunter22"]),
        ("{not JSON", []),
        ("{" * 100_000, []),
    ],
)
def test_a_value_of_any_name_may_hold_a_secret(value: str, found: list[str]) -> None:
    assert secrets_of({"CONNECTION": value}) == found


def test_a_headers_scheme_is_no_part_of_its_secret() -> None:
    assert secrets_of({"Authorization": "Bearer hunter22"}) == ["Bearer hunter22", "hunter22"]
