"""What `[promotion]` says, and its writer hardly means."""

from pathlib import Path

import pytest
from fakes.settings_file import loaded

from pytest_canary.config.promotion_condition import misgivings

NEVER = "no release is ever promoted"
EMPTY = f"{NEVER}: promotion.branches and promotion.tags name nothing"
REFS = "of branch, tag and pull_request one has a value, and the other two are empty"


def told(project: Path, text: str) -> list[tuple[str, str]]:
    """The rules and sentences of what is told of a canary.toml with this text."""
    return [(each.code, each.sentence) for each in misgivings(loaded(project, text))]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[promotion]\nbranches = ['main', 'release']",
        "[promotion]\ntags = ['^v[0-9]+', 'hotfix']\nbranches = []",
        "[promotion]\nwhen = \"result = 'passed' and branch = 'master'\"",
        "[promotion]\nwhen = \"result = 'passed'\"",
    ],
)
def test_what_is_meant_is_not_told(book: Path, text: str) -> None:
    assert told(book, text) == []


@pytest.mark.parametrize(
    ("promotion", "rule", "sentence"),
    [
        ("branches = []\ntags = []", "unreachable-promotion", EMPTY),
        ("branches = ['']\ntags = []", "unreachable-promotion", EMPTY),
        (
            "when = \"result = 'failed'\"",
            "unreachable-promotion",
            f"{NEVER}: promotion.when holds only for a pipeline that has not passed",
        ),
        (
            "when = \"result = 'success'\"",
            "unreachable-promotion",
            f"{NEVER}: promotion.when never holds, whatever the branch, tag or pull request is "
            "called",
        ),
        (
            "when = \"branch = 'master' and tag =~ '^v'\"",
            "unreachable-promotion",
            f"{NEVER}: promotion.when never holds; {REFS}",
        ),
        (
            "when = \"branch = 'master'\"",
            "misleading-promotion",
            "promotion.when holds for a pipeline that has not passed, too",
        ),
        (
            "tags = ['^v*']",
            "misleading-promotion",
            "promotion.tags: '^v*' is a regular expression, where v* is any number of v, also "
            "none: it matches all that '^' matches",
        ),
    ],
)
def test_what_is_hardly_meant_is_told(book: Path, promotion: str, rule: str, sentence: str) -> None:
    assert told(book, f"[promotion]\n{promotion}") == [(rule, sentence)]


def test_what_to_write_instead_is_told_with_where(book: Path) -> None:
    settings = loaded(book, "[promotion]\nwhen = \"branch = 'a' or\\n tag = 'b'\"")
    (found,) = misgivings(settings)
    assert (found.where, found.next) == (
        "canary.toml",
        "write result = 'passed' and (branch = 'a' or tag = 'b')",
    )
