"""What a condition says and its writer hardly means is told; what is meant is not."""

import pytest

from pytest_canary.conditions.doubts import doubts
from pytest_canary.conditions.parser import parse
from pytest_canary.conditions.possibility import may_hold

BOOK = "result = 'passed' and (branch = 'master' or tag =~ '^hotfix*')"


@pytest.mark.parametrize(
    ("text", "sentence", "advice"),
    [
        (
            BOOK,
            "'^hotfix*' at character 52 is a regular expression, where x* is any number of x, also "
            "none: it matches all that '^hotfi' matches",
            "leave the star out: '^hotfix'",
        ),
        (
            "branch =~ '^(release/*|v1)$'",
            "'^(release/*|v1)$' at character 11 is a regular expression, where /* is any number of "
            "/, also none: it matches all that '^(release|v1)$' matches",
            "leave the star out: '^(release/|v1)$'",
        ),
        (
            "branch = 'master' or 'develop'",
            "'develop' at character 22 is compared with nothing, and so always true",
            "compare it: branch = 'develop'",
        ),
        (
            "'master'",
            "'master' at character 1 is compared with nothing, and so always true",
            "compare it: branch = 'master'",
        ),
        (
            "branch = 'a' or tag =~ '^v' and result = 'passed'",
            "and at character 29 joins all that stands before it, as and binds no closer than or: "
            "a or b and c is (a or b) and c",
            "put what is meant into parentheses",
        ),
        (
            "branch =~ 'master'",
            "'master' at character 11 is matched anywhere in a branch's name: a branch not-master "
            "has it too",
            "write branch = 'master', or say where it begins: '^master'",
        ),
    ],
)
def test_what_misleads_is_told(text: str, sentence: str, advice: str) -> None:
    assert [(each.sentence, each.next) for each in doubts(parse(text))] == [(sentence, advice)]


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "'true' = 'true'",
        "0",
        "branch = 'a' and tag = 'b' or true",
        "branch = 'a' or (tag = 'b' and true)",
        "(branch = 'a' or tag = 'b') and true",
        "tag =~ '^v1.*'",
        "tag =~ '^v[0-9]*$'",
        r"tag =~ '^v\d*'",
        r"tag =~ '^v\\*'",
        "tag =~ '^hotfix-*[0-9]+$'",
        "tag =~ '^hotfix'",
        "tag =~ 'hotfix'",
        "branch !~ 'wip'",
        "branch =~ '^release/'",
        "'^v*' = branch",
        "change_in('a*')",
    ],
)
def test_what_is_meant_is_not_doubted(text: str) -> None:
    assert [*doubts(parse(text))] == []


@pytest.mark.parametrize(
    ("text", "passed", "failed"),
    [
        (BOOK, True, False),
        ("branch = 'master'", True, True),
        ("result = 'failed'", False, True),
        ("result != 'passed'", False, True),
        ("result_reason = 'stuck'", True, True),
        ("branch = 'master' and tag =~ '^v1'", False, False),
        ("branch = 'master' and tag !~ '^v1'", True, True),
        ("branch = 'a' and branch = 'b'", False, False),
        ("branch = 'a' and branch != 'a'", False, False),
        ("branch =~ '^v' and branch = 'master'", False, False),
        ("branch =~ '^v' and branch != 'v1'", True, True),
        ("branch != 'a' and tag != 'b' and pull_request != 'c'", True, True),
        ("branch = 'true'", False, False),
        ("'master' =~ branch", True, True),
        ("false or branch = 'x'", True, True),
        ("false and change_in('/x')", False, False),
        ("true and change_in('/x')", True, True),
        ("change_in('/x') = (branch = 'a')", True, True),
    ],
)
def test_only_what_never_holds_is_impossible(text: str, passed: bool, failed: bool) -> None:
    assert (may_hold(parse(text), "passed"), may_hold(parse(text), "failed")) == (passed, failed)
