"""Which variables' secrets a command prints, told by their names alone."""

import base64
from pathlib import Path

import pytest

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.processes import Processes

VARIABLES = {"DB_PASSWORD": "hunter22&more", "DB_USER": "addressbook", "API_TOKEN": "4711-0815-42"}


def watched(*chunks: str, public: str = "") -> list[str]:
    disclosure = Disclosure(VARIABLES, public)
    take = disclosure.of_pipe()
    for chunk in (*chunks, ""):
        take(chunk.encode())
    return disclosure.variables


@pytest.mark.parametrize(
    "printed",
    [
        "value: hunter22&more",
        f"password: {base64.b64encode(b'hunter22&more').decode()}",
        "postgres://app:hunter22%26more@db/app",
        "+ export 'DB_PASSWORD=hunter22&more'",
    ],
)
def test_a_value_is_told_by_its_variable_in_whatever_form(printed: str) -> None:
    assert watched(f"{printed}\n") == ["DB_PASSWORD"]


def test_every_variable_is_told_once() -> None:
    assert watched("hunter22&more\n", "4711-0815-42\nhunter22&more\n") == [
        "API_TOKEN",
        "DB_PASSWORD",
    ]


def test_a_value_is_told_that_comes_in_pieces() -> None:
    assert watched("value: hun", "t", "er22&mo", "re\n") == ["DB_PASSWORD"]


@pytest.mark.parametrize("printed", ["deployed by addressbook", "$DB_PASSWORD", "hunter2", ""])
def test_what_is_no_secret_is_not_told(printed: str) -> None:
    assert watched(f"{printed}\n") == []


def test_a_secret_that_everyone_may_read_already_tells_nothing() -> None:
    assert watched("image: hunter22&more\n", public="image: hunter22&more") == []


def test_of_a_secret_of_many_lines_the_key_counts_and_not_what_is_in_every_one() -> None:
    key = "-----BEGIN KEY-----\nbG9uZyBlbm91Z2ggdG8gYmUgYSBrZXk=\n-----END KEY-----\n"
    for printed, found in [("-----BEGIN KEY-----\n", []), (key, ["TLS_KEY"])]:
        disclosure = Disclosure({"TLS_KEY": key})
        disclosure.of_pipe()(printed.encode())
        assert disclosure.variables == found


def test_both_pipes_of_a_command_are_watched(tmp_path: Path) -> None:
    disclosure = Disclosure(VARIABLES)
    Processes().run(
        ["sh", "-c", "echo hunter22'&'more >&2; echo 4711-0815-42"],
        timeout=20,
        cwd=tmp_path,
        disclosure=disclosure,
    )
    assert disclosure.variables == ["API_TOKEN", "DB_PASSWORD"]
