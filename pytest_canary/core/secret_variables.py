"""Which variables' values are secrets: by their names, and by what they hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

# Letters from which on a value may be a secret; shorter ones are in every text.
SHORTEST = 5

# Digits from which on a number may be one; "86400" is a day.
DIGITS = 6

_SECRET = re.compile(
    "PASS|PWD|CRED|DSN|AUTH(?!OR(?!IZ))|PRIVATE|CERT|TOKEN|SECRET|KEY(?!CLOAK|SPACE|BOARD)"
    "|SALT|COOKIE|JWT"
)
# What stands beside a secret, and where it lies; the shell's own name for the current folder.
_PUBLIC = re.compile(r"^(OLD)?PWD$|[_-](FILE|PATH|DIR|SOCK|TTL|NAME|URL|URI|HOST|PORT)$")
_WORDS = ("false", "enabled", "disabled", "optional", "required")

# What a request's header tells beside the secret.
_SCHEME = re.compile(r"(?:Basic|Bearer|Token)\s+(\S+)", re.IGNORECASE)

USERINFO = re.compile(r"://[^\s/:@]*:(?![${])([^\s/\"'<>\\]+)@")
"""A URL's user and password; `$DB_PASSWORD`, which is to be filled in, is none."""

# "Server=db;Password=x", "host=db password=x".
_ASSIGNED = re.compile(r"(?:password|pwd|secret|key)\s*=\s*([^\s;&]+)", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value is for nobody to read."""
    return bool(_SECRET.search(name.upper())) and not _PUBLIC.search(name.upper())


def secrets_of(variables: Mapping[str, str]) -> list[str]:
    """The values that no screen, log or report may show, and the passwords that others hold.

    A value of under 5 letters is none, and no number of under 6 digits, and no "false".
    """
    return [each for name, value in variables.items() for each in _secrets_in(name, value)]


def _secrets_in(name: str, value: str) -> Iterator[str]:
    if is_secret(name) and _may_be_one(value):
        yield value
        scheme = _SCHEME.fullmatch(value)
        if scheme:
            yield scheme[1]
    for password in (*USERINFO.findall(value), *_ASSIGNED.findall(value)):
        yield from (each for each in (password, unquote(password)) if _may_be_one(each))
    if value.lstrip().startswith("{"):
        yield from _of_json(value)


def _may_be_one(value: str) -> bool:
    if value.isdigit():
        return len(value) >= DIGITS
    return len(value) >= SHORTEST and value.lower() not in _WORDS


def _of_json(text: str) -> Iterator[str]:
    """What is secret in a document such as a cloud account's key."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    left: list[Any] = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            texts = {name: each for name, each in value.items() if isinstance(each, str)}
            yield from secrets_of(texts)
            left += [each for name, each in value.items() if name not in texts]
        elif isinstance(value, list):
            left += value
