"""GitHub's commands: ours are one, and nothing in them makes another."""

import pytest

from pytest_canary.annotations.github import MESSAGE, commands
from pytest_canary.annotations.notice import Notice


@pytest.mark.parametrize(
    ("notice", "command"),
    [
        (
            Notice("no-probe", "warning", "50 %\nof\r\nit: a, b", file="a/b.yml", line=3),
            "::warning file=a/b.yml,line=3,title=canary%3A no-probe::50 %25%0Aof%0D%0Ait: a, b",
        ),
        (Notice("Api", "error", "PUT fails"), "::error title=canary%3A Api::PUT fails"),
        (
            Notice("a", "error", "it", "next    b", file="a,line=1::x%\n::error ::.yml"),
            "::error file=a%2Cline=1%3A%3Ax%25%0A%3A%3Aerror %3A%3A.yml,title=canary%3A a"
            "::it%0Anext    b",
        ),
    ],
)
def test_a_command_is_one_line_with_everything_of_others_escaped(
    notice: Notice, command: str
) -> None:
    assert list(commands([notice])) == [command]


def test_a_message_is_no_longer_than_a_runner_shows() -> None:
    (command,) = commands([Notice("a", "error", "x" * 9_000)])
    assert command == f"::error title=canary%3A a::{'x' * MESSAGE}…"
